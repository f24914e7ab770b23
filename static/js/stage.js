/**
 * The trial's frame, the same for every protocol: pictures ready and decoded before anything is
 * seen, all painted in one frame, answers locked for a moment, then a blank.
 */

import { sleep } from "./backoff.js";
import { createReferences } from "./references.js";
import { watch } from "./viewing.js";
import { pressed } from "./views.js";

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
 * How the study wants every trial shown.
 *
 * @typedef {object} Frame
 * @property {number} surround  Grey, 0 to 255.
 * @property {number} blank_ms
 * @property {number} minimum_view_ms  From the first paint; no answer counts before.
 * @property {"stacked" | "flip"} phone
 * @property {boolean} hold  References are seen while a button is held, not above the pictures.
 * @property {boolean} undo
 */

/**
 * What a protocol's module is given. It exports `mount(showing)`, which fills `root` while it is
 * still invisible and returns `{layout?(), shown?(), remove?()}`; `layout` runs before onset and on
 * resize, `shown` says at onset how it stands on the screen: `{layout, scale}`.
 *
 * @typedef {object} Showing
 * @property {HTMLElement} root  A fresh copy of the protocol's template, in the page.
 * @property {Trial} trial
 * @property {{tie: boolean, none: boolean}} rules
 * @property {Frame} frame
 * @property {(picture: import("./images.js").Picture) => HTMLImageElement} element
 * @property {(content: object) => void} answer  Ignored while answers are locked.
 * @property {() => number} elapsed  Milliseconds since first paint.
 * @property {() => boolean} open  Whether answers count now: painted, unlocked, nothing in front.
 * @property {(pictures: import("./images.js").Picture[], index: number) => void} enlarge
 * @property {(name: string, ...numbers: number[]) => void} note  Into the trial's log.
 * @property {(words: string) => void} say  Spoken to those who listen to the page.
 * @property {import("./texts.js").Text} text
 * @property {number | null} [distance_cm]  Viewing distance, where the visit knows it.
 */

/**
 * @param {object} options
 * @param {HTMLElement} options.root  The stage's section.
 * @param {{mount: (showing: Showing) => {layout?: () => void, shown?: () => object, remove?: () => void}}} options.protocol
 * @param {import("./images.js").Loader} options.loader
 * @param {{tie: boolean, none: boolean}} options.rules
 * @param {Frame} options.frame
 * @param {string[]} options.questions  All that will be asked: the longest one sets the room.
 * @param {Showing["enlarge"]} options.enlarge
 * @param {import("./texts.js").Text} options.text
 */
export function createStage({ root, protocol, loader, rules, frame, questions, enlarge, text }) {
  const part = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-${name}]`));
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("template[data-trial]"));
  const host = part("trial-host");
  const undo = part("undo");
  const references = createReferences({
    row: part("references"),
    front: part("front"),
    template: /** @type {HTMLTemplateElement} */ (part("reference-template")),
    hold: frame.hold,
    loader,
    enlarge,
    text,
  });
  part("question-room").append(...[...new Set(questions)].map(room));
  /** When the pictures before went, or the stage came. @type {number | undefined} */
  let cleared;

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

  /** Wait until the trial is answered, or the last one is wanted back. @param {boolean} undoable */
  const answering = (undoable) => {
    let settle = (/** @type {object | null} */ _content) => {};
    const answered = new Promise((resolve) => {
      settle = resolve;
    });
    let undone = false;
    const goBack = () => {
      undone = undoable && frame.undo;
      if (undone) {
        settle(null);
      }
    };
    undo.hidden = !frame.undo;
    undo.dataset.idle = String(!undoable);
    undo.onclick = goBack;
    const heard = new AbortController();
    // On the window, after the protocol's own listeners: it may have undone something of its own.
    window.addEventListener(
      "keydown",
      (event) => {
        const pressed = event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
        if (pressed && !event.defaultPrevented) {
          goBack();
        }
      },
      { signal: heard.signal },
    );
    return { settle, answered: answered.finally(() => heard.abort()), undone: () => undone };
  };

  /**
   * Show one trial and wait for its answer.
   *
   * @param {Trial} trial
   * @param {boolean} [undoable]  Whether there is an answer before this one to take back.
   * @returns {Promise<{content: object, reaction_ms: number | null, viewing?: object} | null>}
   *   null: the last answer is wanted back.
   */
  const ask = async (trial, undoable = false) => {
    head(trial);
    cleared ??= performance.now();
    const blank = sleep(frame.blank_ms - (performance.now() - cleared));
    const { settle, answered, undone } = answering(undoable);
    if ((await ready(trial)) === "skip") {
      settle({});
      return { content: { chosen: "skip" }, reaction_ms: null };
    }
    const shown = document.createElement("div");
    shown.className = "trial";
    shown.dataset.hidden = "";
    shown.append(template.content.cloneNode(true));
    host.replaceChildren(shown);
    /** @type {ReturnType<typeof watch> | undefined} */
    let viewing;
    /** @type {Showing["note"]} */
    const note = (name, ...numbers) => viewing?.note(name, ...numbers);
    references.fill(trial.kind === "agreement" ? [] : trial.references, note);
    part("references").dataset.hidden = "";

    let onset = Infinity;
    const open = () =>
      performance.now() - onset >= frame.minimum_view_ms &&
      !references.held() &&
      !document.querySelector("dialog[open]");
    const mounted = protocol.mount({
      root: shown,
      trial,
      rules,
      frame,
      element: loader.element,
      answer: (content) => open() && settle(content),
      open,
      elapsed: () => performance.now() - onset,
      enlarge(pictures, index) {
        note("enlarge", index);
        enlarge(pictures, index);
      },
      note,
      say: (words) => (part("say").textContent = words),
      text,
    });
    const layout = () => {
      references.layout();
      mounted.layout?.();
    };
    layout();
    await Promise.all([...root.querySelectorAll("img")].map((image) => image.decode().catch(() => {})));
    await blank;
    if (undone()) {
      // Taken back before this trial was seen: it is not shown for a moment either.
      mounted.remove?.();
      return null;
    }
    layout();
    delete shown.dataset.hidden;
    delete part("references").dataset.hidden;
    const resized = new ResizeObserver(layout);
    resized.observe(host);
    await painted();
    onset = performance.now();
    viewing = watch(mounted.shown?.());
    root.dataset.painted = trial.id;

    const content = await answered;
    cleared = performance.now();
    const log = viewing.end();
    resized.disconnect();
    mounted.remove?.();
    delete root.dataset.painted;
    shown.dataset.hidden = "";
    part("references").dataset.hidden = "";
    part("say").textContent = "";
    if (content === null) {
      return null;
    }
    return { content, reaction_ms: Math.round((cleared - onset) * 10) / 10, viewing: log };
  };

  return { ask };
}

/** Takes the room of a question, unseen, so that no trial's pictures stand higher. @param {string} words */
function room(words) {
  const line = Object.assign(document.createElement("p"), { textContent: words });
  line.setAttribute("aria-hidden", "true");
  return line;
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
