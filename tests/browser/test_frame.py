"""The trial's frame: surround, blank, locks, what is logged, undo, references held, nothing jumps."""

import itertools
import re
import statistics
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from studies.models import Answer, AnswerRevision, Study
from tests.browser import gallery
from tests.browser.clock import CLOCK
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, Visitor
from tests.browser.modules import Run
from tests.browser.walking import contents, onset, participant, start, thanked

pytestmark = pytest.mark.browser

GREYS = {"stage", "stage-raised", "stage-sunken"}


# --- the surround ---


def _contrast(one: int, other: int) -> float:
    """WCAG 2.2, of two greys."""
    shares = (level / 255 for level in sorted((one, other)))
    low, high = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return (high + 0.05) / (low + 0.05)


def test_text_on_every_grey_that_a_study_may_choose_has_4_5_to_1(run: Run) -> None:
    made = run("surround.js", "m => Array.from({length: 256}, (_, grey) => m.shades(grey))")
    for grey, shades in enumerate(made):
        assert shades["stage"] == grey
        assert all(0 <= level <= 255 for level in shades.values()), grey
        for ground in GREYS:
            assert _contrast(shades["stage-ink"], shades[ground]) >= 4.5, (grey, ground)
        for button in ("stage-button", "stage-button-hover"):
            assert _contrast(shades["stage-button-ink"], shades[button]) >= 4.5, (grey, button)
        assert _contrast(shades["stage-focus"], shades["stage-focus-halo"]) >= 4.5, grey


def test_ink_is_black_wherever_black_is_legible(run: Run) -> None:
    inks = run("surround.js", "m => Array.from({length: 256}, (_, g) => m.shades(g)['stage-ink'])")
    assert inks == [0 if _contrast(grey, 0) >= 4.5 else 255 for grey in range(256)]
    assert inks[128] == 0


def test_style_sheet_and_script_agree_on_the_default_grey(visitor: Visitor) -> None:
    page = visitor.page()
    page.goto(f"{visitor.site}/s/{gallery.study('two_up').public_id}/")
    sheet = page.evaluate(
        """async () => {
          const style = getComputedStyle(document.documentElement);
          const grey = (hex) => parseInt(hex.trim().slice(1, 3), 16);
          const names = ["stage", "stage-ink", "stage-rule", "stage-sunken", "stage-raised",
            "stage-button", "stage-button-hover", "stage-button-ink", "stage-focus", "stage-focus-halo"];
          return Object.fromEntries(names.map((n) => [n, grey(style.getPropertyValue("--" + n))]));
        }"""
    )
    assert sheet == page.evaluate(
        "async () => (await import('/static/js/surround.js')).shades(128)"
    )


@pytest.mark.parametrize(("grey", "ink"), [(40, 255), (200, 0)])
def test_study_chooses_the_grey_from_edge_to_edge(visitor: Visitor, grey: int, ink: int) -> None:
    study = gallery.study("two_up", trials_per_participant=1, surround=grey)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    for selector in ("body", ".stage"):
        found = page.locator(selector).evaluate("e => getComputedStyle(e).backgroundColor")
        assert found == f"rgb({grey}, {grey}, {grey})"
    colour = page.locator("[data-question]").evaluate("e => getComputedStyle(e).color")
    assert colour == f"rgb({ink}, {ink}, {ink})"


# --- time ---


def _times(page: Page, trials: int) -> list[float]:
    """Milliseconds from each press to the next trial's first paint."""
    for number in range(1, trials):
        onset(page, number)
        page.keyboard.press("ArrowLeft")
    onset(page, trials)
    clock: list[tuple[str, float]] = [(name, at) for name, at in page.evaluate("window.clock")]
    pairs = itertools.pairwise(clock)
    return sorted(b - a for (one, a), (two, b) in pairs if (one, two) == ("press", "painted"))


@pytest.mark.parametrize(("blank", "most"), [(0, 100), (250, 300)])
def test_from_press_to_the_next_paint_passes_the_blank_and_little_more(
    visitor: Visitor, blank: int, most: int
) -> None:
    study = gallery.study(
        "two_up", scenes=4, size=512, trials_per_participant=12, blank_ms=blank, minimum_view_ms=0
    )
    context = visitor.context(**DESKTOP)
    context.add_init_script(CLOCK)
    page = visitor.page(context)
    start(page, visitor.site, study)
    times = _times(page, 12)
    assert len(times) == 11
    assert times[0] >= blank
    assert statistics.median(times) <= most, times  # bench/onset.py measures the p95


def test_minimum_view_is_the_studys_own(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=2, minimum_view_ms=0)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    page.evaluate(
        """() => new MutationObserver((_, seen) => {
          if (document.querySelector("[data-painted]")) {
            seen.disconnect();
            document.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
          }
        }).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-painted"]})"""
    )
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b"]


# --- what is logged ---


def _viewings(study: Study) -> list[dict[str, Any]]:
    return [trial.answer.viewing for trial in participant(study).trials.order_by("position")]


def test_answer_tells_window_pixels_pointer_layout_and_what_disturbed(visitor: Visitor) -> None:
    study = gallery.study("two_up", size=96, trials_per_participant=3)
    page = visitor.page(**LAPTOP, device_scale_factor=1.25)
    start(page, visitor.site, study)
    page.set_viewport_size({"width": 1200, "height": 700})
    page.wait_for_function("innerWidth === 1200")
    # The page hears of it before the next frame is drawn.
    page.evaluate(
        "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
    )
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", {value: true, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
          delete document.hidden;
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    page.locator(".two-up__picture").nth(1).click()
    onset(page, 3)
    page.get_by_role("button", name="Left").focus()
    page.keyboard.press("Enter")
    thanked(page)
    first, second, third = _viewings(study)
    assert (first["layout"], first["window"], first["ratio"]) == ("side_by_side", [1366, 768], 1.25)
    assert first["scale"] == int(first["scale"]) >= 2
    assert [one["pointer"] for one in (first, second, third)] == ["keyboard", "mouse", "keyboard"]
    assert [event[1:] for event in first["events"]] == [["resize", 1200, 700], ["blur"]]
    assert [event[1] for event in second["events"]] == ["hidden", "visible"]
    assert second["window"] == [1200, 700]
    assert third["events"] == []


def test_log_of_a_restless_trial_is_bounded_and_says_what_it_dropped(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=1)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    page.evaluate("for (let i = 0; i < 450; i += 1) window.dispatchEvent(new Event('blur'))")
    page.keyboard.press("ArrowLeft")
    thanked(page)
    [seen] = _viewings(study)
    assert (len(seen["events"]), seen["dropped"]) == (200, 250)


# --- undo ---


def test_undo_shows_the_last_trial_again_and_keeps_both_answers(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=3)
    page = visitor.page(**DESKTOP)
    first = start_and_answer(page, visitor, study)
    page.get_by_role("button", name="Undo").click()
    assert onset(page, 1) == first
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    onset(page, 2)
    page.keyboard.press("ArrowLeft")
    onset(page, 3)
    page.keyboard.press("ControlOrMeta+z")
    onset(page, 2)
    page.keyboard.press("ArrowRight")
    onset(page, 3)
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["b", "b", "a"]
    undone = AnswerRevision.objects.order_by("trial__position")
    assert [(one.content["chosen"], one.undone) for one in undone] == [("a", True), ("a", True)]


def test_undo_then_reload_keeps_the_answer_that_was_given(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=2)
    page = visitor.page(**DESKTOP)
    start_and_answer(page, visitor, study)
    page.get_by_role("button", name="Undo").click()
    onset(page, 1)
    page.reload()
    page.get_by_role("button", name="Begin").click()
    onset(page, 2)
    page.keyboard.press("ArrowRight")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b"]
    assert Answer.objects.count() == 2


def test_undo_where_the_study_does_not_allow_it_is_not_there(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=2, allow_undo=False)
    page = visitor.page(**DESKTOP)
    start_and_answer(page, visitor, study)
    expect(page.locator("[data-undo]")).to_be_hidden()
    page.keyboard.press("ControlOrMeta+z")
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert AnswerRevision.objects.count() == 0


def start_and_answer(page: Page, visitor: Visitor, study: Study) -> str:
    """Answer the first trial with a; its id."""
    start(page, visitor.site, study)
    first = onset(page, 1)
    expect(page.locator("[data-undo]")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    return first


# --- references ---


@pytest.mark.parametrize("device", [DESKTOP, PHONE])
def test_reference_is_seen_in_place_of_the_pictures_as_long_as_it_is_held(
    visitor: Visitor, device: dict[str, Any]
) -> None:
    study = gallery.study("two_up", trials_per_participant=1, references_on_hold=True)
    page = visitor.page(**device)
    start(page, visitor.site, study)
    front = page.locator("[data-front]")
    button = page.get_by_role("button", name="Style: hold to see")
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    expect(front).to_be_hidden()
    button.hover()
    page.mouse.down()
    expect(front.locator("img")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(350)
    page.mouse.up()
    expect(front).to_be_hidden()
    assert Answer.objects.count() == 0, "nobody answers what they do not see"
    button.focus()
    page.keyboard.down(" ")
    expect(front.locator("img")).to_be_visible()
    page.wait_for_timeout(350)
    page.keyboard.up(" ")
    expect(front).to_be_hidden()
    button.click()
    expect(page.locator("[data-caption]")).to_have_text("Style")
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("ArrowLeft")
    thanked(page)
    [seen] = _viewings(study)
    assert {tuple(event[1:]) for event in seen["events"]} >= {("reference", 1)}


# --- nothing jumps ---


@pytest.mark.parametrize("device", [DESKTOP, LAPTOP, PHONE])
def test_pictures_stand_in_the_same_place_in_every_trial(
    visitor: Visitor, device: dict[str, Any]
) -> None:
    study = gallery.study("two_up", scenes=1, trials_per_participant=2)
    study.questions.model.objects.bulk_create(
        [study.questions.model(study=study, position=2, text=LONG_QUESTION)]
    )
    page = visitor.page(**device)
    start(page, visitor.site, study)
    places = []
    for number in range(1, 5):
        onset(page, number)
        places.append(
            page.evaluate(
                """() => [".stage__host", ".stage__references", ".two-up__foot", "[data-question]"]
                  .map((one) => document.querySelector(one).getBoundingClientRect())
                  .map((box) => [box.top, box.height])"""
            )
        )
        page.keyboard.press("ArrowLeft")
    thanked(page)
    hosts = [place[:3] for place in places]
    assert hosts == [hosts[0]] * 4
    asked = {trial.question.text for trial in participant(study).trials.select_related("question")}
    assert LONG_QUESTION in asked


LONG_QUESTION = (
    "Which of the two pictures keeps more of what the photograph shows, whatever you think of it?"
)


def test_picture_enlarged_by_a_whole_factor_is_not_blurred(visitor: Visitor) -> None:
    study = gallery.study("two_up", size=96, trials_per_participant=1)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    image = page.locator(".two-up__picture img").first
    natural, wide, rendering = image.evaluate(
        "i => [i.naturalWidth, i.getBoundingClientRect().width, getComputedStyle(i).imageRendering]"
    )
    assert wide / natural == int(wide / natural) >= 2
    assert rendering == "pixelated"
    assert re.fullmatch(r"\d:1", page.locator("[data-factor]").inner_text())
