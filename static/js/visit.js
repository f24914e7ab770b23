/** A visit from consent to thanks: which view is seen, and what is sent when. */

import { backoff, sleep } from "./backoff.js";
import { breakDue, debrief, rest, showExamples } from "./between.js";
import { describe } from "./demographics.js";
import { createEnlarge } from "./enlarge.js";
import { createLoader } from "./images.js";
import { practise } from "./practice.js";
import { createQueue } from "./queue.js";
import { showSaving } from "./saving.js";
import { screen } from "./screening.js";
import { keepSecret, secrets } from "./secret.js";
import { connect, Refused } from "./server.js";
import { createStage } from "./stage.js";
import { openStore } from "./store.js";
import { readTexts } from "./texts.js";
import { thank } from "./thanks.js";
import { pressed, show } from "./views.js";
import { offerWithdrawal } from "./withdraw.js";

/** @typedef {import("./stage.js").Trial} Trial */
/** @typedef {import("./images.js").Picture} Picture */
/** @typedef {{state: string, rules: {tie: boolean, none: boolean}, break_every: number, examples: Picture[], screening: boolean, demographics: boolean, trials: Trial[]}} State */
/** @typedef {import("./server.js").Server} Server */
/** @typedef {import("./queue.js").Queue} Queue */

const AHEAD = 2;
const text = readTexts();

/** @param {string} name @returns {any} */
const part = (name) => document.querySelector(`[data-${name}]`);

/** Ask until there is an answer, and say so meanwhile. @template T @param {() => Promise<T>} request @returns {Promise<T>} */
async function insist(request) {
  try {
    for (let failures = 1; ; failures += 1) {
      try {
        return await request();
      } catch (error) {
        if (error instanceof Refused) {
          throw error;
        }
        part("trouble").hidden = false;
        await sleep(backoff(failures));
      }
    }
  } finally {
    part("trouble").hidden = true;
  }
}

/** The secret that the server knows, with what it says. @param {string} visit @param {string} base */
async function enter(visit, base) {
  for (const secret of secrets(visit)) {
    const server = connect(base, secret);
    try {
      const state = /** @type {State} */ (await insist(server.state));
      keepSecret(visit, secret);
      await offerWithdrawal(document, secret, base);
      return { server, state };
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
  for (const [index, trial] of todo.entries()) {
    progress(state.trials, state.trials.length - todo.length + index, trial);
    loader.want(
      todo.slice(index, index + 1 + AHEAD).flatMap((each) => [...each.stimuli, ...each.references]),
    );
    /** @param {{content: object, reaction_ms: number | null}} answer */
    const store = (answer) => queue.add({ trial: trial.id, ...answer });
    if (!counts(trial)) {
      await practise(trial, stage.ask, store);
      continue;
    }
    const done = all.indexOf(trial);
    if (index > 0 && breakDue(done, state.break_every, all.length)) {
      await rest(done, all.length, text);
    }
    show("stage");
    await store(await stage.ask(trial));
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
  const { server } = entered;
  let { state } = entered;
  const queue = createQueue({
    visit,
    store: openStore(visit),
    send: server.answer,
    changed: showSaving(document, text),
  });
  keepTrying(queue);
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
  const loader = createLoader({ url: (address) => new URL(`../../i/${address}`, base) });
  if (state.state !== "finished") {
    showExamples(part("examples"), state.examples, loader, text);
    await instructions(state, queue);
  }
  const protocol = await insist(() => import(/** @type {string} */ (main.dataset.script)));
  const enlarge = createEnlarge(part("enlarge"), loader, text);
  const stage = createStage({ root: part("stage"), protocol, loader, rules: state.rules, enlarge, text });
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
