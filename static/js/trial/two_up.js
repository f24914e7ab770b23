/** Two-up: two pictures, one choice, by picture, button or arrow key. a is the first: left, or top. */

import { place } from "../fit.js";

/** @type {Record<string, string>} */
const KEYS = { ArrowLeft: "a", ArrowRight: "b", ArrowDown: "tie", 1: "a", 2: "b", 0: "tie" };

/**
 * @param {import("../stage.js").Showing} showing
 */
export function mount({ root, trial, rules, element, answer, open }) {
  const boxes = ["a", "b"].map(
    (side) => /** @type {HTMLElement} */ (root.querySelector(`[data-box="${side}"]`)),
  );
  boxes.forEach((box, index) => box.append(element(trial.stimuli[index])));
  const tie = /** @type {HTMLElement} */ (root.querySelector('[data-choose="tie"]'));
  tie.hidden = !rules.tie;

  /** @param {MouseEvent} event */
  const click = (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-choose]");
    if (button) {
      answer({ chosen: /** @type {HTMLElement} */ (button).dataset.choose });
    }
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    const chosen = KEYS[event.key];
    if (!chosen || event.repeat || event.ctrlKey || event.metaKey || event.altKey || !open()) {
      return;
    }
    if (chosen !== "tie" || rules.tie) {
      event.preventDefault();
      answer({ chosen });
    }
  };
  root.addEventListener("click", click);
  document.addEventListener("keydown", key);

  return {
    layout() {
      for (const box of boxes) {
        const room = { width: box.clientWidth, height: box.clientHeight };
        place(/** @type {HTMLImageElement} */ (box.firstElementChild), room);
      }
    },
    remove() {
      document.removeEventListener("keydown", key);
    },
  };
}
