/** The participant's own link to the page that deletes: its token is made from the visit's secret. */

import { sha256 } from "./sha256.js";

/**
 * As `Participant.withdrawal_token` makes it: whoever has the link cannot open the visit with it.
 *
 * @param {string} secret
 * @returns {Promise<string>}
 */
export const withdrawalToken = (secret) =>
  sha256(/** @type {ArrayBuffer} */ (new TextEncoder().encode(`withdraw ${secret}`).buffer));

/** @param {ParentNode} root  Its `a[data-withdraw]` get their address. @param {string} secret @param {string} base */
export async function offerWithdrawal(root, secret, base) {
  const address = new URL(`../../w/${await withdrawalToken(secret)}/`, base).href;
  for (const link of root.querySelectorAll("a[data-withdraw]")) {
    /** @type {HTMLAnchorElement} */ (link).href = address;
  }
}
