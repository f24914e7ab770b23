/** Single choice: a radio group of pictures. First select, then confirm: click again, Enter, button. */

import { place } from "../fit.js";
import { bestGrid } from "./grid.js";

const LONG_PRESS_MS = 550;
const NARROW = window.matchMedia("(max-width: 600px)");
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/**
 * @param {import("../stage.js").Showing} showing
 */
export function mount({ root, trial, rules, element, answer, open, enlarge, text }) {
  const part = (/** @type {string} */ name) =>
    /** @type {any} */ (root.querySelector(`[data-${name}]`));
  const group = part("options");
  const none = part("none");
  const confirm = part("confirm");
  const options = trial.stimuli.map((picture, index) => {
    const option = part("option").content.firstElementChild.cloneNode(true);
    option.dataset.value = picture.address;
    option.setAttribute("aria-label", text("picture", { at: index + 1 }));
    option.querySelector("[data-number]").textContent = index + 1;
    option.querySelector("[data-box]").append(element(picture));
    return option;
  });
  group.prepend(...options);
  none.hidden = !rules.none;
  const choices = rules.none ? [...options, none] : options;
  let selected = /** @type {HTMLElement | null} */ (null);
  let current = 0;

  /** Roving tab stop: the group is one stop, arrows move inside. @param {number} index */
  const stop = (index) => {
    current = index;
    choices.forEach((choice, at) => (choice.tabIndex = at === index ? 0 : -1));
  };
  /** @param {HTMLElement} choice */
  const select = (choice) => {
    selected = choice;
    choices.forEach((each) => each.setAttribute("aria-checked", String(each === choice)));
    stop(choices.indexOf(choice));
    confirm.disabled = false;
    part("enlarge-button").disabled = choice === none;
  };
  const send = () => selected && answer({ chosen: selected.dataset.value });
  const large = () => {
    const index = options.indexOf(selected ?? choices[current]);
    if (open() && index >= 0) {
      enlarge(trial.stimuli, index);
    }
  };

  stop(0);
  let scale = 1;
  let held = 0;
  let wasHeld = false;
  group.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    const option = /** @type {HTMLElement} */ (event.target).closest("[role=radio]");
    wasHeld = false;
    clearTimeout(held);
    if (options.includes(option)) {
      held = window.setTimeout(() => {
        wasHeld = true;
        enlarge(trial.stimuli, options.indexOf(option));
      }, LONG_PRESS_MS);
    }
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    group.addEventListener(end, () => clearTimeout(held));
  }
  group.addEventListener("contextmenu", (/** @type {Event} */ event) => event.preventDefault());
  root.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const choice = /** @type {HTMLElement | null} */ (target.closest("[role=radio]"));
    if (wasHeld || !open()) {
      wasHeld = false;
    } else if (target.closest("[data-confirm]") || (choice && choice === selected)) {
      send();
    } else if (target.closest("[data-enlarge-button]")) {
      large();
    } else if (choice) {
      select(choice);
    }
  });

  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !open()) {
      return;
    }
    const inside = choices.includes(document.activeElement);
    const step = inside ? STEPS[/** @type {keyof typeof STEPS} */ (event.key)] : undefined;
    const onButton = document.activeElement?.matches("button:not([role=radio])");
    if (/^[1-9]$/.test(event.key) && options[Number(event.key) - 1]) {
      select(options[Number(event.key) - 1]);
      selected?.focus({ preventScroll: true });
    } else if (event.key === "0" && rules.none) {
      select(none);
      none.focus({ preventScroll: true });
    } else if (step) {
      select(choices[(current + step + choices.length) % choices.length]);
      selected?.focus();
    } else if (event.key === " " && inside) {
      select(choices[current]);
    } else if (event.key === "Enter" && !onButton) {
      (inside && choices[current] !== selected ? select(choices[current]) : send());
    } else if (event.key === "e" || event.key === "E") {
      large();
    } else {
      return;
    }
    event.preventDefault();
  };
  document.addEventListener("keydown", key);

  return {
    layout() {
      const room = { width: group.clientWidth, height: part("field").clientHeight };
      const { columns, size } = bestGrid(trial.stimuli, room, NARROW.matches);
      group.style.setProperty("--columns", String(columns));
      for (const option of options) {
        const box = option.querySelector("[data-box]");
        box.style.width = `${size.width}px`;
        box.style.height = `${size.height}px`;
        place(box.firstElementChild, { width: size.width + 0.01, height: size.height + 0.01 });
      }
      scale = (size.width * window.devicePixelRatio) / Math.max(...trial.stimuli.map(({ width }) => width));
    },
    shown: () => ({ layout: "grid", scale }),
    remove() {
      clearTimeout(held);
      document.removeEventListener("keydown", key);
    },
  };
}
