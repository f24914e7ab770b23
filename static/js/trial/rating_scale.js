/**
 * Infinite rating scale: all pictures on one line without ends. Positions are numbers in line
 * units; the view that zooms and pans never touches them.
 */

import { createBoard } from "./scale/board.js";
import { createCompare } from "./scale/compare.js";
import { listenKeys } from "./scale/keys.js";
import { neighbours, panned, toLine, zoomed } from "./scale/line.js";
import { createPlacing } from "./scale/placing.js";
import { listen } from "./scale/pointer.js";

const BUTTON_ZOOM = 1.6;
const NUDGE = 0.01;
const BEYOND = 0.05;

/** @typedef {import("./scale/placing.js").Placing} Placing */
/** @typedef {ReturnType<typeof createBoard>} Board */

/**
 * @param {import("../stage.js").Showing} showing
 */
export function mount(showing) {
  const { root, trial, enlarge } = showing;
  const board = createBoard(root, showing);
  const placing = createPlacing(board, trial.stimuli.length, showing);
  /** The dialog steps from neighbour to neighbour. @param {number} index */
  const look = (index) => {
    const order = placing.order();
    enlarge(order.map((at) => trial.stimuli[at]), order.indexOf(index));
  };
  const choose = chooser(placing, createCompare(board.part("compare"), showing));
  const stopListening = listen(root, board.field, hands(board, placing, look, choose));
  listenKeys(root, keyboard(board, placing, look, choose, showing.open));
  listenFocus(root, placing);
  listenButtons(root, placing, look, choose, done(board, placing, showing));
  return {
    layout: placing.layout,
    shown: () => ({ layout: "line" }),
    remove() {
      stopListening();
      placing.end();
    },
  };
}

/**
 * A picture is chosen to be placed, or as the second of two to be seen side by side.
 *
 * @param {Placing} placing @param {(pair: [number, number]) => void} compare
 * @returns {(index: number) => void}
 */
function chooser(placing, compare) {
  const { state } = placing;
  return (index) => {
    const { held, comparing } = state;
    if (held && comparing && held.index !== index) {
      placing.hold(null);
      compare([held.index, index]);
    } else if (held?.index === index) {
      placing.hold(null);
    } else {
      const from = state.positions[index];
      placing.hold({ index, from, by: "tap" });
      placing.speak(index, from === null ? "picked" : "chosen");
    }
  };
}

/** Mouse and fingers. @param {Board} board @param {Placing} placing @param {(index: number) => void} look @param {(index: number) => void} choose @returns {import("./scale/pointer.js").Actions} */
function hands(board, placing, look, choose) {
  const { state } = placing;
  const under = (/** @type {number} */ x, /** @type {number} */ y) =>
    y > board.size.height ? null : toLine(state.view, x);
  return {
    lift(index) {
      placing.stopGlide();
      placing.hold({ index, from: state.positions[index], by: "pointer" });
    },
    drag(index, x, y) {
      state.pointer = { x, y };
      state.positions[index] = under(x, y);
      placing.draw();
    },
    drop: (index, x, y) => placing.put(index, under(x, y)),
    cancel() {
      if (state.held) {
        placing.put(state.held.index, state.held.from);
      }
    },
    tap: choose,
    twice: look,
    tapLine(x) {
      if (state.held && state.comparing) {
        placing.hold(null);
      } else if (state.held) {
        placing.put(state.held.index, toLine(state.view, x));
      }
    },
    pan: (pixels) => placing.jump(panned(state.view, pixels)),
    zoom: (pixel, factor) => placing.jump(zoomed(state.view, pixel, factor)),
    screen: placing.screen,
  };
}

/** @param {Board} board @param {Placing} placing @param {(index: number) => void} look @param {(index: number) => void} choose @param {() => boolean} open @returns {import("./scale/keys.js").Moves} */
function keyboard(board, placing, look, choose, open) {
  const { state } = placing;
  /** Drawn at once: what is hidden cannot take the focus. @param {number} index */
  const focus = (index) => {
    placing.drawNow();
    const inTray = state.positions[index] === null;
    (inTray ? board.chips : board.pieces)[index].focus({ preventScroll: true });
  };
  return {
    open,
    carried: (index) => state.held?.index === index && state.held.by === "keys",
    pickUp(index) {
      const from = state.positions[index];
      state.positions[index] = placing.base(index);
      placing.hold({ index, from, by: "keys" });
      focus(index);
      placing.speak(index, "carrying");
    },
    putDown() {
      if (state.held) {
        placing.put(state.held.index, state.positions[state.held.index]);
      }
    },
    restore() {
      if (state.held) {
        const { index, from } = state.held;
        placing.put(index, from);
        focus(index);
      }
    },
    step: (index, share) => placing.carry(index, placing.base(index) + share * placing.span()),
    jump(index, direction) {
      const position = placing.base(index);
      const { before, after } = neighbours(state.positions, position, index);
      const next = direction < 0 ? before : after;
      const from = next === null ? position : /** @type {number} */ (state.positions[next]);
      placing.carry(index, from + direction * BEYOND * placing.span());
    },
    toTray(index) {
      placing.put(index, null);
      focus(index);
    },
    look,
    compare(index) {
      if (state.held?.by === "keys") {
        placing.put(index, state.positions[index]);
      }
      const first = !state.comparing;
      if (state.held?.index !== index || !first) {
        choose(index);
      }
      if (first) {
        placing.compareWith(index);
      }
    },
    panBy: (share) => placing.jump(panned(state.view, share * state.view.width)),
    zoomBy(factor) {
      const pixel = state.held && placing.screen(state.held.index);
      placing.zoomBy(factor, pixel ?? undefined);
    },
    fitAll: placing.fitAll,
  };
}

/** A piece that Tab reaches outside of the window brings the window along. @param {HTMLElement} root @param {Placing} placing */
function listenFocus(root, placing) {
  root.addEventListener("focusin", (event) => {
    const piece = /** @type {HTMLElement} */ (event.target).closest("[data-kind=piece]");
    const position = piece && placing.state.positions[Number(/** @type {HTMLElement} */ (piece).dataset.index)];
    if (typeof position === "number" && piece?.matches(":focus-visible")) {
      placing.reveal(position);
    }
  });
}

/** @param {Board} board @param {Placing} placing @param {import("../stage.js").Showing} showing */
function done(board, placing, { trial, answer, distance_cm }) {
  let warned = false;
  return () => {
    const { positions } = placing.state;
    if (positions.length > 1 && !warned && positions.every((position) => position === positions[0])) {
      warned = true;
      board.part("one-spot").hidden = false;
      return;
    }
    const entries = trial.stimuli.map(({ address }, index) => [address, positions[index]]);
    answer({
      positions: Object.fromEntries(entries),
      moves: placing.moves(),
      // The line may span several monitors.
      window: {
        width: window.innerWidth,
        pixel_ratio: window.devicePixelRatio,
        ...(distance_cm ? { distance_cm } : {}),
      },
    });
  };
}

/** @param {HTMLElement} root @param {Placing} placing @param {(index: number) => void} look @param {(index: number) => void} choose @param {() => void} finish */
function listenButtons(root, placing, look, choose, finish) {
  const { state } = placing;
  /** @param {(index: number) => void} act */
  const withHeld = (act) => () => state.held && act(state.held.index);
  const nudge = (/** @type {number} */ share) =>
    withHeld((index) => placing.carry(index, placing.base(index) + share * placing.span()));
  /** @type {Record<string, () => void>} */
  const presses = {
    in: () => placing.zoomBy(BUTTON_ZOOM),
    out: () => placing.zoomBy(1 / BUTTON_ZOOM),
    fit: placing.fitAll,
    left: nudge(-NUDGE),
    right: nudge(NUDGE),
    look: withHeld(look),
    compare: withHeld(placing.compareWith),
    back: withHeld((index) => placing.put(index, null)),
    close: () => placing.hold(null),
    done: finish,
  };
  root.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const press = /** @type {HTMLElement | null} */ (target.closest("[data-press]"));
    const holder = /** @type {HTMLElement | null} */ (target.closest("[data-index]"));
    if (press) {
      presses[press.dataset.press ?? ""]?.();
    } else if (holder && event.detail === 0) {
      // No pointer made this click: assistive technology did.
      choose(Number(holder.dataset.index));
    }
  });
}
