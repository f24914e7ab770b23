/**
 * What is seen of the line: a chip in the tray and a piece on the line for every picture, of which
 * one shows. All motion is by transforms, and an element never changes its place in the page while
 * it is dragged: a touch would be lost with it.
 */

import { place } from "../../fit.js";
import { lanes, toScreen } from "./line.js";
import { move } from "./moving.js";

const GAP = 8;
const LEAST_PITCH = 14;
const LEAST_PIECE = 52;
const SHRINKS = Array.from({ length: 14 }, (_, step) => 0.92 ** step);
/** Room above the top lane, where the selected picture's buttons come up. */
const TOOLS = 56;

/**
 * @typedef {object} Drawn
 * @property {(number | null)[]} positions
 * @property {import("./line.js").View} view
 * @property {number | null} held  The picture in hand or selected.
 * @property {{x: number, y: number} | null} pointer  Where the held one is dragged, in the field.
 * @property {boolean} calm  Nothing is dragged or zoomed: pictures may glide to new lanes.
 */

/**
 * @param {HTMLElement} root
 * @param {import("../../stage.js").Showing} showing
 */
export function createBoard(root, { trial, element, text }) {
  const part = (/** @type {string} */ name) =>
    /** @type {any} */ (root.querySelector(`[data-${name}]`));
  const field = /** @type {HTMLElement} */ (part("field"));
  const tray = /** @type {HTMLElement} */ (part("tray"));
  /** @param {string} kind @param {number} index */
  const make = (kind, index) => {
    const made = part(kind).content.firstElementChild.cloneNode(true);
    made.dataset.index = String(index);
    made.dataset.kind = kind;
    made.querySelector("[data-box]").append(element(trial.stimuli[index]));
    return /** @type {HTMLElement} */ (made);
  };
  const chips = trial.stimuli.map((_, index) => make("chip", index));
  const pieces = trial.stimuli.map((_, index) => make("piece", index));
  const faces = pieces.map((piece) => /** @type {HTMLElement} */ (piece.querySelector("[data-box]")));
  // Beneath all pictures, so that no picture has another's hair across its face.
  const hairs = pieces.map(() => part("hair").content.firstElementChild.cloneNode(true));
  tray.append(...chips);
  part("hairs").append(...hairs);
  part("pieces").append(...pieces);
  part("low").textContent = trial.question.low_label;
  part("high").textContent = trial.question.high_label;
  const size = { width: 0, piece: 0, height: 0, axis: 0, chip: 0 };
  /** @type {number[]} */
  let heights = [];

  /** Measure once per resize; drawing reads nothing from the page. */
  const measure = () => {
    const axis = part("axis");
    size.height = field.clientHeight;
    size.axis = size.height - axis.offsetTop;
    const room = size.height - size.axis;
    const box = Math.round(Math.max(56, Math.min(200, room * 0.44, field.clientWidth / 4.2)));
    const placed = faces.map((face) =>
      place(/** @type {HTMLImageElement} */ (face.firstElementChild), { width: box, height: box }),
    );
    heights = placed.map(({ height }) => height);
    size.piece = Math.max(...heights);
    size.width = Math.max(...placed.map(({ width }) => width));
    // A placed chip may be out of the layout: the others tell how high all are.
    size.chip = Math.max(...chips.map((chip) => chip.offsetHeight)) || size.chip;
    const chip = { width: 1.5 * size.chip, height: size.chip };
    const widths = chips.map((each) => {
      const { width } = place(/** @type {HTMLImageElement} */ (each.querySelector("img")), chip);
      each.style.width = `${Math.max(44, width)}px`;
      return width + GAP;
    });
    tray.dataset.scrolls = String(widths.reduce((a, b) => a + b, 2 * 32) > tray.clientWidth);
    return { width: field.clientWidth };
  };

  /**
   * How far above the line each piece's lower edge lies, and how much all are shrunk: where many
   * fan out, smaller ones beat covered ones; only the smallest overlap. One that is dragged takes no
   * lane, so that the others keep still under it.
   *
   * @param {Drawn} drawn
   */
  const arrange = ({ positions, view, held, pointer }) => {
    const dragged = pointer === null ? null : held;
    const placed = positions.flatMap((position, index) =>
      position === null || index === dragged ? [] : [index],
    );
    const xs = placed.map((index) => /** @type {number} */ (positions[index]));
    const room = size.height - size.axis - 2 * GAP - TOOLS;
    let shrink = 1;
    let lane = /** @type {number[]} */ ([]);
    for (const tried of SHRINKS) {
      shrink = Math.max(tried, Math.min(1, LEAST_PIECE / size.piece));
      lane = lanes(xs, view.scale, size.width * shrink + GAP);
      if ((Math.max(0, ...lane) + 1) * (size.piece * shrink + GAP) <= room) {
        break;
      }
    }
    const high = size.piece * shrink;
    const pitch = Math.max(LEAST_PITCH, Math.min(high + GAP, (room - high) / Math.max(1, ...lane)));
    return { shrink, lift: new Map(placed.map((index, at) => [index, 2 * GAP + lane[at] * pitch])) };
  };

  /** @param {Drawn} drawn */
  const draw = (drawn) => {
    const { positions, view, held, pointer } = drawn;
    const { shrink, lift } = arrange(drawn);
    toggle(part("pieces"), "calm", drawn.calm);
    positions.forEach((position, index) => {
      const dragged = index === held && pointer !== null;
      const shown = position !== null || dragged;
      toggle(pieces[index], "shown", shown);
      toggle(chips[index], "placed", shown);
      toggle(pieces[index], "held", index === held);
      toggle(chips[index], "held", index === held);
      toggle(pieces[index], "dragged", dragged);
      toggle(hairs[index], "shown", position !== null);
      toggle(hairs[index], "held", index === held);
      if (!shown) {
        return;
      }
      const far = 3 * size.width;
      const x = position === null ? /** @type {any} */ (pointer).x : toScreen(view, position);
      const up = dragged
        ? size.height - size.axis - /** @type {any} */ (pointer).y - (heights[index] * shrink) / 2
        : /** @type {number} */ (lift.get(index));
      const across = `translate3d(${Math.max(-far, Math.min(view.width + far, x))}px,0,0)`;
      move(pieces[index], across);
      move(faces[index], `translate3d(-50%,${-up}px,0) scale(${shrink})`);
      move(hairs[index], across);
      move(hairs[index].firstElementChild, `scaleY(${Math.max(0, up)})`);
    });
  };

  /** The tab order follows the line. @param {(number | null)[]} positions */
  const sort = (positions) => {
    const active = document.activeElement;
    const order = pieces
      .map((_, index) => index)
      .sort((a, b) => (positions[a] ?? Infinity) - (positions[b] ?? Infinity) || a - b);
    part("pieces").append(...order.map((index) => pieces[index]));
    if (active instanceof HTMLElement && active !== document.activeElement) {
      active.focus({ preventScroll: true });
    }
  };

  return {
    field,
    tray,
    chips,
    pieces,
    measure,
    draw,
    sort,
    /** @param {number} index @param {string} where */
    label(index, where) {
      const name = text("picture", { at: index + 1 });
      pieces[index].setAttribute("aria-label", `${name}, ${where}`);
      chips[index].setAttribute("aria-label", `${name}, ${text("inTray")}`);
    },
    part,
    size,
  };
}

/** Write only what changes: an attribute that is set again costs a style pass. @param {HTMLElement} element @param {string} name @param {boolean} on */
function toggle(element, name, on) {
  if ((element.dataset[name] === "") !== on) {
    if (on) {
      element.dataset[name] = "";
    } else {
      delete element.dataset[name];
    }
  }
}
