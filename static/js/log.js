/** The visit's log: what happened beside the answers, kept and sent like them, and never before them. */

import { createQueue } from "./queue.js";
import { Refused } from "./server.js";
import { openStore } from "./store.js";

const MOST_WAITING = 100;

/**
 * @typedef {object} Log
 * @property {(kind: string, content?: Record<string, string | number | boolean>) => Promise<void>} note
 *   Does nothing once as many wait as are kept.
 */

/**
 * @param {object} options
 * @param {string} options.visit
 * @param {import("./queue.js").Queue} options.answers
 * @param {(event: object) => Promise<any>} options.send
 * @param {import("./store.js").Store} [options.store]
 * @returns {Log}
 */
export function createLog({ visit, answers, send, store = openStore(`${visit}/events`) }) {
  const queue = createQueue({
    visit: `${visit}/events`,
    store,
    send: async ({ uuid, kind, content, at }) => {
      await answers.flushed();
      try {
        await send({ uuid, kind, content, waited_ms: Math.max(0, Date.now() - at) });
      } catch (error) {
        // The server's log of this visit is full, or it knows no such event: nothing to ask anew.
        if (!(error instanceof Refused)) {
          throw error;
        }
      }
    },
  });
  queue.wake();
  return {
    async note(kind, content = {}) {
      if ((await store.all()).length < MOST_WAITING) {
        await queue.add({ kind, content, at: Date.now() });
      }
    },
  };
}

/** What a visit's browser is, as far as a report may know it: family, window, pixels. */
export function surroundings() {
  return {
    browser: family(navigator.userAgent),
    width: window.innerWidth,
    height: window.innerHeight,
    ratio: window.devicePixelRatio,
  };
}

/** @param {string} agent @returns {string} */
export function family(agent) {
  if (/Firefox\//.test(agent)) {
    return "Firefox";
  }
  if (/Chrom(e|ium)\//.test(agent)) {
    return "Chromium";
  }
  return /Safari\//.test(agent) ? "Safari" : "other";
}
