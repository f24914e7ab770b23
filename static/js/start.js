/** The start page: Start begins one visit however often it is pressed or its answer is lost. */

import { insist } from "./insist.js";
import { createQueue } from "./queue.js";
import { begun, drawSecret, secrets, visitOf } from "./secret.js";
import { begin, connect } from "./server.js";
import { openStore } from "./store.js";

const part = (/** @type {string} */ name) =>
  /** @type {any} */ (document.querySelector(`[data-${name}]`));
const study = String(part("study").dataset.study);
const form = /** @type {HTMLFormElement | null} */ (part("start-form"));

/** @param {string} address @param {string} sent @returns {Promise<string>} Where it goes on. */
async function start(address, sent) {
  const secret = await drawSecret(study, sent);
  const { visit } = await insist(() => begin(address, secret, sent));
  await begun(study, sent, visit, secret);
  return `${visit}#${secret}`;
}

/** @param {HTMLFormElement} element */
function listen(element) {
  const button = part("start");
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    part("refused").hidden = true;
    const sent = String(new URLSearchParams(/** @type {any} */ (new FormData(element))));
    try {
      window.location.assign(await start(element.action, sent));
    } catch (error) {
      part("refused").textContent = /** @type {Error} */ (error).message;
      part("refused").hidden = false;
      button.disabled = false;
    }
  });
  // Also when the page comes back out of the browser's history.
  window.addEventListener("pageshow", () => (button.disabled = false));
}

/** Lead back to the visit that was begun here, and send what it left. */
function leadBack() {
  const address = visitOf(study);
  if (!address) {
    return;
  }
  part("go-on-link").href = address;
  part("go-on").hidden = false;
  const visit = address.split("/")[2];
  const [secret] = secrets(visit);
  if (secret) {
    const server = connect(new URL(address, window.location.origin).href, secret);
    createQueue({ visit, store: openStore(visit), send: server.answer }).wake();
  }
}

if (form) {
  listen(form);
}
leadBack();
// What a panel put into the address lies in the form by now; the address is cleaned.
if (window.location.search) {
  window.history.replaceState(null, "", window.location.pathname);
}
