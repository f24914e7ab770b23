/** Which grid shows all pictures of a trial as large as they can be without scrolling. */

import { fit } from "../fit.js";

/** Between columns stands the next picture's number; the frame is that of the selected picture. */
const GAP = { column: 28, row: 10 };
const FRAME = 7;
/** On a phone every pixel counts: one too few would cost a whole factor. The style sheet agrees. */
const NARROW = { gap: 8, frame: 4 };

/**
 * Two columns on a phone; else two or three, and four from seven pictures on.
 *
 * @param {{width: number, height: number}[]} pictures
 * @param {{width: number, height: number}} room
 * @param {boolean} narrow  A phone held upright.
 * @param {number} [ratio]  Device pixels per CSS pixel.
 * @returns {{columns: number, size: {width: number, height: number}}} size of every box
 */
export function bestGrid(pictures, room, narrow, ratio) {
  const shape = {
    width: Math.max(...pictures.map((picture) => picture.width)),
    height: Math.max(...pictures.map((picture) => picture.height)),
  };
  const gap = narrow ? NARROW.gap : GAP.column;
  const frame = narrow ? NARROW.frame : FRAME;
  const most = narrow ? 2 : pictures.length > 6 ? 4 : 3;
  let best = { columns: 2, size: { width: 0, height: 0 } };
  for (let columns = Math.min(2, pictures.length); columns <= most; columns += 1) {
    const rows = Math.ceil(pictures.length / columns);
    const width = (room.width - gap * (columns - 1)) / columns - 2 * frame;
    const high = (room.height - GAP.row * (rows - 1)) / rows - 2 * frame;
    // On a phone the page may scroll: there the columns' width decides.
    const height = narrow ? Infinity : high;
    const size = fit(shape, { width, height }, ratio);
    // Of two grids with equally large pictures the wider one is seen at a glance.
    if (size.width >= best.size.width) {
      best = { columns, size: { width: size.width, height: size.height } };
    }
  }
  return best;
}
