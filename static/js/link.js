/** The participant's own link, by which the visit goes on later or on another device. */

import { copy } from "./copy.js";

/**
 * @param {HTMLElement} root
 * @param {string} link  With the secret in its fragment.
 * @param {import("./texts.js").Text} text
 */
export function offerLink(root, link, text) {
  const part = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-${name}]`));
  part("link").textContent = link;
  part("copy-link").onclick = async () => {
    part("link-copied").textContent = text((await copy(link, part("link"))) ? "copied" : "copyByHand");
  };
}
