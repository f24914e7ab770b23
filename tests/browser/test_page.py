"""What every page keeps to: one copy of each script, pictures ahead of time, onset in one frame."""

import re
from collections import Counter
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request, expect

from studies.lifecycle import close, preview
from tests.browser import gallery
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.walking import onset, start, thanked

pytestmark = pytest.mark.browser

# Every picture's visibility in every frame, from the very beginning.
WATCH = """
  window.frames_seen = [];
  const look = () => {
    const images = [...document.querySelectorAll(".trial img, .reference img")];
    window.frames_seen.push(images.filter((i) => getComputedStyle(i).visibility === "visible"
      && i.complete && i.naturalWidth > 0).length);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""


def test_every_script_is_loaded_once_under_its_hashed_name(visitor: Visitor) -> None:
    study = gallery.study("rating_scale", trials_per_participant=1)
    page = visitor.page(**DESKTOP)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(urlsplit(request.url).path))
    page.get_by_role("button", name="Start").click()
    for name in ("I agree", "Begin"):
        page.get_by_role("button", name=name).click()
    onset(page)
    scripts = [path for path in loaded if path.endswith(".js")]
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", path) for path in scripts)
    names = Counter(re.sub(r"\.[0-9a-f]{12}", "", path) for path in scripts)
    assert set(names.values()) == {1}
    assert "/static/js/trial/rating_scale.js" in names
    assert "/static/js/trial/two_up.js" not in names


def test_pictures_come_ahead_and_all_appear_in_one_frame(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=4)
    context = visitor.context(**DESKTOP)
    context.add_init_script(WATCH)
    page = visitor.page(context)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(_picture(request)))
    start(page, visitor.site, study)
    page.wait_for_load_state("networkidle")
    trials = list(study.participants.get().trials.order_by("position"))
    ahead = {address for trial in trials[:3] for address in trial.addresses}
    assert ahead <= set(fetched)
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    shown = page.evaluate("window.frames_seen")
    assert set(shown) == {0, 4}, "two stimuli and two references, or nothing"


def test_pictures_of_one_trial_differ_in_nothing_but_their_pixels(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=1)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    boxes = [page.locator(".two-up__picture img").nth(n).bounding_box() for n in (0, 1)]
    assert boxes[0]
    assert boxes[1]
    assert (boxes[0]["width"], boxes[0]["height"]) == (boxes[1]["width"], boxes[1]["height"])
    assert boxes[0]["y"] == boxes[1]["y"]
    markup = [page.locator(".two-up__picture img").nth(n).evaluate(_ATTRIBUTES) for n in (0, 1)]
    assert markup[0] == markup[1]


def test_surround_is_neutral_grey_and_its_text_dark_enough(visitor: Visitor) -> None:
    study = gallery.study("rating_scale", trials_per_participant=1)
    page = visitor.page(**DESKTOP, color_scheme="dark")
    start(page, visitor.site, study)
    body = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert body == "rgb(128, 128, 128)"
    for selector in ("[data-question]", "[data-progress]", ".scale__end--low", "[data-left]"):
        ink, ground = page.locator(selector).evaluate(_COLOURS)
        assert _contrast(ink, ground) >= 4.5, selector


def test_targets_on_a_phone_are_44_pixels_or_more(visitor: Visitor) -> None:
    for protocol in ("two_up", "single_choice", "rating_scale"):
        study = gallery.study(protocol, trials_per_participant=1, allow_tie=True, allow_none=True)
        page = visitor.page(**PHONE)
        start(page, visitor.site, study)
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, [role=radio]")]
                 .filter((b) => b.checkVisibility({visibilityProperty: true}))
                 .map((b) => [b.className, b.getBoundingClientRect()])
                 .filter(([, r]) => r.width < 44 || r.height < 44).map(([name]) => name)"""
        )
        assert small == [], protocol
        page.close()


def test_preview_says_that_nothing_is_counted(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=1)
    page = visitor.page(**DESKTOP)
    page.goto(visitor.site + preview(study))
    expect(page.get_by_text("Preview: nothing is counted")).to_be_visible()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Begin").click()
    onset(page)
    page.keyboard.press("ArrowLeft")
    thanked(page)


def test_closed_study_offers_no_start(visitor: Visitor) -> None:
    study = gallery.study("two_up")
    close(study)
    page = visitor.page(**PHONE)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    expect(page.get_by_text("This study is closed")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_start_page_without_javascript_says_what_is_needed_and_starts_nothing(
    visitor: Visitor,
) -> None:
    study = gallery.study("two_up")
    page = visitor.page(**PHONE, java_script_enabled=False)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    expect(page.locator("noscript .notice")).to_contain_text("needs JavaScript")
    expect(page.get_by_role("button", name="Start")).to_be_disabled()


_ATTRIBUTES = (
    "i => i.getAttributeNames().filter((n) => n !== 'src').map((n) => [n, i.getAttribute(n)])"
)
_COLOURS = """element => {
  let ground = element;
  while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
  return [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
}"""


def _picture(request: Request) -> str:
    path = PurePosixPath(urlsplit(request.url).path)
    return path.name if path.parent.name == "i" else ""


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1.4.3."""

    def luminance(colour: str) -> float:
        channels = [int(c) / 255 for c in re.findall(r"\d+", colour)[:3]]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)
