/**
 * Mouse, pen and touch on the line: drag a picture, tap one and then the line, drag the ground to
 * pan, pinch or turn the wheel to zoom.
 */

import { edgeSpeed } from "./line.js";

const TAP_SLACK = { mouse: 4, pen: 8, touch: 10 };
const DOUBLE_TAP_MS = 350;

/**
 * @typedef {object} Actions
 * @property {(index: number) => void} lift  A drag begins.
 * @property {(index: number, x: number, y: number) => void} drag  To a place in the field.
 * @property {(index: number, x: number, y: number) => void} drop
 * @property {() => void} cancel
 * @property {(index: number) => void} tap
 * @property {(index: number) => void} twice
 * @property {(x: number) => void} tapLine
 * @property {(pixels: number) => void} pan
 * @property {(pixel: number, factor: number) => void} zoom
 * @property {(index: number) => number | null} screen  Where a picture stands now; null: in the tray.
 */

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} field
 * @param {Actions} actions
 * @returns {() => void} Ends it.
 */
export function listen(root, field, actions) {
  /** @type {Map<number, {x: number, y: number}>} Fingers on the ground. */
  const ground = new Map();
  /** @type {{id: number, index: number, x: number, y: number, offset: number, slack: number, scrolls: boolean, moved: boolean} | null} */
  let grip = null;
  let groundMoved = false;
  let last = { index: -1, at: 0 };
  let frame = 0;

  const inField = (/** @type {{clientX: number, clientY: number}} */ { clientX, clientY }) => {
    const box = field.getBoundingClientRect();
    return { x: clientX - box.left, y: clientY - box.top };
  };

  /** @param {PointerEvent} event */
  const down = (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const holder = /** @type {HTMLElement | null} */ (target.closest("[data-index]"));
    if (event.button !== 0 || target.closest("[data-tools]")) {
      return;
    }
    const { x, y } = inField(event);
    if (holder && !grip) {
      const index = Number(holder.dataset.index);
      const at = actions.screen(index);
      const slack = TAP_SLACK[/** @type {"mouse"} */ (event.pointerType)] ?? 8;
      const offset = at === null ? 0 : at - x;
      const scrolls = event.pointerType === "touch" && holder.closest('[data-scrolls="true"]') !== null;
      grip = { id: event.pointerId, index, x, y, offset, slack, scrolls, moved: false };
    } else if (field.contains(target)) {
      groundMoved = ground.size > 0;
      ground.set(event.pointerId, { x, y });
      root.setPointerCapture(event.pointerId);
    }
  };

  /** @param {PointerEvent} event */
  const move = (event) => {
    const now = inField(event);
    if (grip?.id === event.pointerId) {
      const [dx, dy] = [Math.abs(now.x - grip.x), Math.abs(now.y - grip.y)];
      if (!grip.moved && grip.scrolls && dx > grip.slack && dx > dy) {
        grip = null; // a finger across a full tray scrolls it
        return;
      }
      if (!grip.moved && Math.hypot(dx, dy) > grip.slack) {
        grip.moved = true;
        root.setPointerCapture(event.pointerId);
        actions.lift(grip.index);
        run();
      }
      Object.assign(grip, grip.moved ? now : {});
      if (grip.moved) {
        actions.drag(grip.index, now.x + grip.offset, now.y);
      }
    } else if (ground.has(event.pointerId)) {
      moveGround(event.pointerId, now);
    }
  };

  /** @param {number} id @param {{x: number, y: number}} now */
  const moveGround = (id, now) => {
    const before = /** @type {{x: number, y: number}} */ (ground.get(id));
    if (!groundMoved && Math.hypot(now.x - before.x, now.y - before.y) < 5) {
      return;
    }
    groundMoved = true;
    const other = [...ground].find(([key]) => key !== id)?.[1];
    ground.set(id, now);
    if (!other) {
      actions.pan(before.x - now.x);
      return;
    }
    // Two fingers: what lay between them stays between them.
    actions.pan((before.x - now.x) / 2);
    const apart = Math.max(24, Math.hypot(before.x - other.x, before.y - other.y));
    actions.zoom((now.x + other.x) / 2, Math.max(24, Math.hypot(now.x - other.x, now.y - other.y)) / apart);
  };

  /** @param {PointerEvent} event */
  const up = (event) => {
    const now = inField(event);
    if (grip?.id === event.pointerId) {
      const { index, moved, offset } = grip;
      end();
      if (moved) {
        actions.drop(index, now.x + offset, now.y);
      } else if (last.index === index && event.timeStamp - last.at < DOUBLE_TAP_MS) {
        last = { index: -1, at: 0 };
        actions.twice(index);
      } else {
        last = { index, at: event.timeStamp };
        actions.tap(index);
      }
    } else if (ground.delete(event.pointerId) && !groundMoved) {
      actions.tapLine(now.x);
    }
  };

  /** @param {PointerEvent} event */
  const cancel = (event) => {
    ground.delete(event.pointerId);
    if (grip?.id === event.pointerId) {
      const { moved } = grip;
      end();
      if (moved) {
        actions.cancel();
      }
    }
  };
  const end = () => {
    grip = null;
    cancelAnimationFrame(frame);
  };

  /** While a picture is held near an edge, the line runs on beneath it. */
  const run = () => {
    let before = performance.now();
    const step = (/** @type {number} */ now) => {
      const speed = grip && grip.y < field.clientHeight ? edgeSpeed(grip.x, field.clientWidth) : 0;
      if (grip && speed !== 0) {
        actions.pan((speed * Math.min(50, Math.max(0, now - before))) / 1000);
        actions.drag(grip.index, grip.x + grip.offset, grip.y);
      }
      before = now;
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
  };

  /** @param {WheelEvent} event */
  const wheel = (event) => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? field.clientHeight : 1;
    const [dx, dy] = event.shiftKey ? [event.deltaY || event.deltaX, 0] : [event.deltaX, event.deltaY];
    if (Math.abs(dx) > Math.abs(dy) && !event.ctrlKey) {
      actions.pan(dx * unit);
    } else {
      // A pinch on a touch pad comes as small steps with the control key.
      const speed = event.ctrlKey ? 0.01 : 0.0018;
      actions.zoom(inField(event).x, Math.exp(-Math.max(-300, Math.min(300, dy * unit)) * speed));
    }
  };

  /** A quick release would start a fling in Chromium, and the next tap would only end that. @param {TouchEvent} event */
  const noFling = (event) => {
    if (event.cancelable && (grip?.moved || ground.size > 0)) {
      event.preventDefault();
    }
  };

  /** @type {[HTMLElement, string, (event: any) => void][]} */
  const listeners = [
    [root, "pointerdown", down],
    [root, "pointermove", move],
    [root, "pointerup", up],
    [root, "pointercancel", cancel],
    [root, "touchmove", noFling],
    [field, "wheel", wheel],
  ];
  listeners.forEach(([element, name, act]) => element.addEventListener(name, act, { passive: false }));
  return () => {
    end();
    listeners.forEach(([element, name, act]) => element.removeEventListener(name, act));
  };
}
