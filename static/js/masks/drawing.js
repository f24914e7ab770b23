/** One picture under its labels: shows them, and draws where the page lets it. */

import { LabelMap } from "./label_map.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{tool: string, label: number, radius: number}} Choice */

export class Board {
  /**
   * @param {HTMLElement} stage  Holds the canvas; names side, size and address of the mask.
   * @param {number[][]} colours  Of the labels, sRGB.
   * @param {(() => Choice) | null} chosen  What the tools say; null: only shown.
   * @param {(board: Board) => void} drawn  Told after every finished step.
   */
  constructor(stage, colours, chosen, drawn) {
    this.side = stage.dataset.side;
    this.address = stage.dataset.mask;
    this.canvas = stage.querySelector("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.map = new LabelMap(Number(stage.dataset.width), Number(stage.dataset.height));
    this.colours = colours;
    this.chosen = chosen;
    this.drawn = drawn;
    this.steps = 0; // taken and not taken back
    this.shown = this.address !== ""; // a picture without labels is not covered by label 0
    /** @type {Point | null} */
    this.last = null;
    this.cursor = { x: this.map.width / 2, y: this.map.height / 2 };
    if (chosen) this._listen();
  }

  get changed() {
    return this.steps !== 0;
  }

  /** Read the stored mask, whatever its size, into the labels. */
  async load() {
    if (!this.address) return;
    const image = new Image();
    image.src = this.address;
    await image.decode();
    const { width, height } = this.map;
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(image, 0, 0, width, height);
    const { data } = this.context.getImageData(0, 0, width, height);
    for (let place = 0; place < width * height; place += 1) {
      this.map.labels[place] = data[4 * place];
    }
    this.paint();
  }

  /** Show the labels, of all or of a part. */
  paint(part = { x: 0, y: 0, width: this.map.width, height: this.map.height }) {
    if (!part.width || !part.height) return;
    const image = this.context.createImageData(part.width, part.height);
    let place = 0;
    for (let y = part.y; y < part.y + part.height; y += 1) {
      for (let x = part.x; x < part.x + part.width; x += 1, place += 4) {
        const label = this.map.labels[y * this.map.width + x];
        image.data.set(this.colours[label], place);
        image.data[place + 3] = label || this.shown ? 255 : 0;
      }
    }
    this.context.putImageData(image, part.x, part.y);
  }

  undo() {
    if (!this.map.undo()) return;
    this.steps -= 1;
    this.paint();
  }

  _listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this._begin(this._at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.last || !event.isPrimary) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event]) this._go(this._at(each));
    });
    canvas.addEventListener("pointerup", () => this._end());
    canvas.addEventListener("pointercancel", () => {
      if (!this.last) return;
      this.last = null; // two fingers zoom or scroll: what the first began is taken back
      this.map.undo();
      this.paint();
    });
    canvas.addEventListener("keydown", (event) => this._key(event));
    canvas.addEventListener("blur", () => this.paint());
  }

  /** @param {PointerEvent} event @returns {Point} */
  _at(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) * this.map.width) / box.width,
      y: ((event.clientY - box.top) * this.map.height) / box.height,
    };
  }

  _begin(point) {
    const { tool, label } = this.chosen();
    this.map.begin();
    this.last = point;
    if (tool === "fill") {
      this.map.fill(point, label);
      this.paint();
    } else {
      this._go(point);
    }
  }

  _go(point) {
    const { tool, label, radius } = this.chosen();
    if (tool !== "fill") this.paint(this.map.stroke(this.last, point, radius, label));
    this.last = point;
  }

  _end() {
    if (!this.last) return;
    this.last = null;
    this.steps += 1;
    this.drawn(this);
  }

  /** Arrows move a ring, Space or Enter draws there. */
  _key(event) {
    const step = Math.max(1, this.chosen().radius);
    const way = ARROWS[event.key];
    if (way) {
      this.cursor.x = Math.min(this.map.width - 0.5, Math.max(0.5, this.cursor.x + way[0] * step));
      this.cursor.y = Math.min(this.map.height - 0.5, Math.max(0.5, this.cursor.y + way[1] * step));
    } else if (event.key === " " || event.key === "Enter") {
      this._begin(this.cursor);
      this._end();
    } else {
      return;
    }
    event.preventDefault();
    this._ring(step);
  }

  _ring(radius) {
    this.paint();
    const { x, y } = this.cursor;
    for (const [colour, width] of [["#000", 4], ["#fff", 2]]) {
      this.context.strokeStyle = colour;
      this.context.lineWidth = width;
      this.context.beginPath();
      this.context.arc(x, y, Math.max(4, radius), 0, 2 * Math.PI);
      this.context.stroke();
    }
  }
}
