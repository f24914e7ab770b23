"""When every trial was pressed and painted, on the page's own clock: for tests and bench/onset.py."""

CLOCK = """
  window.clock = [];
  addEventListener("keydown", (e) => e.isTrusted && clock.push(["press", e.timeStamp]), true);
  new MutationObserver(() => {
    if (document.querySelector("[data-painted]")) clock.push(["painted", performance.now()]);
  }).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-painted"]});
"""
