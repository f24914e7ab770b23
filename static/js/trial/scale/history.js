/** Every move of a scroll with its time: what was put or carried where, as the answer tells it. */

/** What the server takes; of more moves than that the first go. */
const MOST = 1000;

/** @typedef {[place: number, ms: number, position: number | null]} Move */

/**
 * @param {() => number} elapsed  Milliseconds since first paint.
 */
export function createHistory(elapsed) {
  /** @type {Move[]} */
  const moves = [];
  let carried = -1;
  return {
    /** A picture was put down; null: back in the tray. @param {number} index @param {number | null} position */
    put(index, position) {
      const last = moves[moves.length - 1];
      // Put down where its steps had brought it: that move is told already.
      if (carried !== index || last[2] !== position) {
        moves.push([index, Math.round(elapsed()), position]);
      }
      carried = -1;
    },
    /** One step on; steps of one picture in a row are one move. @param {number} index @param {number} position */
    carry(index, position) {
      if (carried === index) {
        moves.pop();
      }
      moves.push([index, Math.round(elapsed()), position]);
      carried = index;
    },
    /** What was carried is let go of. */
    rest() {
      carried = -1;
    },
    /** The moves in their order. */
    told: () => moves.slice(-MOST),
  };
}
