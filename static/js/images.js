/** Pictures: fetched ahead, at most four at once, checked byte by byte and decoded before they are shown. */

import { backoff, sleep } from "./backoff.js";
import { sha256 } from "./sha256.js";

const STALL_MS = 20000;

/**
 * @typedef {object} Picture
 * @property {string} address
 * @property {string} sha256
 * @property {number} width
 * @property {number} height
 * @property {string} [role]  "content" or "style" of a reference.
 */

/**
 * @typedef {object} Loader
 * @property {(pictures: Picture[]) => Promise<void>} load  Now, before all others.
 * @property {(pictures: Picture[]) => void} want  Keep just these, fetch the missing ones in order.
 * @property {(picture: Picture) => HTMLImageElement} element  Of a loaded picture, not yet decoded.
 */

/**
 * @param {object} options
 * @param {(address: string) => string | URL} options.url
 * @param {typeof fetch} [options.get]
 * @param {number} [options.parallel]
 * @param {number} [options.attempts]
 * @param {(attempt: number) => number} [options.delay]
 * @param {(source: string) => Promise<void>} [options.decode]
 * @param {(picture: Picture, reason: string) => void} [options.failed]  Given up, until asked anew.
 * @returns {Loader}
 */
export function createLoader({
  url,
  get = (...request) => fetch(...request),
  parallel = 4,
  attempts = 4,
  delay = (attempt) => backoff(attempt, { first: 400, most: 4000 }),
  decode = decoded,
  failed = () => {},
}) {
  /** @type {Map<string, {picture: Picture, done: Promise<string>}>} Started or finished, by address. */
  const started = new Map();
  /** @type {(() => void)[]} Waiting for one of the places. */
  const waiting = [];
  let active = 0;

  /** @param {boolean} first */
  const place = async (first) => {
    if (active >= parallel) {
      await new Promise((resolve) => {
        waiting[first ? "unshift" : "push"](/** @type {() => void} */ (resolve));
      });
    }
    active += 1;
  };
  const leave = () => {
    active -= 1;
    waiting.shift()?.();
  };

  /** @param {Picture} picture @param {boolean} first */
  const fetchChecked = async (picture, first) => {
    for (let attempt = 1; ; attempt += 1) {
      await place(first);
      try {
        return await once(picture, attempt);
      } catch (error) {
        if (attempt >= attempts) {
          throw error;
        }
      } finally {
        leave();
      }
      await sleep(delay(attempt));
    }
  };

  /** @param {Picture} picture @param {number} attempt */
  const once = async (picture, attempt) => {
    // A copy that failed its check must not come out of the browser's cache again.
    const cache = attempt > 1 ? "reload" : "default";
    const data = await download((options) => get(url(picture.address), { cache, ...options }));
    if ((await sha256(data)) !== picture.sha256) {
      throw new Error("picture: the bytes that came are not those that were sent");
    }
    const source = URL.createObjectURL(new Blob([data], { type: "image/png" }));
    try {
      await decode(source);
    } catch (error) {
      URL.revokeObjectURL(source);
      throw error;
    }
    return source;
  };

  /** @param {Picture} picture @param {boolean} first */
  const begin = (picture, first) => {
    const known = started.get(picture.address);
    if (known) {
      return known.done;
    }
    const done = fetchChecked(picture, first);
    started.set(picture.address, { picture, done });
    done
      .then((source) => {
        sources.set(picture.address, source);
        if (!started.has(picture.address)) {
          drop(picture.address);
        }
      })
      .catch((error) => {
        started.delete(picture.address);
        failed(picture, String(error.message ?? error));
      });
    return done;
  };

  /** @type {Map<string, string>} Blob URLs of what is here. */
  const sources = new Map();
  /** @param {string} address */
  const drop = (address) => {
    started.delete(address);
    URL.revokeObjectURL(sources.get(address) ?? "");
    sources.delete(address);
  };

  return {
    async load(pictures) {
      await Promise.all(pictures.map((picture) => begin(picture, true)));
    },
    want(pictures) {
      const kept = new Set(pictures.map((picture) => picture.address));
      [...started.keys()].filter((address) => !kept.has(address)).forEach(drop);
      pictures.forEach((picture) => begin(picture, false).catch(() => {}));
    },
    element(picture) {
      const image = new Image(picture.width, picture.height);
      image.src = sources.get(picture.address) ?? "";
      image.alt = "";
      image.draggable = false;
      return image;
    },
  };
}

/**
 * The body, for as long as bytes keep coming: a slow line may take minutes, a dead one is given up.
 *
 * @param {(options: RequestInit) => Promise<Response>} get
 * @returns {Promise<ArrayBuffer>}
 */
async function download(get) {
  const stalled = new AbortController();
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => stalled.abort(), STALL_MS);
  };
  wait();
  try {
    const response = await get({ credentials: "omit", signal: stalled.signal });
    if (!response.ok || !response.body) {
      throw new Error(`picture: ${response.status}`);
    }
    const parts = [];
    const reader = response.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      wait();
      parts.push(next.value);
    }
    return await new Blob(parts).arrayBuffer();
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} source */
async function decoded(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
}
