/** Motion by transforms: written only where it changes, since every write costs a style pass. */

/** @type {WeakMap<Element, string>} */
const written = new WeakMap();

/** @param {HTMLElement} element @param {string} transform */
export function move(element, transform) {
  if (written.get(element) !== transform) {
    written.set(element, transform);
    element.style.transform = transform;
  }
}
