/** What the study wants to know about the participant: one form, sent once, errors beside fields. */

import { Refused } from "./server.js";
import { show } from "./views.js";

/**
 * @param {(answers: Record<string, string>) => Promise<any>} send  Tries again while nobody answers.
 */
export async function describe(send) {
  const view = show("demographics");
  const form = /** @type {HTMLFormElement} */ (view.querySelector("form"));
  for (;;) {
    await submitted(form);
    try {
      await send(filled(form));
      return;
    } catch (error) {
      if (!(error instanceof Refused) || !error.body?.fields) {
        throw error;
      }
      tell(form, error.body.fields);
    }
  }
}

/** @param {HTMLFormElement} form @returns {Promise<void>} */
function submitted(form) {
  return new Promise((resolve) => {
    form.onsubmit = (event) => {
      event.preventDefault();
      form.onsubmit = (again) => again.preventDefault();
      resolve();
    };
  });
}

/** @param {HTMLFormElement} form @returns {Record<string, string>} By label; what is empty is left out. */
function filled(form) {
  const said = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(said.filter(([, value]) => value.trim() !== ""));
}

/** @param {HTMLFormElement} form @param {Record<string, string>} wrong  A sentence by label. */
function tell(form, wrong) {
  const fields = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-field]")]);
  for (const field of fields) {
    const sentence = wrong[field.dataset.field ?? ""] ?? "";
    const error = /** @type {HTMLElement} */ (field.querySelector("[data-error]"));
    error.textContent = sentence;
    error.hidden = !sentence;
    for (const control of field.querySelectorAll("input, select")) {
      control.setAttribute("aria-invalid", String(Boolean(sentence)));
    }
  }
  const first = fields.find((field) => wrong[field.dataset.field ?? ""]);
  /** @type {HTMLElement | null | undefined} */ (first?.querySelector("input, select"))?.focus();
}
