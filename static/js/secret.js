/** The visit's secret: it comes in the address's fragment and stays in the browser's storage. */

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
