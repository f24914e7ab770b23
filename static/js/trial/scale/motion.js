/** A short glide from one view to another, so that the eye can follow. */

const GLIDE_MS = 180;

/**
 * Between two views the zoom changes evenly and a point that both show at one place stays there.
 *
 * @param {import("./line.js").View} from
 * @param {import("./line.js").View} to
 * @param {number} share  0 to 1; at 1 exactly `to`.
 * @returns {import("./line.js").View}
 */
export function between(from, to, share) {
  if (share >= 1) {
    return to;
  }
  const scale = from.scale * (to.scale / from.scale) ** share;
  const near = Math.abs(Math.log(to.scale / from.scale)) < 1e-9;
  const way = near ? share : (1 / scale - 1 / from.scale) / (1 / to.scale - 1 / from.scale);
  return { ...to, scale, origin: from.origin + (to.origin - from.origin) * way };
}

/**
 * @param {(view: import("./line.js").View) => void} show
 * @returns {{glide: (from: import("./line.js").View, to: import("./line.js").View) => void, stop: () => void}}
 */
export function createMotion(show) {
  let frame = 0;
  const stop = () => cancelAnimationFrame(frame);
  return {
    stop,
    glide(from, to) {
      stop();
      if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
        show(to);
        return;
      }
      const begun = performance.now();
      const step = (/** @type {number} */ now) => {
        const share = Math.max(0, Math.min(1, (now - begun) / GLIDE_MS));
        show(between(from, to, share * (2 - share)));
        if (share < 1) {
          frame = requestAnimationFrame(step);
        }
      };
      frame = requestAnimationFrame(step);
    },
  };
}
