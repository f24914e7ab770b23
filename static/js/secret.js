/** A visit's secret: drawn when Start is pressed, in the address's fragment, in the browser's storage. */

import { sha256 } from "./sha256.js";

/** @param {string} visit */
const key = (visit) => `paragone:${visit}`;

/** Storage may be refused: even naming `window.localStorage` can throw. @template T @param {(storage: Storage) => T} use @returns {T[]} */
function eachStorage(use) {
  const results = [];
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      results.push(use(/** @type {Storage} */ (window[name])));
    } catch {
      continue;
    }
  }
  return results;
}

/**
 * What may be the secret, the likeliest first.
 *
 * @param {string} visit
 * @returns {string[]}
 */
export function secrets(visit) {
  const given = window.location.hash.slice(1);
  const stored = eachStorage((storage) => storage.getItem(key(visit)));
  return [...new Set([given, ...stored])].filter((secret) => secret !== null && secret !== "");
}

/**
 * Keep the secret that proved right and clean the address. Where storage is refused the fragment
 * stays, so that a reload still works.
 *
 * @param {string} visit
 * @param {string} secret
 */
export function keepSecret(visit, secret) {
  const kept = eachStorage((storage) => {
    storage.setItem(key(visit), secret);
    return storage.getItem(key(visit)) === secret;
  });
  if (kept.includes(true) && window.location.hash) {
    window.history.replaceState(null, "", window.location.pathname);
  }
}

/**
 * The secret for a visit that is about to begin. It is kept before it is used, so that a second
 * press, a lost response or a reload asks for the same visit again.
 *
 * @param {string} study
 * @param {string} form  What is sent along: another panel id is another person.
 * @returns {Promise<string>} 32 characters of base64url
 */
export async function drawSecret(study, form) {
  const place = await startKey(study, form);
  const [kept] = eachStorage((storage) => storage.getItem(place)).filter(Boolean);
  if (kept) {
    return kept;
  }
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  const secret = btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
  eachStorage((storage) => storage.setItem(place, secret));
  return secret;
}

/**
 * A visit began: the next Start in this browser is another one, and the start page leads back here.
 *
 * @param {string} study
 * @param {string} form
 * @param {string} address  The visit's: /v/…/
 * @param {string} secret
 */
export async function begun(study, form, address, secret) {
  const place = await startKey(study, form);
  eachStorage((storage) => {
    storage.setItem(key(address.split("/")[2]), secret);
    storage.setItem(key(`study:${study}`), address);
    storage.removeItem(place);
  });
}

/** The address of the visit that was begun last in this browser. @param {string} study @returns {string | undefined} */
export function visitOf(study) {
  return eachStorage((storage) => storage.getItem(key(`study:${study}`))).find(Boolean) ?? undefined;
}

/** @param {string} study @param {string} form @returns {Promise<string>} */
async function startKey(study, form) {
  return key(`start:${study}:${await sha256(new TextEncoder().encode(form).buffer)}`);
}
