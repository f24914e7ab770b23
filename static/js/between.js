/** What stands between the parts of a visit: pictures in the instructions, breaks, the debriefing. */

import { place } from "./fit.js";
import { pressed, show } from "./views.js";

const EXAMPLE = 176; // CSS px, each way

/**
 * Pictures of the study that are never rated; the instructions do without if they do not come.
 * Their room is there at once, so that nothing jumps when they arrive.
 *
 * @param {HTMLElement} root  `data-examples`.
 * @param {import("./images.js").Picture[]} pictures
 * @param {import("./images.js").Loader} loader
 * @param {import("./texts.js").Text} text
 */
export function showExamples(root, pictures, loader, text) {
  const figures = pictures.map((picture) => {
    const figure = document.createElement("figure");
    const image = new Image(picture.width, picture.height);
    image.alt = "";
    place(image, { width: EXAMPLE, height: EXAMPLE });
    const caption = document.createElement("figcaption");
    caption.textContent = text(picture.role === "style" ? "style" : "photo");
    figure.append(image, caption);
    return { picture, image, figure };
  });
  /** @type {HTMLElement} */ (root.querySelector("[data-figures]")).replaceChildren(
    ...figures.map(({ figure }) => figure),
  );
  root.hidden = figures.length === 0;
  loader.load(pictures).then(
    () => {
      for (const { picture, image } of figures) {
        image.src = loader.element(picture).src;
      }
    },
    () => {
      root.hidden = true;
    },
  );
}

/** @param {number} done @param {number} every  0: never. @param {number} all */
export const breakDue = (done, every, all) => every > 0 && done > 0 && done < all && done % every === 0;

/** @param {number} done @param {number} all @param {import("./texts.js").Text} text */
export async function rest(done, all, text) {
  const view = show("break");
  /** @type {HTMLElement} */ (view.querySelector("[data-so-far]")).textContent = text("soFar", { done, all });
  await pressed(view);
}

/** @param {string} html  Made safe by the server; empty: nothing to say. */
export async function debrief(html) {
  if (!html) {
    return;
  }
  const view = show("debriefing");
  /** @type {HTMLElement} */ (view.querySelector("[data-debriefing]")).innerHTML = html;
  await pressed(view);
}
