/** How long to wait before the next try, and a wait that can be cut short. */

/**
 * Doubles from `first` up to `most`; the upper half is random, so that a room full of
 * participants does not come back in one instant.
 *
 * @param {number} attempt  How often it has failed: 1, 2, …
 * @param {{first?: number, most?: number, random?: () => number}} [options]
 * @returns {number} milliseconds
 */
export function backoff(attempt, { first = 500, most = 15000, random = Math.random } = {}) {
  const whole = Math.min(most, first * 2 ** Math.min(attempt - 1, 20));
  return whole / 2 + (whole / 2) * random();
}

/**
 * @param {number} ms
 * @param {AbortSignal} [signal]  Aborting ends the wait early; it is no error.
 * @returns {Promise<void>}
 */
export function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
