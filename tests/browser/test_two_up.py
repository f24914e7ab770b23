"""Two-up beyond a click: one magnifier for both pictures, and pictures that share a place."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from studies.models import Answer, Study
from tests.browser import gallery
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, Visitor
from tests.browser.modules import Run
from tests.browser.test_touch import Fingers
from tests.browser.walking import contents, onset, participant, start, thanked

pytestmark = pytest.mark.browser
Seen = dict[str, float]
LOOK = """() => [...document.querySelectorAll("[data-window]")].map((frame) => {
  const box = frame.getBoundingClientRect();
  const image = frame.firstElementChild.getBoundingClientRect();
  return {left: box.left, top: box.top, width: box.width, height: box.height,
    wide: image.width, high: image.height, x: box.left - image.left, y: box.top - image.top,
    natural: frame.firstElementChild.naturalWidth};
})"""


def look(page: Page) -> list[Seen]:
    """What is seen of each picture: its window, and where in the zoomed picture that lies."""
    return [dict(one) for one in page.evaluate(LOOK)]


def _same_part(page: Page) -> Seen:
    a, b = look(page)
    for name in ("width", "height", "wide", "high"):
        assert a[name] == b[name], name
    assert (a["x"], a["y"]) == pytest.approx((b["x"], b["y"]), abs=0.01)
    return a


def _study(**values: Any) -> Study:
    made: Study = gallery.study("two_up", **({"size": 512, "trials_per_participant": 1} | values))
    return made


# --- the arithmetic ---


@pytest.mark.parametrize(
    ("fits", "expected"),
    [(0.6, [0.6, 1, 2, 3, 4, 6, 8]), (1, [1, 2, 3, 4, 6, 8]), (5, [5, 6, 8]), (9, [9])],
)
def test_zoom_goes_by_whole_factors_from_what_fits(
    run: Run, fits: float, expected: list[float]
) -> None:
    assert run("trial/zoom.js", "(m, x) => m.factors(x)", fits) == expected


@pytest.mark.parametrize("ratio", [1, 1.25, 1.5, 2, 3])
@pytest.mark.parametrize("centre", [0.0, 0.13, 0.5, 0.99, 7.0, -3.0])
def test_seen_part_lies_in_the_picture_on_whole_device_pixels(
    run: Run, ratio: float, centre: float
) -> None:
    size, room = {"width": 1536.0, "height": 1025.0}, {"width": 601.3, "height": 444.7}
    part = run(
        "trial/zoom.js",
        "(m, x) => m.seen(x.size, x.room, {x: x.centre, y: x.centre}, x.ratio)",
        {"size": size, "room": room, "centre": centre, "ratio": ratio},
    )
    for side, extent in (("left", "width"), ("top", "height")):
        assert 0 <= part[side] <= size[extent] - part[extent] + 1e-9
        assert part[extent] <= room[extent]
        assert part[side] * ratio == pytest.approx(round(part[side] * ratio), abs=1e-6)


# --- zoom and pan ---


def test_wheel_zooms_both_at_the_pointer_and_a_drag_pans_both_without_answering(
    visitor: Visitor,
) -> None:
    study = _study()
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    whole = _same_part(page)
    assert whole["wide"] == whole["width"] == whole["natural"]
    x, y = whole["left"] + 0.6 * whole["width"], whole["top"] + whole["height"] / 2
    page.mouse.move(x, y)
    for _ in range(2):
        page.mouse.wheel(0, -100)
    expect(page.locator("[data-factor]")).to_have_text("3:1")
    zoomed = _same_part(page)
    assert zoomed["wide"] == 3 * whole["natural"]
    share = (zoomed["x"] + x - zoomed["left"]) / zoomed["wide"]
    assert share == pytest.approx(0.6, abs=0.01), "what lay under the pointer lies there still"
    page.mouse.down()
    page.mouse.move(x - 100, y - 50, steps=4)
    page.mouse.up()
    panned = _same_part(page)
    assert panned["x"] - zoomed["x"] == pytest.approx(100, abs=1)
    assert panned["y"] - zoomed["y"] == pytest.approx(50, abs=1)
    assert page.locator("[data-painted]").count() == 1, "a drag is no answer"
    page.locator(".two-up__picture").nth(1).click()
    thanked(page)
    assert contents(study) == [{"chosen": "b"}]
    events = participant(study).trials.get().answer.viewing["events"]
    assert [event[1:] for event in events if event[1] == "zoom"] == [["zoom", 2], ["zoom", 3]]


def test_keys_zoom_and_pan_and_the_next_trial_begins_whole(visitor: Visitor) -> None:
    study = _study(trials_per_participant=2)
    page = visitor.page(**LAPTOP)
    start(page, visitor.site, study)
    for _ in range(3):
        page.keyboard.press("+")
    before = _same_part(page)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    after = _same_part(page)
    assert after["x"] > before["x"]
    assert after["y"] < before["y"]
    page.keyboard.press("-")
    assert _same_part(page)["wide"] < after["wide"]
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    whole = _same_part(page)
    assert whole["wide"] == whole["width"]
    page.keyboard.press("ArrowRight")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b"]


def test_buttons_zoom_and_pan_where_nobody_can_drag(visitor: Visitor) -> None:
    study = _study()
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    expect(page.get_by_role("button", name="Further left")).to_be_hidden()
    foot = page.locator(".two-up__foot").bounding_box()
    for _ in range(2):
        page.get_by_role("button", name="Zoom in").tap()
    assert page.locator(".two-up__foot").bounding_box() == foot
    before = _same_part(page)
    page.get_by_role("button", name="Further left").tap()
    page.get_by_role("button", name="Further down").tap()
    after = _same_part(page)
    assert after["x"] < before["x"]
    assert after["y"] > before["y"]
    page.get_by_role("button", name="Top").tap()
    thanked(page)
    assert contents(study) == [{"chosen": "a"}]


def test_two_fingers_zoom_both_and_one_pans_both_and_a_tap_still_answers(
    visitor: Visitor,
) -> None:
    study = _study()
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    whole = _same_part(page)
    x, y = whole["left"] + whole["width"] / 2, whole["top"] + whole["height"] / 2
    fingers = Fingers(page)
    fingers.move(((x - 20, y), (x - 90, y)), ((x + 20, y), (x + 90, y)))
    zoomed = _same_part(page)
    factor = zoomed["wide"] * 3 / zoomed["natural"]
    assert factor == pytest.approx(round(factor), abs=1e-3)
    assert zoomed["wide"] > 2 * whole["wide"]
    fingers.move(((x, y), (x - 60, y)))
    assert _same_part(page)["x"] - zoomed["x"] == pytest.approx(60, abs=8)
    assert Answer.objects.count() == 0
    assert page.locator("[data-painted]").count() == 1
    page.wait_for_timeout(500)  # to Chromium a tap right after a flick is a stop, not a click
    page.locator(".two-up__picture").nth(1).tap()
    thanked(page)
    assert contents(study) == [{"chosen": "b"}]


# --- pictures that share a place ---


def test_flip_shows_both_pixel_upon_pixel_and_asks_to_see_both_first(visitor: Visitor) -> None:
    study = _study(phone_layout="flip", allow_tie=True, trials_per_participant=3)
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    a, b = look(page)
    assert a == b, "one place, one size"
    assert page.locator(".two-up__picture").nth(0).is_visible()
    assert not page.locator(".two-up__picture").nth(1).is_visible()
    expect(page.get_by_role("button", name="Choose picture 1")).to_be_disabled()
    expect(page.get_by_role("button", name="Left")).to_be_hidden()
    expect(page.get_by_role("button", name="No difference")).to_be_disabled()
    page.keyboard.press("ArrowDown")
    assert page.locator("[data-painted]").count() == 1, "only one was seen"
    page.locator(".two-up__picture").nth(0).tap()
    assert page.locator(".two-up__picture").nth(1).is_visible()
    assert not page.locator(".two-up__picture").nth(0).is_visible()
    page.get_by_role("button", name="Show picture 1").tap()
    page.get_by_role("button", name="Show picture 2").tap()
    page.get_by_role("button", name="Choose picture 2").tap()
    onset(page, 2)
    page.get_by_role("button", name="Show picture 2").tap()
    page.get_by_role("button", name="Show picture 1").tap()
    page.get_by_role("button", name="Choose picture 1").tap()
    onset(page, 3)
    page.locator(".two-up__picture").nth(0).tap()
    page.get_by_role("button", name="No difference").tap()
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["b", "a", "tie"]
    seen = [trial.answer.viewing for trial in participant(study).trials.order_by("position")]
    assert {one["layout"] for one in seen} == {"flip"}
    assert [event[1:] for event in seen[0]["events"]] == [["flip", 1], ["flip", 0], ["flip", 1]]


def test_flip_by_keyboard_alone(visitor: Visitor) -> None:
    study = _study(phone_layout="flip")
    page = visitor.page(viewport={"width": 600, "height": 900})
    start(page, visitor.site, study)
    page.keyboard.press("ArrowRight")
    assert page.locator("[data-painted]").count() == 1
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    thanked(page)
    assert contents(study) == [{"chosen": "b"}]


@pytest.mark.parametrize(
    ("device", "layout"),
    [(DESKTOP, "side_by_side"), (LAPTOP, "side_by_side"), (PHONE, "stacked")],
)
def test_layout_is_stored_with_the_trial(
    visitor: Visitor, device: dict[str, Any], layout: str
) -> None:
    study = _study()
    page = visitor.page(**device)
    start(page, visitor.site, study)
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert participant(study).trials.get().answer.viewing["layout"] == layout


def test_phone_that_is_turned_lays_both_side_by_side_and_says_so(visitor: Visitor) -> None:
    study = _study(phone_layout="flip")
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    page.set_viewport_size({"width": 844, "height": 390})
    expect(page.locator("[data-two-up]")).to_have_attribute("data-layout", "side_by_side")
    a, b = look(page)
    assert a["left"] + a["width"] <= b["left"]
    assert a["top"] == b["top"]
    page.locator(".two-up__picture").nth(1).tap()
    thanked(page)
    events = participant(study).trials.get().answer.viewing["events"]
    assert [event[1:] for event in events if event[1] == "layout"] == [["layout", 0]]
