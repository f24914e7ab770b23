/** A label per pixel, what can be drawn into it, and the way back. Knows no page. */

const STEPS_KEPT = 20;

/** @typedef {{x: number, y: number}} Point  In pixels of the picture. */

export class LabelMap {
  /** @param {number} width @param {number} height @param {Uint8Array} [labels] */
  constructor(width, height, labels) {
    this.width = width;
    this.height = height;
    this.labels = labels ?? new Uint8Array(width * height);
    /** @type {Uint8Array[]} */
    this.steps = [];
  }

  /** What follows can be taken back by one `undo`. */
  begin() {
    this.steps.push(this.labels.slice());
    if (this.steps.length > STEPS_KEPT) this.steps.shift();
  }

  /** @returns {boolean} whether there was a step to take back. */
  undo() {
    const before = this.steps.pop();
    if (before) this.labels = before;
    return before !== undefined;
  }

  /**
   * A stroke of a round brush from one point to the next.
   *
   * @param {Point} from
   * @param {Point} to
   * @param {number} radius
   * @param {number} label
   * @returns {{x: number, y: number, width: number, height: number}} what may have changed
   */
  stroke(from, to, radius, label) {
    const clamp = (value, most) => Math.min(most, Math.max(0, value));
    const left = clamp(Math.floor(Math.min(from.x, to.x) - radius), this.width);
    const right = clamp(Math.ceil(Math.max(from.x, to.x) + radius), this.width);
    const top = clamp(Math.floor(Math.min(from.y, to.y) - radius), this.height);
    const bottom = clamp(Math.ceil(Math.max(from.y, to.y) + radius), this.height);
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = dx * dx + dy * dy || 1;
    const near = Math.max(radius, 0.71) ** 2; // the pixel under the smallest brush is always met
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
        const along = clamp((px * dx + py * dy) / length, 1);
        const away = (px - along * dx) ** 2 + (py - along * dy) ** 2;
        if (away <= near) this.labels[y * this.width + x] = label;
      }
    }
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  /**
   * The connected region of one label that holds a point gets another.
   *
   * @param {Point} at
   * @param {number} label
   */
  fill(at, label) {
    const { width, height, labels } = this;
    const first = Math.floor(at.y) * width + Math.floor(at.x);
    const old = labels[first];
    if (old === undefined || old === label) return;
    const waiting = [first];
    labels[first] = label;
    const visit = (place) => {
      if (labels[place] !== old) return;
      labels[place] = label;
      waiting.push(place);
    };
    while (waiting.length) {
      const place = waiting.pop();
      const x = place % width;
      if (x > 0) visit(place - 1);
      if (x < width - 1) visit(place + 1);
      if (place >= width) visit(place - width);
      if (place < width * (height - 1)) visit(place + width);
    }
  }
}
