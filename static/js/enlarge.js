/** One picture large, in a dialog; the others of the trial follow in the same place. */

import { place } from "./fit.js";

/**
 * @param {HTMLDialogElement} dialog
 * @param {import("./images.js").Loader} loader
 * @param {import("./texts.js").Text} text
 * @returns {(pictures: import("./images.js").Picture[], index: number) => void}
 */
export function createEnlarge(dialog, loader, text) {
  const box = /** @type {HTMLElement} */ (dialog.querySelector("[data-box]"));
  const caption = /** @type {HTMLElement} */ (dialog.querySelector("[data-caption]"));
  /** @type {import("./images.js").Picture[]} */
  let shown = [];
  let at = 0;

  const layout = () => {
    const image = box.querySelector("img");
    if (image) {
      place(image, { width: box.clientWidth, height: box.clientHeight });
    }
  };
  /** @param {number} index */
  const show = async (index) => {
    at = (index + shown.length) % shown.length;
    const picture = shown[at];
    const image = loader.element(picture);
    await image.decode().catch(() => {});
    box.replaceChildren(image);
    layout();
    const role = picture.role && text(picture.role === "style" ? "style" : "photo");
    caption.textContent = role || text("pictureOf", { at: at + 1, all: shown.length });
  };

  dialog.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const step = target.closest("[data-step]");
    if (step) {
      show(at + Number(/** @type {HTMLElement} */ (step).dataset.step));
    } else if (!target.closest("[data-bar]")) {
      dialog.close();
    }
  });
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && shown.length > 1) {
      event.preventDefault();
      show(at + step);
    }
    event.stopPropagation();
  });
  window.addEventListener("resize", layout);

  return (pictures, index) => {
    shown = pictures;
    for (const button of dialog.querySelectorAll("[data-step]")) {
      /** @type {HTMLElement} */ (button).hidden = shown.length < 2;
    }
    box.replaceChildren();
    dialog.showModal();
    show(index);
  };
}
