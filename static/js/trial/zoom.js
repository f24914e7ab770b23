/** Two pictures under one magnifier: the same whole factor and the same place in both. */

import { fit, rendering } from "../fit.js";

/** Device pixels per picture pixel, beyond what fits. */
const FACTORS = [1, 2, 3, 4, 6, 8];
const MOVED_PX = 5;
const WHEEL_PX = 60;
/** Of what is seen, by a key or a button. */
const STRIDE = 0.25;

/**
 * @param {number} most  The factor at which the whole picture fits its box.
 * @returns {number[]} That one, and all to which it may be zoomed.
 */
export const factors = (most) => [most, ...FACTORS.filter((factor) => factor > most)];

/**
 * What of a picture is seen.
 *
 * @param {{width: number, height: number}} size  The picture as zoomed, CSS pixels.
 * @param {{width: number, height: number}} room  Its box.
 * @param {{x: number, y: number}} centre  Wanted in the middle, as shares of the picture.
 * @param {number} ratio  Device pixels per CSS pixel.
 * @returns {{left: number, top: number, width: number, height: number}} In the zoomed picture, on
 *   whole device pixels.
 */
export function seen(size, room, centre, ratio) {
  const whole = (/** @type {number} */ value) => Math.floor(value * ratio + 1e-6) / ratio;
  const width = Math.min(size.width, whole(room.width));
  const height = Math.min(size.height, whole(room.height));
  const from = (/** @type {number} */ middle, /** @type {number} */ all, /** @type {number} */ part) =>
    whole(Math.max(0, Math.min(middle * all - part / 2, all - part)));
  return {
    left: from(centre.x, size.width, width),
    top: from(centre.y, size.height, height),
    width,
    height,
  };
}

/**
 * @param {object} options
 * @param {HTMLElement} options.pair  Holds both pictures and takes the pointers.
 * @param {HTMLElement[]} options.boxes  Equal ones, each with a `[data-window]` that holds its image.
 * @param {HTMLElement} options.tools  `data-zoom` and `data-pan` buttons, `data-factor` for the words.
 * @param {{width: number, height: number}} options.picture  Its own pixels; both have the same.
 * @param {(name: string, factor: number) => void} options.note
 */
export function createZoom({ pair, boxes, tools, picture, note }) {
  const windows = boxes.map((box) => /** @type {HTMLElement} */ (box.querySelector("[data-window]")));
  let levels = [1];
  let level = 0;
  let centre = { x: 0.5, y: 0.5 };
  let part = { left: 0, top: 0, width: 1, height: 1 };
  const ratio = () => window.devicePixelRatio || 1;
  const size = () => ({
    width: (picture.width * levels[level]) / ratio(),
    height: (picture.height * levels[level]) / ratio(),
  });

  const draw = () => {
    const room = { width: boxes[0].clientWidth, height: boxes[0].clientHeight };
    const all = size();
    part = seen(all, room, centre, ratio());
    const within = (/** @type {number} */ middle, /** @type {number} */ half) =>
      Math.max(half, Math.min(middle, 1 - half));
    centre = {
      x: within(centre.x, part.width / 2 / all.width),
      y: within(centre.y, part.height / 2 / all.height),
    };
    for (const frame of windows) {
      const image = /** @type {HTMLImageElement} */ (frame.firstElementChild);
      Object.assign(frame.style, { width: `${part.width}px`, height: `${part.height}px` });
      Object.assign(image.style, { width: `${all.width}px`, height: `${all.height}px` });
      image.style.imageRendering = rendering(levels[level]);
      image.style.transform = `translate(${-part.left}px, ${-part.top}px)`;
    }
    const factor = levels[level];
    /** @type {HTMLElement} */ (tools.querySelector("[data-factor]")).textContent =
      factor < 1 ? `${Math.round(100 * factor)} %` : `${factor}:1`;
    tools.dataset.zoomed = String(level > 0);
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (tools.querySelectorAll("[data-zoom]"))) {
      button.disabled = !levels[level + Number(button.dataset.zoom)];
    }
  };
  /** @param {number} x @param {number} y  Of what is seen: 1 is all of its width. */
  const pan = (x, y) => {
    const all = size();
    centre = {
      x: centre.x + (x * part.width) / all.width,
      y: centre.y + (y * part.height) / all.height,
    };
    draw();
  };
  const middle = () => ({ x: part.width / 2, y: part.height / 2 });
  /** @param {number} to @param {() => {x: number, y: number}} [at]  What stays, from the window's corner. */
  const zoom = (to, at = middle) => {
    const next = Math.max(0, Math.min(to, levels.length - 1));
    if (next === level) {
      return;
    }
    const [before, from] = [size(), at()];
    const share = { x: (part.left + from.x) / before.width, y: (part.top + from.y) / before.height };
    level = next;
    centre = share;
    draw();
    // The window has grown by now, and its corner lies elsewhere.
    const [all, here] = [size(), at()];
    centre = {
      x: share.x + (part.width / 2 - here.x) / all.width,
      y: share.y + (part.height / 2 - here.y) / all.height,
    };
    draw();
    note("zoom", levels[level]);
  };
  const nearest = (/** @type {number} */ factor) =>
    levels.reduce((best, one, index) =>
      Math.abs(Math.log(one / factor)) < Math.abs(Math.log(levels[best] / factor)) ? index : best, 0);

  const hands = listen(pair, {
    zoomed: () => level > 0,
    pan: (x, y) => pan(x / part.width, y / part.height),
    factor: () => levels[level],
    zoomTo: (factor, at) => zoom(nearest(factor), at),
    step: (by, at) => zoom(level + by, at),
  });
  tools.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (
      /** @type {HTMLElement} */ (event.target).closest("[data-zoom], [data-pan]")
    );
    const [x, y] = (button?.dataset.pan ?? "0 0").split(" ").map(Number);
    if (button?.dataset.zoom) {
      zoom(level + Number(button.dataset.zoom));
    } else if (button) {
      pan(STRIDE * x, STRIDE * y);
    }
  });

  return {
    layout() {
      const factor = levels[level];
      const room = { width: boxes[0].clientWidth, height: boxes[0].clientHeight };
      levels = factors(fit(picture, room).factor);
      level = level === 0 ? 0 : nearest(factor);
      draw();
    },
    /** @param {number} by */
    step: (by) => zoom(level + by),
    /** @param {number} x @param {number} y  -1, 0 or 1. */
    stride: (x, y) => pan(STRIDE * x, STRIDE * y),
    /** Whether the click that comes now ends a movement. */
    moved: hands.moved,
    factor: () => levels[0],
  };
}

/**
 * Wheel, drag and pinch on the pictures.
 *
 * @param {HTMLElement} pair
 * @param {{zoomed: () => boolean, pan: (x: number, y: number) => void, factor: () => number,
 *   zoomTo: (factor: number, at: () => {x: number, y: number}) => void,
 *   step: (by: number, at: () => {x: number, y: number}) => void}} acts  `pan` in CSS pixels.
 */
function listen(pair, acts) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let moved = false;
  let turned = 0;
  let pinch = { apart: 0, factor: 1 };
  const apart = () => {
    const [a, b] = [...down.values()];
    return Math.hypot(a.x - b.x, a.y - b.y) || 1;
  };
  /** @param {EventTarget | null} target @param {number} x @param {number} y */
  const within = (target, x, y) => () => {
    const inside = /** @type {Element} */ (target).closest(".two-up__picture") ?? pair;
    const corner = /** @type {Element} */ (inside.querySelector("[data-window]")).getBoundingClientRect();
    return { x: x - corner.left, y: y - corner.top };
  };

  pair.addEventListener("pointerdown", (event) => {
    if (down.size === 0) {
      moved = false;
    }
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (down.size === 2) {
      pinch = { apart: apart(), factor: acts.factor() };
      moved = true;
    }
  });
  pair.addEventListener("pointermove", (event) => {
    const from = down.get(event.pointerId);
    if (!from) {
      return;
    }
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    if (down.size === 1 && (moved || Math.hypot(x, y) > MOVED_PX) && acts.zoomed()) {
      if (!moved) {
        /** @type {Element} */ (event.target).setPointerCapture(event.pointerId);
      }
      moved = true;
      acts.pan(-x, -y);
      down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    } else if (down.size === 2) {
      down.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const [a, b] = [...down.values()];
      const middle = within(event.target, (a.x + b.x) / 2, (a.y + b.y) / 2);
      acts.zoomTo((pinch.factor * apart()) / pinch.apart, middle);
    }
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    pair.addEventListener(end, (event) => down.delete(/** @type {PointerEvent} */ (event).pointerId));
  }
  pair.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      turned += event.deltaMode === 0 ? event.deltaY : WHEEL_PX * Math.sign(event.deltaY);
      if (Math.abs(turned) >= WHEEL_PX) {
        acts.step(-Math.sign(turned), within(event.target, event.clientX, event.clientY));
        turned = 0;
      }
    },
    { passive: false },
  );
  return { moved: () => moved };
}
