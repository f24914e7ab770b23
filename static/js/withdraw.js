/** The participant's own link to the page that deletes: its token is made from the visit's secret. */

import { sha256 } from "./sha256.js";

/**
 * As `Participant.withdrawal_token` makes it: whoever has the link cannot open the visit with it.
 *
 * @param {string} visit
 * @param {string} secret
 * @returns {Promise<string>}
 */
export const withdrawalToken = (visit, secret) =>
  sha256(/** @type {ArrayBuffer} */ (new TextEncoder().encode(`withdraw ${visit} ${secret}`).buffer));

/** @param {ParentNode} root  Its `a[data-withdraw]` get their address. @param {string} visit @param {string} secret @param {string} base */
export async function offerWithdrawal(root, visit, secret, base) {
  const address = new URL(`../../w/${await withdrawalToken(visit, secret)}/`, base).href;
  for (const link of root.querySelectorAll("a[data-withdraw]")) {
    /** @type {HTMLAnchorElement} */ (link).href = address;
  }
}
