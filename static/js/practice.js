/** Practice: asked once more if it went wrong, with feedback each time; then it goes on anyway. */

import { pressed, show, view } from "./views.js";

/** @typedef {{content: any, reaction_ms: number | null}} Answer */
/** @typedef {import("./stage.js").Trial & {right?: string[]}} Trial */

/**
 * Whether an answer is the right one.
 *
 * @param {Trial} trial  `right` holds its addresses, the undamaged picture first.
 * @param {any} content  As it is sent.
 * @returns {boolean}
 */
export function passed({ stimuli, right = [] }, content) {
  if (content.positions) {
    const places = right.map((address) => content.positions[address]);
    return places.every((place, index) => index === 0 || place < places[index - 1]);
  }
  const chosen = { a: stimuli[0].address, b: stimuli[1].address }[content.chosen] ?? content.chosen;
  return chosen === right[0];
}

/**
 * Both answers are stored: the first stands, the second is kept beside it.
 *
 * @param {Trial} trial
 * @param {(trial: Trial) => Promise<Answer>} ask
 * @param {(answer: Answer) => Promise<void>} store
 */
export async function practise(trial, ask, store) {
  for (const again of [true, false]) {
    show("stage");
    const answer = await ask(trial);
    await store(answer);
    if (answer.content.chosen === "skip") {
      return;
    }
    const right = passed(trial, answer.content);
    const told = right ? "right" : again ? "again" : "on";
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (
      view("practised").querySelectorAll("[data-told]")
    )) {
      part.hidden = part.dataset.told !== told;
    }
    const seen = show("practised");
    /** @type {HTMLElement | null} */ (seen.querySelector("[data-told]:not([hidden]) h1"))?.focus();
    await pressed(seen);
    if (right) {
      return;
    }
  }
}
