/** The last view: the completion code, a button that copies it, the way back to the panel. */

import { copy } from "./copy.js";

/**
 * @param {HTMLElement} root
 * @param {{completion_code: string, redirect_url: string}} finished
 * @param {import("./texts.js").Text} text
 */
export function thank(root, finished, text) {
  const part = (/** @type {string} */ name) =>
    /** @type {any} */ (root.querySelector(`[data-${name}]`));
  part("code-block").hidden = !finished.completion_code;
  part("code").textContent = finished.completion_code;
  part("copy").onclick = async () => {
    part("copied").textContent = text((await copy(finished.completion_code, part("code"))) ? "copied" : "copyByHand");
  };
  if (/^https:/.test(finished.redirect_url ?? "")) {
    part("redirect").href = finished.redirect_url;
    part("redirect").hidden = false;
  }
}
