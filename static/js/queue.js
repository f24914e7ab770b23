/**
 * Not one answer lost: each is stored in the browser first, then sent, in order, until the server
 * has it. Its UUID makes a second copy harmless.
 */

import { backoff, sleep } from "./backoff.js";
import { Refused } from "./server.js";
import { uuid } from "./uuid.js";

/** A 4xx in HTML may come from a hotel's log-in page: only after so many is it taken for a no. */
const FOREIGN_REFUSALS = 8;

/**
 * @typedef {object} Status
 * @property {"saved" | "saving" | "waiting"} state  Waiting: the last try failed, another follows.
 * @property {number} pending
 * @property {boolean} durable  False once an answer lies in memory only.
 * @property {{trial: string, reason: string}[]} refused  Set aside: the server said never.
 */

/**
 * @typedef {object} Queue
 * @property {(body: Record<string, any>) => Promise<string>} add  Resolves once it is stored here,
 *   to the answer's UUID.
 * @property {() => Promise<void>} flushed  Resolves once nothing is pending.
 * @property {() => Promise<Set<string>>} trials  Those whose answer waits, was refused, or was sent
 *   from here: the state that the server gave before may not know it yet.
 * @property {() => Promise<void>} forgetRefused  They are answered anew.
 * @property {() => void} wake  Try now, whatever the back-off says.
 * @property {() => Promise<boolean>} lasts  Whether an answer would survive a reload; says so if not.
 * @property {() => Status} status
 */

/**
 * @param {object} options
 * @param {string} options.visit
 * @param {import("./store.js").Store} options.store
 * @param {(body: Record<string, any>) => Promise<any>} options.send
 * @param {(status: Status) => void} [options.changed]
 * @param {(trial: string, error: Error & {status: number}) => void} [options.refused]
 * @param {(attempt: number) => number} [options.delay]
 * @returns {Queue}
 */
export function createQueue({
  visit,
  store,
  send,
  changed = () => {},
  refused = () => {},
  delay = backoff,
}) {
  /** @type {Status} */
  const status = { state: "saved", pending: 0, durable: true, refused: [] };
  let running = /** @type {Promise<void> | null} */ (null);
  let pause = new AbortController();
  /** @type {Set<string>} Trials whose answer the server has. */
  const sent = new Set();
  /** @type {Set<string>} Not sent again, even if the browser does not let go of them. */
  const delivered = new Set();
  /** @type {Map<string, import("./store.js").Item>} This page's own, seen while storage is slow to answer. */
  const own = new Map();
  let last = 0;
  const kept = async () => {
    const stored = (await store.all()).map((item) => /** @type {const} */ ([item.uuid, item]));
    const items = [...new Map([...stored, ...own]).values()];
    return items.filter((item) => !delivered.has(item.uuid)).sort((a, b) => a.order - b.order);
  };

  /** @param {Status["state"]} state @param {import("./store.js").Item[]} items */
  const report = (state, items) => {
    status.state = state;
    status.pending = items.filter((item) => !item.refused).length;
    status.refused = items
      .filter((item) => item.refused)
      .map((item) => ({ trial: item.body.trial, reason: item.refused ?? "" }));
    changed({ ...status });
  };

  const drain = async () => {
    for (let failures = 0; ; ) {
      const items = await kept();
      const next = items.find((item) => !item.refused);
      if (!next) {
        return report("saved", items);
      }
      report(failures ? "waiting" : "saving", items);
      try {
        await send({ ...next.body, uuid: next.uuid });
        sent.add(next.body.trial);
        delivered.add(next.uuid);
        own.delete(next.uuid);
        await store.remove(next.uuid);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (error instanceof Refused || (error.status && failures >= FOREIGN_REFUSALS)) {
          own.set(next.uuid, { ...next, refused: error.message });
          await store.put({ ...next, refused: error.message });
          refused(next.body.trial, error);
          failures = 0;
          continue;
        }
        report("waiting", items);
        pause = new AbortController();
        await sleep(delay(failures), pause.signal);
      }
    }
  };

  const run = () => {
    running ??= drain().finally(() => {
      running = null;
    });
    return running;
  };

  return {
    async add(body) {
      // After what waits already: the clock may have been set back since then.
      const before = Math.max(last, ...(await kept()).map((item) => item.order));
      last = Math.max(before + 1, last + 1, Date.now());
      const item = { uuid: uuid(), visit, order: last, body };
      own.set(item.uuid, item);
      const lasting = await store.put(item);
      status.durable &&= lasting;
      status.pending += 1;
      changed({ ...status, state: status.state === "waiting" ? "waiting" : "saving" });
      run();
      return item.uuid;
    },
    async flushed() {
      // An answer may be added while the last send is still under way.
      do {
        await run();
      } while ((await kept()).some((item) => !item.refused));
    },
    async trials() {
      // What waits first: an answer that arrives meanwhile is among the sent ones by then.
      const waiting = (await kept()).map((item) => item.body.trial);
      return new Set([...waiting, ...sent]);
    },
    async forgetRefused() {
      const aside = (await kept()).filter((item) => item.refused);
      aside.forEach((item) => own.delete(item.uuid));
      await Promise.all(aside.map((item) => store.remove(item.uuid)));
      report(status.state, await kept());
    },
    wake() {
      pause.abort();
      run();
    },
    async lasts() {
      status.durable &&= await store.lasts();
      changed({ ...status });
      return status.durable;
    },
    status: () => ({ ...status }),
  };
}
