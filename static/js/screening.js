/** The checks before the trials: window, colour vision, brightness steps, size of a card. */

import { Refused } from "./server.js";
import { pressed, show } from "./views.js";

const CARD_MM = 85.6;
const CARD_RATIO = 53.98 / 85.6;

/**
 * @typedef {object} Step
 * @property {"window" | "colour_vision" | "brightness" | "card" | null} kind  null: nothing is due.
 * @property {boolean} hard
 * @property {number} attempt  From 0.
 * @property {string[]} pictures  PNG in base64.
 * @property {{width: number, height: number}} minimum
 */

/**
 * @param {() => Promise<Step>} next
 * @param {(result: object) => Promise<any>} send
 * @param {import("./texts.js").Text} text
 * @returns {Promise<void>} Once none is due: all passed or noted, or the visit ended here.
 */
export async function screen(next, send, text) {
  for (;;) {
    const step = await next();
    if (step.kind === null) {
      return;
    }
    const result = await PUT[step.kind](step, text);
    try {
      await send({ kind: step.kind, attempt: step.attempt, ...result });
    } catch (error) {
      // It had arrived before, and only the answer was lost: what is due now is asked for anew.
      if (!(error instanceof Refused) || error.status !== 409) {
        throw error;
      }
    }
  }
}

/** @type {Record<string, (step: Step, text: import("./texts.js").Text) => Promise<object>>} */
const PUT = { window: size, colour_vision: plates, brightness: plates, card };

/** Silent where the window is large enough. @param {Step} step @param {import("./texts.js").Text} text */
async function size({ minimum }, text) {
  const enough = () => window.innerWidth >= minimum.width && window.innerHeight >= minimum.height;
  if (!enough()) {
    const view = show("window");
    const sizes = /** @type {HTMLElement} */ (view.querySelector("[data-window-sizes]"));
    await new Promise((resolve) => {
      const look = () => {
        const { innerWidth: width, innerHeight: height } = window;
        sizes.textContent = text("windowSizes", { width, height, least: minimum.width, low: minimum.height });
        if (enough()) {
          done();
        }
      };
      const done = () => {
        window.removeEventListener("resize", look);
        resolve(null);
      };
      window.addEventListener("resize", look);
      look();
      pressed(view).then(done);
    });
  }
  return { width: window.innerWidth, height: window.innerHeight, ratio: window.devicePixelRatio || 1 };
}

/** @param {Step} step @param {import("./texts.js").Text} text */
async function plates({ kind, attempt, pictures }, text) {
  const view = show("plates");
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (view.querySelectorAll("[data-for]"))) {
    part.hidden = part.dataset.for !== kind;
  }
  /** @type {HTMLElement | null} */ (view.querySelector("h1:not([hidden])"))?.focus();
  /** @type {HTMLElement} */ (view.querySelector("[data-again]")).hidden = attempt === 0;
  const image = /** @type {HTMLImageElement} */ (view.querySelector("[data-plate]"));
  const at = /** @type {HTMLElement} */ (view.querySelector("[data-plate-at]"));
  const said = [];
  for (const [index, picture] of pictures.entries()) {
    const source = URL.createObjectURL(png(picture));
    image.src = source;
    await image.decode();
    at.textContent = text("pictureOf", { at: index + 1, all: pictures.length });
    const chosen = await digit(view);
    said.push(chosen === "none" ? null : Number(chosen));
    URL.revokeObjectURL(source);
  }
  return { said };
}

/** A button, or a number key. @param {HTMLElement} view @returns {Promise<string>} */
function digit(view) {
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (/^[0-9]$/.test(event.key) && !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey) {
      /** @type {HTMLElement} */ (view.querySelector(`[data-do="${event.key}"]`)).click();
    }
  };
  document.addEventListener("keydown", key);
  return pressed(view).finally(() => document.removeEventListener("keydown", key));
}

/** @param {string} base64 */
function png(base64) {
  return new Blob([Uint8Array.from(window.atob(base64), (letter) => letter.charCodeAt(0))], {
    type: "image/png",
  });
}

async function card() {
  const view = show("card");
  const width = /** @type {HTMLInputElement} */ (view.querySelector("[data-card-width]"));
  const frame = /** @type {HTMLElement} */ (view.querySelector("[data-card]"));
  const draw = () => {
    frame.style.width = `${width.value}px`;
    frame.style.height = `${Number(width.value) * CARD_RATIO}px`;
  };
  width.oninput = draw;
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (view.querySelectorAll("[data-resize]"))) {
    button.onclick = () => {
      width.value = String(Number(width.value) + Number(button.dataset.resize));
      draw();
    };
  }
  draw();
  const fits = (await pressed(view)) === "fits";
  const ratio = window.devicePixelRatio || 1;
  return fits ? { px_per_mm: Number(width.value) / CARD_MM, ratio } : { px_per_mm: null };
}
