/** Requests that the page cannot go on without: asked until there is an answer, and it says so. */

import { backoff, sleep } from "./backoff.js";
import { Refused } from "./server.js";

/**
 * @template T
 * @param {() => Promise<T>} request
 * @returns {Promise<T>} Rejects with `Refused` alone.
 */
export async function insist(request) {
  const trouble = /** @type {HTMLElement} */ (document.querySelector("[data-trouble]"));
  try {
    for (let failures = 1; ; failures += 1) {
      try {
        return await request();
      } catch (error) {
        if (error instanceof Refused) {
          throw error;
        }
        trouble.hidden = false;
        await sleep(backoff(failures));
      }
    }
  } finally {
    trouble.hidden = true;
  }
}
