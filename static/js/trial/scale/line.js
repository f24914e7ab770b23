/**
 * The mathematics of a line without ends. Positions are float64 in line units; a view says which
 * stretch is seen. Nothing here touches the page, and no function changes a position.
 */

/**
 * @typedef {object} View
 * @property {number} origin  Line units at the middle of the window.
 * @property {number} scale  CSS pixels per line unit.
 * @property {number} width  The window's width in CSS pixels.
 */

/** What a fresh line shows, in line units, whatever the screen's width. */
export const FIRST_SPAN = 1000;
const EXTREMES = { least: 1e-12, most: 1e15 };

/** @param {number} width @returns {View} */
export const freshView = (width) => ({ origin: 0, scale: width / FIRST_SPAN, width });

/**
 * The origin is subtracted in float64, before any number reaches CSS, which keeps about 24 bits.
 *
 * @param {View} view @param {number} position @returns {number} CSS pixels from the window's left
 */
export const toScreen = (view, position) => (position - view.origin) * view.scale + view.width / 2;

/** @param {View} view @param {number} pixel @returns {number} */
export const toLine = (view, pixel) => view.origin + (pixel - view.width / 2) / view.scale;

/** The window moves by so many pixels to the right. @param {View} view @param {number} pixels @returns {View} */
export const panned = (view, pixels) => ({ ...view, origin: view.origin + pixels / view.scale });

/** The same stretch in a window of another width. @param {View} view @param {number} width @returns {View} */
export const resized = (view, width) => ({ ...view, width, scale: (view.scale * width) / view.width });

/**
 * Zoom so that what lies under `pixel` stays there. It stops only where float64 would no longer
 * tell neighbouring pixels apart.
 *
 * @param {View} view @param {number} pixel @param {number} factor  Above 1: nearer. @returns {View}
 */
export function zoomed(view, pixel, factor) {
  const fixed = toLine(view, pixel);
  const finest = Math.min(EXTREMES.most, 2 ** 50 / Math.max(Math.abs(fixed), 1e-6));
  const scale = Math.min(Math.max(view.scale * factor, EXTREMES.least), Math.max(finest, view.scale));
  return { ...view, scale, origin: fixed - (pixel - view.width / 2) / scale };
}

/**
 * A view that shows all positions with some room at both sides.
 *
 * @param {View} view @param {number[]} positions @param {number} margin  Pixels. @returns {View}
 */
export function fitting(view, positions, margin) {
  if (positions.length === 0) {
    return freshView(view.width);
  }
  const low = Math.min(...positions);
  const high = Math.max(...positions);
  const origin = low + (high - low) / 2;
  const room = Math.max(view.width - 2 * margin, view.width / 4);
  const scale = high > low ? room / (high - low) : view.scale;
  return { ...view, origin, scale: Math.min(Math.max(scale, EXTREMES.least), EXTREMES.most) };
}

/**
 * Overlapping pictures fan out in lanes: in the order of the line each takes the lowest lane that
 * is free at its place. Lanes depend on positions and scale only, so panning changes none.
 *
 * @param {number[]} positions  In any order.
 * @param {number} scale
 * @param {number} width  Of one picture with its gap, in pixels.
 * @returns {number[]} The lane of each, 0 being next to the line.
 */
export function lanes(positions, scale, width) {
  const order = positions.map((_, index) => index).sort((a, b) => positions[a] - positions[b] || a - b);
  /** @type {number[]} The last position of each lane. */
  const last = [];
  /** @type {number[]} */
  const result = new Array(positions.length);
  for (const index of order) {
    let lane = last.findIndex((position) => (positions[index] - position) * scale >= width);
    lane = lane < 0 ? last.length : lane;
    last[lane] = positions[index];
    result[index] = lane;
  }
  return result;
}

/**
 * Who stands next to a position: indices into `positions`, or null at an end.
 *
 * @param {(number | null)[]} positions  null: not placed.
 * @param {number} position
 * @param {number} self  Left out.
 * @returns {{before: number | null, after: number | null}}
 */
export function neighbours(positions, position, self) {
  /** @type {{before: number | null, after: number | null}} */
  const found = { before: null, after: null };
  positions.forEach((other, index) => {
    if (other === null || index === self) {
      return;
    }
    if (other <= position && (found.before === null || other > /** @type {number} */ (positions[found.before]))) {
      found.before = index;
    } else if (other > position && (found.after === null || other < /** @type {number} */ (positions[found.after]))) {
      found.after = index;
    }
  });
  return found;
}

/**
 * How fast the line runs while a picture is held near the window's edge.
 *
 * @param {number} pixel @param {number} width @param {number} [edge] @returns {number} Pixels per second; negative: to the left.
 */
export function edgeSpeed(pixel, width, edge = 56) {
  const depth = pixel < edge ? pixel - edge : Math.max(pixel - (width - edge), 0);
  return Math.max(-1, Math.min(1, depth / edge)) * 900;
}
