/** The keyboard on the line: Tab to a picture, Enter picks it up, arrows move it, Enter drops it. */

const STEP = 0.01;
const BIG_STEP = 0.1;

/**
 * @typedef {object} Moves
 * @property {() => boolean} open
 * @property {(index: number) => boolean} carried  Whether the keyboard holds it.
 * @property {(index: number) => void} pickUp
 * @property {() => void} putDown
 * @property {() => void} restore
 * @property {(index: number, share: number) => void} step  By a share of what is seen.
 * @property {(index: number, direction: -1 | 1) => void} jump  Beyond the next neighbour.
 * @property {(index: number) => void} toTray
 * @property {(index: number) => void} look
 * @property {(index: number) => void} compare  First one, then the other.
 * @property {(share: number) => void} panBy
 * @property {(factor: number) => void} zoomBy
 * @property {() => void} fitAll
 */

/**
 * @param {HTMLElement} root
 * @param {Moves} moves
 */
export function listenKeys(root, moves) {
  /** @param {KeyboardEvent} event @param {number} index */
  const onPicture = (event, index) => {
    const carried = moves.carried(index);
    const direction = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      (carried ? moves.putDown : moves.pickUp)(index);
    } else if (carried && direction) {
      moves.step(index, direction * (event.shiftKey ? BIG_STEP : STEP));
    } else if (carried && (event.key === "Home" || event.key === "End")) {
      moves.jump(index, event.key === "Home" ? -1 : 1);
    } else if (carried && event.key === "Escape") {
      moves.restore();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      moves.toTray(index);
    } else if (event.key === "e" || event.key === "E") {
      moves.look(index);
    } else if (event.key === "c" || event.key === "C") {
      moves.compare(index);
    } else {
      return false;
    }
    return true;
  };

  /** @param {KeyboardEvent} event */
  const onLine = (event) => {
    if (event.key === "+" || event.key === "=") {
      moves.zoomBy(1.5);
    } else if (event.key === "-") {
      moves.zoomBy(1 / 1.5);
    } else if (event.key === "f" || event.key === "F") {
      moves.fitAll();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      moves.panBy((event.key === "ArrowLeft" ? -1 : 1) * BIG_STEP);
    } else {
      return false;
    }
    return true;
  };

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !moves.open()) {
      return;
    }
    const holder = /** @type {HTMLElement | null} */ (
      /** @type {HTMLElement} */ (event.target).closest("[data-index]")
    );
    if ((holder && onPicture(event, Number(holder.dataset.index))) || onLine(event)) {
      event.preventDefault();
    }
  });
  root.addEventListener("focusout", (event) => {
    const holder = /** @type {HTMLElement | null} */ (
      /** @type {HTMLElement} */ (event.target).closest("[data-index]")
    );
    const next = /** @type {HTMLElement | null} */ (event.relatedTarget);
    // Tab away with a picture in hand puts it down where it is.
    if (holder && moves.carried(Number(holder.dataset.index)) && next && next.dataset.index !== holder.dataset.index) {
      moves.putDown();
    }
  });
}
