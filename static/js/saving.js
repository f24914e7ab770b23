/** The quiet save state in the corner: seen when something waits, silent when all is well. */

const SLOW_MS = 500;

/**
 * @param {ParentNode} root  `data-saving` takes the state in one line, `data-warning` what the
 *   participant should know: answers in memory only, answers refused.
 * @param {import("./texts.js").Text} text
 * @returns {(status: import("./queue.js").Status) => void}
 */
export function showSaving(root, text) {
  const lines = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-saving]")]);
  const warnings = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-warning]")]);
  let timer = 0;
  /** @param {string} words @param {string} state */
  const write = (words, state) => {
    for (const line of lines) {
      line.dataset.state = state;
      if (line.textContent !== words) {
        line.textContent = words;
      }
    }
  };
  let used = false;
  return (status) => {
    clearTimeout(timer);
    used ||= status.pending > 0;
    const n = status.pending;
    if (status.state === "waiting") {
      write(text(navigator.onLine ? "retrying" : "offline", { n }), "waiting");
    } else if (status.state === "saving") {
      // A save that takes no time is not worth a word: the line would flicker at every answer.
      timer = window.setTimeout(() => write(text("saving"), "saving"), SLOW_MS);
    } else if (used) {
      write(text("saved"), "saved");
    }
    const words = [];
    if (!status.durable) {
      words.push(text("memory"));
    }
    if (status.refused.length > 0) {
      const reason = status.refused[status.refused.length - 1].reason;
      words.push(text("refused", { n: status.refused.length, reason }));
    }
    for (const warning of warnings) {
      warning.textContent = words.join(" ");
      warning.hidden = words.length === 0;
    }
  };
}
