/**
 * The trial's frame, the same for every protocol: pictures ready and decoded before anything is
 * seen, all painted in one frame, answers locked for a moment, then a blank.
 */

import { sleep } from "./backoff.js";
import { place } from "./fit.js";
import { pressed } from "./views.js";

const BLANK_MS = 250;
const MINIMUM_VIEW_MS = 400;
const SLOW_MS = 700;

/**
 * @typedef {object} Trial
 * @property {string} id
 * @property {"practice" | "scene" | "agreement"} kind
 * @property {{text: string, low_label: string, high_label: string}} question
 * @property {import("./images.js").Picture[]} stimuli
 * @property {import("./images.js").Picture[]} references
 * @property {boolean} answered
 */

/**
 * What a protocol's module is given. It exports `mount(showing)`, which fills `root` while it is
 * still invisible and returns `{layout?(), remove?()}`; `layout` runs before onset and on resize.
 *
 * @typedef {object} Showing
 * @property {HTMLElement} root  A fresh copy of the protocol's template, in the page.
 * @property {Trial} trial
 * @property {{tie: boolean, none: boolean}} rules
 * @property {(picture: import("./images.js").Picture) => HTMLImageElement} element
 * @property {(content: object) => void} answer  Ignored while answers are locked.
 * @property {() => number} elapsed  Milliseconds since first paint.
 * @property {() => boolean} open  Whether answers count now: painted, unlocked, nothing in front.
 * @property {(pictures: import("./images.js").Picture[], index: number) => void} enlarge
 * @property {(words: string) => void} say  Spoken to those who listen to the page.
 * @property {import("./texts.js").Text} text
 * @property {number | null} [distance_cm]  Viewing distance, where the visit knows it.
 */

/**
 * @param {object} options
 * @param {HTMLElement} options.root  The stage's section.
 * @param {{mount: (showing: Showing) => {layout?: () => void, remove?: () => void}}} options.protocol
 * @param {import("./images.js").Loader} options.loader
 * @param {{tie: boolean, none: boolean}} options.rules
 * @param {Showing["enlarge"]} options.enlarge
 * @param {import("./texts.js").Text} options.text
 */
export function createStage({ root, protocol, loader, rules, enlarge, text }) {
  const part = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-${name}]`));
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("template[data-trial]"));
  const host = part("trial-host");

  /** @param {Trial} trial @returns {Promise<"ready" | "skip">} */
  const ready = async (trial) => {
    for (;;) {
      const slow = setTimeout(() => (part("loading").hidden = false), SLOW_MS);
      const loaded = await loader.load([...trial.stimuli, ...trial.references]).then(
        () => true,
        () => false,
      );
      clearTimeout(slow);
      part("loading").hidden = true;
      if (loaded) {
        return "ready";
      }
      if ((await failure(part("failed"))) === "skip") {
        return "skip";
      }
    }
  };

  /** @param {Trial} trial */
  const head = (trial) => {
    part("question").textContent = trial.question.text;
    part("agreement").hidden = trial.kind !== "agreement";
    part("practice").hidden = trial.kind !== "practice";
  };

  /** @param {Trial} trial */
  const references = (trial) => {
    const shown = trial.kind === "agreement" ? [] : trial.references;
    part("references").replaceChildren(
      ...shown.map((picture, index) => {
        const button = /** @type {HTMLElement} */ (
          part("reference-template").content.firstElementChild.cloneNode(true)
        );
        const name = text(picture.role === "style" ? "style" : "photo");
        button.querySelector("[data-name]").textContent = name;
        button.querySelector("[data-box]").append(loader.element(picture));
        button.addEventListener("click", () => enlarge(shown, index));
        return button;
      }),
    );
  };

  /** Every box of a reference is as high as the style sheet says. */
  const layoutReferences = () => {
    for (const box of part("references").querySelectorAll("[data-box]")) {
      const height = box.clientHeight;
      place(box.querySelector("img"), { width: 2 * height, height });
    }
  };

  /**
   * Show one trial and wait for its answer.
   *
   * @param {Trial} trial
   * @returns {Promise<{content: object, reaction_ms: number | null}>}
   */
  const ask = async (trial) => {
    head(trial);
    const blank = sleep(BLANK_MS);
    if ((await ready(trial)) === "skip") {
      return { content: { chosen: "skip" }, reaction_ms: null };
    }
    const shown = document.createElement("div");
    shown.className = "trial";
    shown.dataset.hidden = "";
    shown.append(template.content.cloneNode(true));
    host.replaceChildren(shown);
    references(trial);
    part("references").dataset.hidden = "";

    let onset = Infinity;
    let settle = (/** @type {object} */ _content) => {};
    const answered = new Promise((resolve) => {
      settle = resolve;
    });
    const open = () =>
      performance.now() - onset >= MINIMUM_VIEW_MS && !document.querySelector("dialog[open]");
    const mounted = protocol.mount({
      root: shown,
      trial,
      rules,
      element: loader.element,
      answer: (content) => open() && settle(content),
      open,
      elapsed: () => performance.now() - onset,
      enlarge,
      say: (words) => (part("say").textContent = words),
      text,
    });
    const layout = () => {
      layoutReferences();
      mounted.layout?.();
    };
    layout();
    await Promise.all([...root.querySelectorAll("img")].map((image) => image.decode().catch(() => {})));
    await blank;
    layout();
    delete shown.dataset.hidden;
    delete part("references").dataset.hidden;
    const resized = new ResizeObserver(layout);
    resized.observe(host);
    await painted();
    onset = performance.now();
    root.dataset.painted = trial.id;

    const content = await answered;
    const reaction = performance.now() - onset;
    resized.disconnect();
    mounted.remove?.();
    delete root.dataset.painted;
    shown.dataset.hidden = "";
    part("references").dataset.hidden = "";
    part("say").textContent = "";
    return { content, reaction_ms: Math.round(reaction * 10) / 10 };
  };

  return { ask };
}

/** The second frame's callback runs after the first frame was painted. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  });
}

/** @param {HTMLElement} panel @returns {Promise<string>} "retry" or "skip" */
async function failure(panel) {
  panel.hidden = false;
  /** @type {HTMLElement} */ (panel.querySelector("[data-do=retry]")).focus();
  const choice = await pressed(panel);
  panel.hidden = true;
  return choice;
}
