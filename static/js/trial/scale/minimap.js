/** The whole line in a strip: where the pictures lie and which stretch is seen. */

import { move } from "./moving.js";

/**
 * @param {HTMLElement} root
 * @param {number} count
 * @param {(position: number) => void} centre  Move the view there.
 * @returns {(positions: (number | null)[], view: import("./line.js").View) => void} Draws it.
 */
export function createMinimap(root, count, centre) {
  const seen = /** @type {HTMLElement} */ (root.querySelector("[data-seen]"));
  const dots = Array.from({ length: count }, () => {
    const dot = document.createElement("i");
    dot.className = "minimap__dot";
    root.append(dot);
    return dot;
  });
  let low = 0;
  let high = 1;
  let width = 0;
  new ResizeObserver(() => {
    width = root.clientWidth;
  }).observe(root);

  /** @param {PointerEvent} event */
  const go = (event) => {
    if (event.buttons === 1) {
      const box = root.getBoundingClientRect();
      centre(low + ((event.clientX - box.left) / box.width) * (high - low));
    }
  };
  root.addEventListener("pointerdown", (event) => {
    root.setPointerCapture(event.pointerId);
    go(event);
  });
  root.addEventListener("pointermove", go);

  return (positions, view) => {
    width ||= root.clientWidth;
    const half = view.width / view.scale / 2;
    const placed = /** @type {number[]} */ (positions.filter((position) => position !== null));
    const from = Math.min(view.origin - half, ...placed);
    const to = Math.max(view.origin + half, ...placed);
    const margin = (to - from) * 0.04;
    [low, high] = [from - margin, to + margin];
    const x = (/** @type {number} */ position) => ((position - low) / (high - low)) * width;
    const least = 8;
    const span = Math.max(least, x(view.origin + half) - x(view.origin - half));
    move(seen, `translate3d(${x(view.origin) - span / 2}px,0,0) scaleX(${span / 100})`);
    dots.forEach((dot, index) => {
      const position = positions[index];
      // One that is not placed waits outside of the strip.
      move(dot, `translate3d(${position === null ? -9 : x(position)}px,0,0)`);
    });
  };
}
