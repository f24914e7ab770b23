/**
 * Two-up: two pictures, one choice, by picture, button or arrow key. a is the first: left, or top;
 * or, on a phone whose study flips them, the one seen first in the place that both share.
 */

import { createZoom } from "./zoom.js";

/** @type {Record<string, string>} */
const KEYS = { ArrowLeft: "a", ArrowRight: "b", ArrowDown: "tie", 1: "a", 2: "b", 0: "tie" };
/** @type {Record<string, [number, number]>} */
const STRIDES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** @type {Record<string, number>} */
const STEPS = { "+": 1, "=": 1, "-": -1 };
/** In the order in which the server knows them. */
const LAYOUTS = ["side_by_side", "stacked", "flip"];
const PHONE = window.matchMedia("(max-width: 43rem) and (orientation: portrait)");

/**
 * @param {import("../stage.js").Showing} showing
 */
export function mount({ root, trial, rules, frame, element, answer, open, note, say, text }) {
  const part = (/** @type {string} */ name) =>
    /** @type {any} */ (root.querySelector(`[data-${name}]`));
  const two = part("two-up");
  const boxes = ["a", "b"].map((side) => /** @type {HTMLElement} */ (part(`box="${side}"`)));
  boxes.forEach((box, index) => {
    /** @type {HTMLElement} */ (box.querySelector("[data-window]")).append(element(trial.stimuli[index]));
  });
  part('choose="tie"').hidden = !rules.tie;
  const zoom = createZoom({
    pair: part("pair"),
    boxes,
    tools: part("zoom-tools"),
    picture: trial.stimuli[0],
    note,
  });
  const flip = createFlip(two, boxes, { note, say, text });

  /** @param {string} chosen */
  const choose = (chosen) => {
    // Of pictures that share a place nobody can say which is better before both were seen.
    if (open() && (two.dataset.layout !== "flip" || flip.bothSeen())) {
      answer({ chosen });
    }
  };
  /** @param {MouseEvent} event */
  const click = (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const button = /** @type {HTMLElement | null} */ (target.closest("[data-choose]"));
    const picture = target.closest(".two-up__picture");
    if (picture && zoom.moved() && event.detail > 0) {
      return;
    }
    if (target.closest("[data-flip]") || (picture && two.dataset.layout === "flip")) {
      flip.other();
    } else if (target.closest("[data-choose-seen]")) {
      choose(flip.side());
    } else if (button) {
      choose(button.dataset.choose ?? "");
    }
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) {
      return;
    }
    const chosen = event.shiftKey ? undefined : KEYS[event.key];
    const stride = event.shiftKey ? STRIDES[event.key] : undefined;
    const idle = document.activeElement === document.body;
    if (stride) {
      zoom.stride(...stride);
    } else if (STEPS[event.key]) {
      zoom.step(STEPS[event.key]);
    } else if (event.key === " " && two.dataset.layout === "flip" && idle && !event.repeat) {
      flip.other();
    } else if (chosen && !event.repeat && open() && (chosen !== "tie" || rules.tie)) {
      choose(chosen);
    } else {
      return;
    }
    event.preventDefault();
  };
  root.addEventListener("click", click);
  document.addEventListener("keydown", key);

  return {
    layout() {
      const layout = PHONE.matches ? frame.phone : "side_by_side";
      if (two.dataset.layout !== layout) {
        two.dataset.layout = layout;
        note("layout", LAYOUTS.indexOf(layout));
        flip.draw();
      }
      zoom.layout();
    },
    shown: () => ({ layout: two.dataset.layout, scale: zoom.factor() }),
    remove() {
      document.removeEventListener("keydown", key);
    },
  };
}

/**
 * Both pictures in one place, one seen at a time.
 *
 * @param {HTMLElement} two
 * @param {HTMLElement[]} boxes
 * @param {Pick<import("../stage.js").Showing, "note" | "say" | "text">} showing
 */
function createFlip(two, boxes, { note, say, text }) {
  const part = (/** @type {string} */ name) => /** @type {any} */ (two.querySelector(`[data-${name}]`));
  let at = 0;
  let both = false;
  const draw = () => {
    boxes.forEach((box, index) => {
      /** @type {HTMLElement} */ (box.parentElement).dataset.seen = String(index === at);
    });
    part("flip").textContent = text("showPicture", { at: 2 - at });
    part("choose-seen").textContent = text("choosePicture", { at: at + 1 });
    part("choose-seen").disabled = !both;
    part('choose="tie"').disabled = two.dataset.layout === "flip" && !both;
  };
  return {
    draw,
    other() {
      at = 1 - at;
      both = true;
      note("flip", at);
      draw();
      say(text("pictureOf", { at: at + 1, all: boxes.length }));
    },
    side: () => (at === 0 ? "a" : "b"),
    bothSeen: () => both,
  };
}
