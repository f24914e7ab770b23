/** Two pictures side by side, pixel for pixel: what does not fit is scrolled, both alike. */

import { fit } from "../../fit.js";

/**
 * @param {HTMLDialogElement} dialog
 * @param {import("../../stage.js").Showing} showing
 * @returns {(pair: [number, number]) => void} Shows them, the first on the left.
 */
export function createCompare(dialog, { trial, element, text }) {
  const panes = /** @type {HTMLElement[]} */ ([...dialog.querySelectorAll("[data-pane]")]);
  const captions = /** @type {HTMLElement[]} */ ([...dialog.querySelectorAll("[data-pane-name]")]);
  /** @type {import("../../images.js").Picture[]} */
  let shown = [];

  /** The largest whole factor that fits for both; a device pixel per pixel at least. */
  const layout = () => {
    const ratio = window.devicePixelRatio || 1;
    const room = { width: panes[0].clientWidth, height: panes[0].clientHeight };
    const factor = Math.max(1, Math.min(...shown.map((picture) => fit(picture, room, ratio).factor)));
    shown.forEach(({ width, height }, at) => {
      const image = /** @type {HTMLImageElement} */ (panes[at].firstElementChild);
      image.style.width = `${(width * factor) / ratio}px`;
      image.style.height = `${(height * factor) / ratio}px`;
    });
  };
  panes.forEach((pane, at) => {
    pane.addEventListener("scroll", () => {
      panes[1 - at].scrollTo(pane.scrollLeft, pane.scrollTop);
    });
  });
  new ResizeObserver(() => dialog.open && layout()).observe(dialog);

  return (pair) => {
    shown = pair.map((index) => trial.stimuli[index]);
    pair.forEach((index, at) => {
      captions[at].textContent = text("picture", { at: index + 1 });
      panes[at].setAttribute("aria-label", text("picture", { at: index + 1 }));
      panes[at].replaceChildren(element(trial.stimuli[index]));
    });
    dialog.showModal();
    layout();
  };
}
