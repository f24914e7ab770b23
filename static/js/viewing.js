/** How a trial is seen: window, pixels, pointer, and what disturbs it, told beside the answer. */

const MOST_EVENTS = 200;

/**
 * Watch from now, the first paint, until `end`. Times are milliseconds since then.
 *
 * @param {Record<string, any>} [shown]  What the protocol says of itself: layout, scale.
 * @returns {{note: Note, end: () => Record<string, any>}} `end` gives the log, as the server reads it.
 */
export function watch(shown = {}) {
  const onset = performance.now();
  const heard = new AbortController();
  const round = (/** @type {number} */ value) => Math.round(value * 1000) / 1000;
  const log = {
    ...shown,
    window: [window.innerWidth, window.innerHeight],
    ratio: round(window.devicePixelRatio),
    pinch: round(window.visualViewport?.scale ?? 1),
    pointer: /** @type {string | undefined} */ (undefined),
    events: /** @type {(string | number)[][]} */ ([]),
    dropped: 0,
  };
  /** @callback Note @param {string} name @param {...number} numbers @returns {void} */
  /** @type {Note} */
  const note = (name, ...numbers) => {
    if (log.events.length < MOST_EVENTS) {
      log.events.push([round(performance.now() - onset), name, ...numbers.map(round)]);
    } else {
      log.dropped += 1;
    }
  };

  let { ratio, pinch } = log;
  const measure = () => {
    if (round(window.devicePixelRatio) !== ratio) {
      ratio = round(window.devicePixelRatio);
      note("ratio", ratio);
    }
    const now = round(window.visualViewport?.scale ?? 1);
    if (now !== pinch) {
      pinch = now;
      note("pinch", pinch);
    }
  };
  /** @param {EventTarget | null | undefined} target @param {string} name @param {(event: any) => void} listener */
  const hear = (target, name, listener) =>
    target?.addEventListener(name, listener, { signal: heard.signal, capture: true, passive: true });
  hear(document, "visibilitychange", () => note(document.hidden ? "hidden" : "visible"));
  hear(window, "blur", (event) => event.target === window && note("blur"));
  hear(window, "focus", (event) => event.target === window && note("focus"));
  hear(window, "resize", () => {
    note("resize", window.innerWidth, window.innerHeight);
    measure();
  });
  hear(window.visualViewport, "resize", measure);
  hear(window, "pointerdown", (event) => (log.pointer = event.pointerType || undefined));
  hear(window, "keydown", () => (log.pointer = "keyboard"));
  if (document.hidden) {
    note("hidden");
  }

  return {
    note,
    end() {
      heard.abort();
      return log;
    },
  };
}
