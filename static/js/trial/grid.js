/** Which grid shows all pictures of a trial as large as they can be without scrolling. */

const GAP = 12;
const MARGIN = 8; // around each picture: the ring of the selected one, and its number
const NARROW = 600;

/**
 * Two columns on a phone; else two or three, and four from seven pictures on.
 *
 * @param {{width: number, height: number}[]} pictures
 * @param {{width: number, height: number}} room
 * @returns {{columns: number, size: {width: number, height: number}}} size of every box
 */
export function bestGrid(pictures, room) {
  const shape = {
    width: Math.max(...pictures.map((picture) => picture.width)),
    height: Math.max(...pictures.map((picture) => picture.height)),
  };
  const narrow = room.width < NARROW;
  const most = narrow ? 2 : pictures.length > 6 ? 4 : 3;
  let best = { columns: 2, size: { width: 0, height: 0 } };
  for (let columns = Math.min(2, pictures.length); columns <= most; columns += 1) {
    const rows = Math.ceil(pictures.length / columns);
    const width = Math.floor((room.width - GAP * (columns - 1)) / columns) - 2 * MARGIN;
    const high = Math.floor((room.height - GAP * (rows - 1)) / rows) - 2 * MARGIN;
    // On a phone the page may scroll: there the columns' width decides.
    const height = narrow ? Math.ceil((width * shape.height) / shape.width) : high;
    const scale = Math.min(width / shape.width, height / shape.height);
    if (scale * shape.width > best.size.width) {
      const size = { width: Math.floor(scale * shape.width), height: Math.floor(scale * shape.height) };
      best = { columns, size };
    }
  }
  return best;
}
