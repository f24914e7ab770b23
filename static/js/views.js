/** The page's views: one is seen at a time. */

/** @param {string} name @returns {HTMLElement} */
export const view = (name) =>
  /** @type {HTMLElement} */ (document.querySelector(`[data-view="${name}"]`));

/**
 * @param {string} name
 * @returns {HTMLElement} The view, now the only one seen, its heading focused.
 */
export function show(name) {
  for (const each of document.querySelectorAll("[data-view]")) {
    /** @type {HTMLElement} */ (each).hidden = each !== view(name);
  }
  document.body.dataset.surface = name === "stage" ? "stage" : "paper";
  window.scrollTo(0, 0);
  /** @type {HTMLElement | null} */ (view(name).querySelector("[data-heading]"))?.focus();
  return view(name);
}

/**
 * @param {HTMLElement} root
 * @returns {Promise<string>} The `data-do` of the button that is pressed in it.
 */
export function pressed(root) {
  return new Promise((resolve) => {
    root.onclick = (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("[data-do]");
      if (button) {
        root.onclick = null;
        resolve(/** @type {HTMLElement} */ (button).dataset.do ?? "");
      }
    };
  });
}
