/** A visit from consent to thanks: which view is seen, and what is sent when. */

import { sleep } from "./backoff.js";
import { breakDue, debrief, rest, showExamples } from "./between.js";
import { describe } from "./demographics.js";
import { createEnlarge } from "./enlarge.js";
import { createLoader } from "./images.js";
import { insist } from "./insist.js";
import { offerLink } from "./link.js";
import { createLog, surroundings } from "./log.js";
import { practise } from "./practice.js";
import { createQueue } from "./queue.js";
import { showSaving } from "./saving.js";
import { screen } from "./screening.js";
import { keepSecret, secrets } from "./secret.js";
import { connect, Refused } from "./server.js";
import { createStage } from "./stage.js";
import { openStore } from "./store.js";
import { paintSurround } from "./surround.js";
import { readTexts } from "./texts.js";
import { thank } from "./thanks.js";
import { pressed, show } from "./views.js";
import { offerWithdrawal } from "./withdraw.js";

/** @typedef {import("./stage.js").Trial} Trial */
/** @typedef {import("./images.js").Picture} Picture */
/** @typedef {{state: string, rules: {tie: boolean, none: boolean}, frame: import("./stage.js").Frame, break_every: number, examples: Picture[], screening: boolean, demographics: boolean, trials: Trial[]}} State */
/** @typedef {import("./server.js").Server} Server */
/** @typedef {import("./queue.js").Queue} Queue */

const AHEAD = 2;
const text = readTexts();

/** @param {string} name @returns {any} */
const part = (name) => document.querySelector(`[data-${name}]`);

/** The secret that the server knows, with what it says. @param {string} visit @param {string} base */
async function enter(visit, base) {
  for (const secret of secrets(visit)) {
    const server = connect(base, secret);
    try {
      const state = /** @type {State} */ (await insist(server.state));
      keepSecret(visit, secret);
      await offerWithdrawal(document, visit, secret, base);
      return { server, state, link: `${base}#${secret}` };
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error;
      }
    }
  }
  return null;
}

/** @param {Server} server @param {State} state @returns {Promise<State>} */
async function consent(server, state) {
  const agree = (await pressed(show("consent"))) === "agree";
  const { state: now } = await insist(() => server.consent(agree));
  return now === "consented" ? insist(server.state) : { ...state, state: now };
}

/** The checks of eyes and screen, if any are due. @param {Server} server @param {State} state @returns {Promise<State>} */
async function admit(server, state) {
  for (let now = state; ; now = await insist(server.state)) {
    if (!now.screening) {
      return now;
    }
    await screen(() => insist(server.check), (result) => insist(() => server.checked(result)), text);
  }
}

/** @param {State} state @param {Queue} queue */
async function instructions(state, queue) {
  const waiting = await queue.trials();
  const all = state.trials.filter(counts);
  const done = all.filter((trial) => trial.answered || waiting.has(trial.id)).length;
  if (done >= all.length) {
    return;
  }
  part("welcome").hidden = done > 0;
  part("welcome-back").hidden = done === 0;
  part("done-so-far").textContent = text("doneSoFar", { done, all: all.length });
  await pressed(show("instructions"));
}

/** @param {Trial} trial */
const counts = (trial) => trial.kind !== "practice";

/** @param {Trial[]} trials @param {number} done @param {Trial} trial */
function progress(trials, done, trial) {
  const alike = trials.filter((each) => counts(each) === counts(trial));
  const at = alike.indexOf(trial) + 1;
  part("progress").textContent = text("progress", { at, all: alike.length });
  part("progress-bar").max = trials.length;
  part("progress-bar").value = done;
}

/**
 * Ask every trial that has no answer here or there.
 *
 * @param {ReturnType<typeof createStage>} stage
 * @param {import("./images.js").Loader} loader
 * @param {State} state
 * @param {Queue} queue
 */
async function askAll(stage, loader, state, queue) {
  const waiting = await queue.trials();
  const todo = state.trials.filter((trial) => !trial.answered && !waiting.has(trial.id));
  const all = state.trials.filter(counts);
  /** UUIDs of the answers given here; those taken back stay beside the new ones. @type {Map<Trial, string>} */
  const given = new Map();
  /** Breaks taken: one that is gone back over is not taken again. @type {Set<number>} */
  const rested = new Set();
  for (let index = 0; index < todo.length; ) {
    const [trial, before] = [todo[index], todo[index - 1]];
    progress(state.trials, state.trials.length - todo.length + index, trial);
    const kept = [...todo.slice(index, index + 1 + AHEAD), ...(before ? [before] : [])];
    loader.want(kept.flatMap((each) => [...each.stimuli, ...each.references]));
    const undoes = given.get(trial);
    /** @param {{content: object, reaction_ms: number | null}} answer */
    const store = async (answer) => {
      given.set(trial, await queue.add({ trial: trial.id, ...answer, ...(undoes && { undoes }) }));
    };
    if (!counts(trial)) {
      await practise(trial, stage.ask, store);
      index += 1;
      continue;
    }
    const done = all.indexOf(trial);
    if (index > 0 && !rested.has(done) && breakDue(done, state.break_every, all.length)) {
      rested.add(done);
      await rest(done, all.length, text);
    }
    show("stage");
    const answer = await stage.ask(trial, Boolean(before) && counts(before) && !undoes);
    if (answer) {
      await store(answer);
    }
    index += answer ? 1 : -1;
  }
  loader.want([]);
}

/** All answers to the server, then its thanks. @param {Server} server @param {Queue} queue @returns {Promise<any>} null: trials are missing */
async function deliver(server, queue) {
  show("sending");
  await queue.flushed();
  try {
    return await insist(server.finish);
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 409) {
      throw error;
    }
  }
  const { refused } = queue.status();
  if (refused.length > 0) {
    part("reasons").replaceChildren(
      ...refused.map(({ reason }) => Object.assign(document.createElement("li"), { textContent: reason })),
    );
    const choice = await pressed(show("refused"));
    await queue.forgetRefused();
    for (const { trial } of choice === "skip" ? refused : []) {
      await queue.add({ trial, content: { chosen: "skip" }, reaction_ms: null });
    }
  } else {
    await sleep(1000);
  }
  return null;
}

/** What leaves this page: the answers, and after them what is told about them. @param {string} visit @param {Server} server */
function createOutbox(visit, server) {
  const queue = createQueue({
    visit,
    store: openStore(visit),
    send: server.answer,
    changed: showSaving(document, text),
    refused: (trial, { status, message }) => log.note("refused", { trial, status, reason: message }),
  });
  const log = createLog({ visit, answers: queue, send: server.event });
  keepTrying(queue);
  return { queue, log };
}

/** @param {HTMLElement} main */
async function walk(main) {
  show("loading");
  const visit = /** @type {string} */ (main.dataset.visit);
  const base = new URL(window.location.pathname, window.location.origin).href;
  const entered = await enter(visit, base);
  if (!entered) {
    show("lost");
    return;
  }
  const { server, link } = entered;
  let { state } = entered;
  const { queue, log } = createOutbox(visit, server);
  offerLink(part("own-link"), link, text);
  if (state.state === "started") {
    state = await consent(server, state);
  }
  if (state.state === "declined") {
    show("declined");
    return;
  }
  state = await admit(server, state);
  if (state.state === "screened") {
    show("screened");
    return;
  }
  const loader = createLoader({
    url: (address) => new URL(`../../i/${address}`, base),
    failed: ({ address }, reason) => log.note("picture_failed", { address, reason }),
  });
  if (state.state !== "finished") {
    log.note("opened", surroundings());
    queue.lasts().then((lasts) => lasts || log.note("memory"));
    showExamples(part("examples"), state.examples, loader, text);
    await instructions(state, queue);
  }
  const protocol = await insist(() => import(/** @type {string} */ (main.dataset.script)));
  const enlarge = createEnlarge(part("enlarge"), loader, text);
  const questions = state.trials.map((trial) => trial.question.text);
  const { rules, frame } = state;
  paintSurround(frame.surround);
  const stage = createStage({ root: part("stage"), protocol, loader, rules, frame, questions, enlarge, text });
  for (;;) {
    if (state.state !== "finished") {
      await askAll(stage, loader, state, queue);
      if (state.demographics) {
        await describe((answers) => insist(() => server.demographics(answers)));
      }
    }
    const finished = await deliver(server, queue);
    if (finished) {
      await debrief(finished.debriefing);
      thank(show("thanks"), finished, text);
      return;
    }
    state = await admit(server, await insist(server.state));
    if (state.state === "screened") {
      show("screened");
      return;
    }
  }
}

/** Send what an earlier page left, and again whenever the connection may be back. @param {Queue} queue */
function keepTrying(queue) {
  queue.wake();
  window.addEventListener("online", queue.wake);
  document.addEventListener("visibilitychange", () => document.hidden || queue.wake());
  window.addEventListener("beforeunload", (event) => {
    const { state, pending, durable } = queue.status();
    if (pending > 0 && (state === "waiting" || !durable)) {
      event.preventDefault();
    }
  });
}

walk(part("visit")).catch((error) => {
  show("broken").querySelector("[data-reason]").textContent = String(error.message ?? error);
  // Seen by tests and by whoever opens the console; nothing is sent anywhere.
  console.error(error);
});
