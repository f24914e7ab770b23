/** A trial's content and style: small above its pictures, or in their place while a button is held. */

import { place } from "./fit.js";

/** A press shorter than this is a click: it opens the picture to stay. */
const HELD_MS = 300;

/**
 * @typedef {object} References
 * @property {(pictures: import("./images.js").Picture[], note: (name: string, at: number) => void) => void} fill
 *   `note` is told which one is looked at.
 * @property {() => void} layout
 * @property {() => boolean} held  Whether one stands in front of the pictures now.
 */

/**
 * @param {object} options
 * @param {HTMLElement} options.row  Where they stand.
 * @param {HTMLElement} options.front  Covers the trial's pictures while one is held.
 * @param {HTMLTemplateElement} options.template
 * @param {boolean} options.hold
 * @param {import("./images.js").Loader} options.loader
 * @param {(pictures: import("./images.js").Picture[], index: number) => void} options.enlarge
 * @param {import("./texts.js").Text} options.text
 * @returns {References}
 */
export function createReferences({ row, front, template, hold, loader, enlarge, text }) {
  row.dataset.hold = String(hold);

  const fitFront = () => {
    const image = front.querySelector("img");
    if (image) {
      place(image, { width: front.clientWidth, height: front.clientHeight });
    }
  };
  const release = () => {
    front.hidden = true;
    front.replaceChildren();
  };

  /** @param {HTMLElement} button @param {HTMLImageElement} image @param {() => void} look @param {() => void} open */
  const holdable = (button, image, look, open) => {
    let since = 0;
    const press = () => {
      since = performance.now();
      front.replaceChildren(image);
      front.hidden = false;
      fitFront();
      look();
    };
    button.addEventListener("pointerdown", press);
    for (const end of ["pointerup", "pointercancel", "pointerleave", "keyup", "blur"]) {
      button.addEventListener(end, release);
    }
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    button.addEventListener("keydown", (event) => {
      if ((event.key === " " || event.key === "Enter") && !event.repeat) {
        press();
      }
    });
    button.addEventListener("click", () => {
      release();
      if (performance.now() - since < HELD_MS || since === 0) {
        open();
      }
    });
  };

  return {
    fill(pictures, note) {
      release();
      row.replaceChildren(
        ...pictures.map((picture, index) => {
          const button = /** @type {HTMLElement} */ (
            /** @type {HTMLElement} */ (template.content.firstElementChild).cloneNode(true)
          );
          const name = /** @type {HTMLElement} */ (button.querySelector("[data-name]"));
          const box = /** @type {HTMLElement} */ (button.querySelector("[data-box]"));
          const role = text(picture.role === "style" ? "style" : "photo");
          name.textContent = hold ? text("hold", { name: role }) : role;
          const open = () => {
            note("reference", index);
            enlarge(pictures, index);
          };
          const image = loader.element(picture);
          image.decode().catch(() => {});
          if (hold) {
            box.remove();
            holdable(button, image, () => note("reference", index), open);
          } else {
            box.append(image);
            button.addEventListener("click", open);
          }
          return button;
        }),
      );
    },
    layout() {
      fitFront();
      for (const box of row.querySelectorAll("[data-box]")) {
        const height = box.clientHeight;
        const image = /** @type {HTMLImageElement} */ (box.firstElementChild);
        place(image, { width: 2 * height, height });
      }
    },
    held: () => !front.hidden,
  };
}
