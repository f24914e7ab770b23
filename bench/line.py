"""Frames of the infinite rating scale: python bench/line.py

60 thumbnails of 160 px lie on the line of a served study in Debian's Chromium, at 1440 × 900. For 5 s one of them is
dragged to and fro, for 5 s the wheel zooms in and out, by the browser's own input, 60 times a second. A frame is the time
between two animation frames of the page. Medians of 3 runs; the load of the machine is told beside them.

Target, for drag and for zoom: median frame <= 17 ms, p95 <= 34 ms.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the site that the tests serve

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from tests.served import Site  # noqa: E402

PICTURES, PIXELS, SECONDS, RUNS = 60, 160, 5.0, 3
MEDIAN_TARGET, P95_TARGET = 17.0, 34.0
WIDTH, HEIGHT = 1440, 900
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

PREPARE = f"""
import hashlib
from django.core.files.base import ContentFile
from studies import lifecycle
from tests import factories
study = factories.StudyFactory(protocol="rating_scale", trials_per_participant=1)
def picture(seed):
    data = factories.png(seed, {PIXELS}, {PIXELS})
    return dict(data=data, sha256=hashlib.sha256(data).hexdigest(), width={PIXELS}, height={PIXELS})
def image(role, seed):
    return factories.ImageFactory(role=role, owner=study.owner, **picture(seed))
scene = factories.SceneFactory(owner=study.owner, content=image("content", 1), styles=[image("style", 2)])
study.scenes.add(scene)
study.recipes.set([factories.RecipeFactory(owner=study.owner, size={PIXELS}) for _ in range({PICTURES})])
for number, recipe in enumerate(study.recipes.all()):
    factories.RenderingFactory(scene=scene, recipe=recipe, **picture(10 + number))
study.questions.create(position=1)
lifecycle.open_study(study)
print(study.public_id)
"""
FRAMES = """() => {
  window.frames_ = [];
  let before = performance.now();
  const step = () => {
    const now = performance.now();
    window.frames_.push(now - before);
    before = now;
    window.going_ = requestAnimationFrame(step);
  };
  window.going_ = requestAnimationFrame(step);
}"""
ENOUGH = "() => { cancelAnimationFrame(window.going_); return window.frames_.slice(1); }"

Figures = tuple[float, float]  # median and 95th percentile, ms


def on_the_line(page: Page, site: Site, study: str) -> None:
    """From Start to the trial, then every picture put on the line by two clicks."""
    page.goto(f"http://127.0.0.1:{site.port}/s/{study}/")
    for button in ("Start", "I agree", "Begin"):
        page.get_by_role("button", name=button).click()
    page.locator("[data-painted]").wait_for()
    time.sleep(0.6)  # answers are locked for a moment
    field = page.locator("[data-field]").bounding_box()
    assert field
    for index in range(PICTURES):
        page.locator(f'.chip[data-index="{index}"]').click()
        share = 0.05 + 0.9 * ((index * 37) % PICTURES) / PICTURES
        page.mouse.click(field["x"] + share * field["width"], field["y"] + field["height"] - 12)
    page.get_by_text("All placed").wait_for()


def measured(page: Page, act: Callable[[float], None]) -> Figures:
    """`act` 60 times a second, told how many seconds have gone; the page's frames meanwhile."""
    page.evaluate(FRAMES)
    begun = time.perf_counter()
    for number in range(int(SECONDS * 60)):
        time.sleep(max(0.0, begun + number / 60 - time.perf_counter()))
        act(number / 60)
    frames = page.evaluate(ENOUGH)
    if len(frames) < SECONDS * 10:
        raise SystemExit(f"only {len(frames)} frames in {SECONDS:g} s")
    return statistics.median(frames), statistics.quantiles(frames, n=20)[18]


def drag(page: Page) -> Figures:
    box = page.locator('.piece[data-index="20"] img').bounding_box()
    assert box
    y = box["y"] + 10
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    figures = measured(
        page,
        lambda t: page.mouse.move(
            WIDTH / 2 + 0.4 * WIDTH * math.sin(2 * t), y + 60 * math.sin(3 * t)
        ),
    )
    page.mouse.up()
    return figures


def zoom(page: Page) -> Figures:
    page.get_by_role("button", name="Fit all").click()
    page.mouse.move(WIDTH / 2, 300)
    return measured(page, lambda t: page.mouse.wheel(0, -40 if math.sin(2.5 * t) > 0 else 40))


def run(site: Site, study: str) -> dict[str, Figures]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        on_the_line(page, site, study)
        figures = {"drag": drag(page), "zoom": zoom(page)}
        browser.close()
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    folder = ROOT / "var" / "bench" / "line"
    shutil.rmtree(folder, ignore_errors=True)
    site = Site(folder)
    folder.mkdir(parents=True)
    site.manage("migrate", "--verbosity", "0")
    site.manage("collectstatic", "--noinput", "-v", "0")
    study = site.script(PREPARE).strip()
    taken: list[dict[str, Figures]] = []
    try:
        site.start()
        for _ in range(runs):
            taken.append(run(site, study))
            shown = ", ".join(f"{name} {a:.1f} / {b:.1f} ms" for name, (a, b) in taken[-1].items())
            load = os.getloadavg()[0]
            print(f"{shown} (median / p95; load {load:.1f} on {os.cpu_count()} cores)", flush=True)
    finally:
        site.end()
    middle = {
        name: tuple(statistics.median(one[name][part] for one in taken) for part in (0, 1))
        for name in ("drag", "zoom")
    }
    passed = all(a <= MEDIAN_TARGET and b <= P95_TARGET for a, b in middle.values())
    told = ", ".join(f"{name} {a:.1f} ms, p95 {b:.1f} ms" for name, (a, b) in middle.items())
    print(
        f"{'ok' if passed else 'MISSED'}: median frame of {PICTURES} pictures: {told} "
        f"(targets {MEDIAN_TARGET:g}, {P95_TARGET:g} ms; medians of {runs})"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
