/**
 * Infinite rating scale: all pictures on one line without ends. Positions are numbers in line
 * units; the view that zooms and pans never touches them.
 */

import { createBoard } from "./scale/board.js";
import { listenKeys } from "./scale/keys.js";
import { fitting, freshView, neighbours, panned, resized, toLine, toScreen, zoomed } from "./scale/line.js";
import { createMinimap } from "./scale/minimap.js";
import { createMotion } from "./scale/motion.js";
import { listen } from "./scale/pointer.js";

const BUTTON_ZOOM = 1.6;
const NUDGE = 0.01;
const SPEAK_AFTER_MS = 350;

/**
 * @param {import("../stage.js").Showing} showing
 */
export function mount(showing) {
  const { root, trial, answer, open, enlarge, say, text } = showing;
  const count = trial.stimuli.length;
  const board = createBoard(root, showing);
  const { part } = board;
  /** @type {(number | null)[]} */
  const positions = new Array(count).fill(null);
  let view = freshView(1000);
  /** @type {{index: number, from: number | null, by: "pointer" | "tap" | "keys"} | null} */
  let held = null;
  /** @type {{x: number, y: number} | null} */
  let pointer = null;
  let warned = false;
  let frame = 0;
  let speaking = 0;

  const draw = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      board.draw({ positions, view, held: held?.index ?? null, pointer });
      drawMap(positions, view);
    });
  };
  /** @param {import("./scale/line.js").View} next */
  const see = (next) => {
    view = next;
    draw();
  };
  const motion = createMotion(see);
  const drawMap = createMinimap(part("minimap"), count, (position) => {
    motion.stop();
    see({ ...view, origin: position });
  });

  /** In words: between whom a position lies. @param {number} index */
  const where = (index) => {
    const position = positions[index];
    if (position === null) {
      return text("inTray");
    }
    const { before, after } = neighbours(positions, position, index);
    const [low, high] = [before, after].map((other) => (other === null ? 0 : other + 1));
    if (!low && !high) {
      return text("alone");
    }
    return text(!low ? "leftOf" : !high ? "rightOf" : "between", { low, high });
  };
  /** @param {number} index @param {string} [key] */
  const speak = (index, key) => {
    clearTimeout(speaking);
    const words = { at: index + 1, where: where(index), left: left() };
    say(key ? text(key, words) : words.where);
  };
  const left = () => text("left", { n: positions.filter((position) => position === null).length });

  /** After every change of who lies where. */
  const settled = () => {
    const missing = positions.filter((position) => position === null).length;
    part("left").textContent = missing ? left() : text("allPlaced");
    part("done").disabled = missing > 0 || held?.by === "pointer";
    part("hint").hidden = missing < count || held !== null;
    part("fit").disabled = missing === count;
    positions.forEach((_, index) => board.label(index, positions, where(index)));
    tools();
    draw();
  };
  const tools = () => {
    const selected = held !== null && held.by !== "pointer";
    part("selection").hidden = !selected;
    if (held && selected) {
      part("selected").textContent = text(positions[held.index] === null ? "tapLine" : "selected", { at: held.index + 1 });
      part("selection").dataset.placed = String(positions[held.index] !== null);
    }
  };
  /** @param {typeof held} next */
  const hold = (next) => {
    held = next;
    pointer = null;
    settled();
  };
  /** Bring a position into the window, if it is not. @param {number} position */
  const reveal = (position) => {
    const x = toScreen(view, position);
    const edge = Math.min(board.size.width, view.width / 4);
    if (x < edge || x > view.width - edge) {
      see(panned(view, x < edge ? x - edge : x - view.width + edge));
    }
  };
  /** @param {number} index @param {number | null} position */
  const put = (index, position) => {
    positions[index] = position;
    hold(null);
    board.sort(positions);
    speak(index, position === null ? "returned" : "dropped");
  };
  /** The keyboard or the nudge buttons move it; it stays in hand. @param {number} index @param {number} position */
  const carry = (index, position) => {
    positions[index] = position;
    reveal(position);
    settled();
    clearTimeout(speaking);
    speaking = window.setTimeout(() => speak(index), SPEAK_AFTER_MS);
  };
  const span = () => view.width / view.scale;
  /** @param {number} index @param {number} share */
  const step = (index, share) => carry(index, (positions[index] ?? view.origin) + share * span());
  /** @param {number} factor @param {number} [pixel] */
  const zoomBy = (factor, pixel = view.width / 2) => motion.glide(view, zoomed(view, pixel, factor));
  const fitAll = () => {
    const placed = /** @type {number[]} */ (positions.filter((position) => position !== null));
    motion.glide(view, fitting(view, placed, 0.7 * board.size.width));
  };
  /** In the order of the line, so that the dialog steps from neighbour to neighbour. @param {number} index */
  const look = (index) => {
    const order = positions.map((_, at) => at);
    order.sort((a, b) => (positions[a] ?? Infinity) - (positions[b] ?? Infinity) || a - b);
    enlarge(order.map((at) => trial.stimuli[at]), order.indexOf(index));
  };
  const overTray = (/** @type {number} */ y) => y > board.size.height;

  const stopListening = listen(root, board.field, {
    lift(index) {
      motion.stop();
      hold({ index, from: positions[index], by: "pointer" });
    },
    drag(index, x, y) {
      pointer = { x, y };
      positions[index] = overTray(y) ? null : toLine(view, x);
      draw();
    },
    drop: (index, x, y) => put(index, overTray(y) ? null : toLine(view, x)),
    cancel() {
      if (held) {
        put(held.index, held.from);
      }
    },
    tap(index) {
      const again = held?.index === index;
      hold(again ? null : { index, from: positions[index], by: "tap" });
      if (!again) {
        speak(index, positions[index] === null ? "picked" : "chosen");
      }
    },
    twice: look,
    tapLine(x) {
      if (held) {
        put(held.index, toLine(view, x));
      }
    },
    pan: (pixels) => see(panned(view, pixels)),
    zoom(pixel, factor) {
      motion.stop();
      see(zoomed(view, pixel, factor));
    },
    screen(index) {
      const position = positions[index];
      return position === null ? null : toScreen(view, position);
    },
  });

  listenKeys(root, {
    open,
    carried: (index) => held?.index === index && held.by === "keys",
    pickUp(index) {
      hold({ index, from: positions[index], by: "keys" });
      positions[index] ??= view.origin;
      settled();
      board.draw({ positions, view, held: index, pointer });
      board.pieces[index].focus({ preventScroll: true });
      speak(index, "carrying");
    },
    putDown: () => held && put(held.index, positions[held.index]),
    restore() {
      const { index, from } = /** @type {NonNullable<typeof held>} */ (held);
      put(index, from);
      board.draw({ positions, view, held: null, pointer });
      (from === null ? board.chips : board.pieces)[index].focus({ preventScroll: true });
    },
    step,
    jump(index, direction) {
      const position = positions[index] ?? view.origin;
      const { before, after } = neighbours(positions, position, index);
      const beyond = direction < 0 ? before : after;
      const from = beyond === null ? position : /** @type {number} */ (positions[beyond]);
      carry(index, from + direction * 0.05 * span());
    },
    toTray(index) {
      put(index, null);
      board.draw({ positions, view, held: null, pointer });
      board.chips[index].focus({ preventScroll: true });
    },
    look,
    panBy: (share) => see(panned(view, share * view.width)),
    zoomBy: (factor) => zoomBy(factor, held && positions[held.index] !== null ? toScreen(view, /** @type {number} */ (positions[held.index])) : undefined),
    fitAll,
  });
  root.addEventListener("focusin", (event) => {
    const piece = /** @type {HTMLElement} */ (event.target).closest("[data-kind=piece]");
    const position = piece && positions[Number(/** @type {HTMLElement} */ (piece).dataset.index)];
    if (typeof position === "number" && piece?.matches(":focus-visible")) {
      reveal(position);
    }
  });

  /** @type {Record<string, () => void>} */
  const presses = {
    in: () => zoomBy(BUTTON_ZOOM),
    out: () => zoomBy(1 / BUTTON_ZOOM),
    fit: fitAll,
    left: () => held && step(held.index, -NUDGE),
    right: () => held && step(held.index, NUDGE),
    look: () => held && look(held.index),
    back: () => held && put(held.index, null),
    close: () => hold(null),
    done() {
      if (count > 1 && !warned && positions.every((position) => position === positions[0])) {
        warned = true;
        part("one-spot").hidden = false;
        return;
      }
      answer({ positions: Object.fromEntries(trial.stimuli.map(({ address }, index) => [address, positions[index]])) });
    },
  };
  root.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const press = /** @type {HTMLElement | null} */ (target.closest("[data-press]"));
    const holder = /** @type {HTMLElement | null} */ (target.closest("[data-index]"));
    if (press) {
      presses[press.dataset.press ?? ""]?.();
    } else if (holder && event.detail === 0) {
      // No pointer made this click: assistive technology did.
      hold({ index: Number(holder.dataset.index), from: positions[Number(holder.dataset.index)], by: "tap" });
    }
  });

  let measured = false;
  return {
    layout() {
      const { width } = board.measure();
      view = measured ? resized(view, width) : freshView(width);
      measured = true;
      settled();
    },
    remove() {
      stopListening();
      motion.stop();
      clearTimeout(speaking);
      cancelAnimationFrame(frame);
    },
  };
}
