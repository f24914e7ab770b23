/**
 * Which picture lies where, which is in hand and what is seen: the state of one scroll and its
 * verbs. Positions change only where a picture is put or carried, never by a change of view.
 */

import { createHistory } from "./history.js";
import { fitting, freshView, neighbours, panned, resized, toScreen, zoomed } from "./line.js";
import { createMinimap } from "./minimap.js";
import { createMotion } from "./motion.js";

const SPEAK_AFTER_MS = 350;

/**
 * @typedef {object} Held
 * @property {number} index
 * @property {number | null} from  Where it lay before; null: in the tray.
 * @property {"pointer" | "tap" | "keys"} by
 */

/** @typedef {ReturnType<typeof createPlacing>} Placing */

/**
 * @param {ReturnType<typeof import("./board.js").createBoard>} board
 * @param {number} count
 * @param {import("../../stage.js").Showing} showing
 */
export function createPlacing(board, count, { say, text, elapsed }) {
  const { part } = board;
  const state = {
    /** @type {(number | null)[]} */
    positions: new Array(count).fill(null),
    view: freshView(1000),
    held: /** @type {Held | null} */ (null),
    pointer: /** @type {{x: number, y: number} | null} */ (null),
    calm: true,
    /** Whether the next picture chosen is seen beside the held one. */
    comparing: false,
  };
  const history = createHistory(elapsed);
  let frame = 0;
  let speaking = 0;
  let measured = false;

  const drawNow = () => {
    const { positions, view, held, pointer, calm } = state;
    board.draw({ positions, view, held: held?.index ?? null, pointer, calm });
    drawMap(positions, view);
  };
  const draw = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(drawNow);
  };
  /** @param {import("./line.js").View} view */
  const see = (view) => {
    state.view = view;
    state.calm = false;
    draw();
  };
  const motion = createMotion(see);
  /** At once: a wheel or a finger leads. @param {import("./line.js").View} view */
  const jump = (view) => {
    motion.stop();
    see(view);
  };
  const drawMap = createMinimap(part("minimap"), count, (origin) => jump({ ...state.view, origin }));

  const placed = () => /** @type {number[]} */ (state.positions.filter((position) => position !== null));
  const left = () => text("left", { n: count - placed().length });
  /** In words: between whom a picture lies. @param {number} index */
  const where = (index) => {
    const position = state.positions[index];
    if (position === null) {
      return text("inTray");
    }
    const { before, after } = neighbours(state.positions, position, index);
    const [low, high] = [before, after].map((other) => (other === null ? 0 : other + 1));
    if (!low && !high) {
      return text("alone");
    }
    return text(!low ? "leftOf" : !high ? "rightOf" : "between", { low, high });
  };
  /** @param {number} index @param {string} [key] */
  const speak = (index, key) => {
    clearTimeout(speaking);
    say(key ? text(key, { at: index + 1, where: where(index), left: left() }) : where(index));
  };

  /** After every change of who lies where or who is in hand. */
  const settle = () => {
    const { positions, held } = state;
    state.calm = held?.by !== "pointer";
    const missing = count - placed().length;
    part("left").textContent = missing ? left() : text("allPlaced");
    part("done").disabled = missing > 0 || held?.by === "pointer";
    part("hint").hidden = missing < count || held !== null;
    part("fit").disabled = missing === count;
    part("selection").hidden = held === null || held.by === "pointer";
    if (held) {
      const inTray = positions[held.index] === null;
      const words = state.comparing ? "compareWith" : inTray ? "tapLine" : "selected";
      part("selected").textContent = text(words, { at: held.index + 1 });
      part("selection").dataset.comparing = String(state.comparing);
      part("selection").dataset.placed = String(!inTray);
    }
    positions.forEach((_, index) => board.label(index, where(index)));
    draw();
  };
  /** @param {Held | null} held */
  const hold = (held) => {
    history.rest();
    state.held = held;
    state.pointer = null;
    state.comparing = false;
    settle();
  };
  /** Bring a position into the window, if it is not. @param {number} position */
  const reveal = (position) => {
    const { view } = state;
    const x = toScreen(view, position);
    const edge = Math.min(board.size.width, view.width / 4);
    if (x < edge || x > view.width - edge) {
      see(panned(view, x < edge ? x - edge : x - view.width + edge));
    }
  };

  return {
    state,
    moves: history.told,
    settle,
    hold,
    jump,
    speak,
    reveal,
    drawNow,
    draw,
    stopGlide: motion.stop,
    /** The one in hand waits for a second picture. @param {number} index */
    compareWith(index) {
      state.comparing = true;
      settle();
      say(text("compareWith", { at: index + 1 }));
    },
    /** Out of the hand, to a position or back into the tray. @param {number} index @param {number | null} position */
    put(index, position) {
      state.positions[index] = position;
      history.put(index, position);
      hold(null);
      board.sort(state.positions);
      speak(index, position === null ? "returned" : "dropped");
    },
    /** It moves and stays in hand; where to is spoken once it rests. @param {number} index @param {number} position */
    carry(index, position) {
      state.positions[index] = position;
      history.carry(index, position);
      reveal(position);
      settle();
      clearTimeout(speaking);
      speaking = window.setTimeout(() => speak(index), SPEAK_AFTER_MS);
    },
    /** Where it would be carried from: a picture in the tray starts in the middle. @param {number} index */
    base: (index) => state.positions[index] ?? state.view.origin,
    /** How much of the line is seen, in line units. */
    span: () => state.view.width / state.view.scale,
    /** @param {number} index @returns {number | null} Pixels; null: in the tray. */
    screen(index) {
      const position = state.positions[index];
      return position === null ? null : toScreen(state.view, position);
    },
    /** @param {number} factor @param {number} [pixel] */
    zoomBy(factor, pixel = state.view.width / 2) {
      motion.glide(state.view, zoomed(state.view, pixel, factor));
    },
    fitAll() {
      motion.glide(state.view, fitting(state.view, placed(), 0.7 * board.size.width));
    },
    /** All pictures in the order of the line, those in the tray last. */
    order() {
      const { positions } = state;
      const at = (/** @type {number} */ index) => positions[index] ?? Infinity;
      return positions.map((_, index) => index).sort((a, b) => at(a) - at(b) || a - b);
    },
    layout() {
      const { width } = board.measure();
      state.view = measured ? resized(state.view, width) : freshView(width);
      measured = true;
      settle();
    },
    end() {
      motion.stop();
      clearTimeout(speaking);
      cancelAnimationFrame(frame);
    },
  };
}
