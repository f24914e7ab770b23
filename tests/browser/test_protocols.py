"""Each protocol the whole way, from the start page to the completion code: mouse, touch, keyboard."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from studies.models import Participant
from tests.browser import gallery
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, Visitor
from tests.browser.walking import contents, onset, participant, press_until_focused, start, thanked

pytestmark = pytest.mark.browser


# --- two-up ---


def test_two_up_by_mouse_on_a_desktop_stores_what_was_clicked(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=4)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    page.locator(".two-up__picture").nth(0).click()
    onset(page, 2)
    page.locator(".two-up__picture").nth(1).click()
    onset(page, 3)
    page.get_by_role("button", name="Left").click()
    onset(page, 4)
    page.get_by_role("button", name="Right").click()
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b", "a", "b"]
    walked = participant(study)
    assert walked.state == Participant.State.FINISHED
    assert walked.consent_version == study.consent_version
    assert all(trial.answer.reaction_ms > 400 for trial in walked.trials.all())
    expect(page.locator("[data-code]")).to_have_text("DONE-42")


def test_two_up_by_touch_on_a_phone_stacks_a_above_b(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=2, allow_tie=True)
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    first, second = (page.locator(".two-up__picture img").nth(n).bounding_box() for n in (0, 1))
    assert first
    assert second
    assert first["y"] + first["height"] <= second["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".two-up__picture").nth(1).tap()
    onset(page, 2)
    page.get_by_role("button", name="No difference").tap()
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["b", "tie"]


def test_two_up_by_keyboard_alone(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=3, allow_tie=True)
    page = visitor.page(**DESKTOP)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    press_until_focused(page, "Start")
    page.keyboard.press("Enter")
    for name in ("I agree", "Begin"):
        page.get_by_role("button", name=name).wait_for()
        press_until_focused(page, name)
        page.keyboard.press("Enter")
    for number, key in enumerate(("ArrowLeft", "ArrowRight", "ArrowDown"), start=1):
        onset(page, number)
        page.keyboard.press(key)
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b", "tie"]


def test_two_up_pressed_before_the_minimum_view_is_not_an_answer(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=1)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    page.reload()
    page.get_by_role("button", name="Begin").click()
    page.locator("[data-painted]").wait_for()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(60)
    assert page.locator("[data-painted]").count() == 1
    page.wait_for_timeout(400)
    page.keyboard.press("ArrowRight")
    thanked(page)
    assert contents(study) == [{"chosen": "b"}]


# --- single choice ---


def test_single_choice_by_mouse_selects_then_confirms(visitor: Visitor) -> None:
    study = gallery.study("single_choice", recipes=5, trials_per_participant=2)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    confirm = page.get_by_role("button", name="Choose this one")
    expect(confirm).to_be_disabled()
    page.get_by_role("radio").nth(3).click()
    expect(page.get_by_role("radio").nth(3)).to_be_checked()
    confirm.click()
    onset(page, 2)
    page.get_by_role("radio").nth(0).click()
    page.get_by_role("radio").nth(4).click()
    page.get_by_role("radio").nth(4).click()
    thanked(page)
    first, second = participant(study).trials.order_by("position")
    assert first.answer.content == {"chosen": first.addresses[3]}
    assert second.answer.content == {"chosen": second.addresses[4]}


def test_single_choice_by_keyboard_with_numbers_arrows_and_none(visitor: Visitor) -> None:
    study = gallery.study(
        "single_choice", scenes=3, recipes=4, trials_per_participant=3, allow_none=True
    )
    page = visitor.page(**LAPTOP)
    start(page, visitor.site, study)
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    onset(page, 2)
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    onset(page, 3)
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    thanked(page)
    trials = list(participant(study).trials.order_by("position"))
    expected = [trials[0].addresses[2], trials[1].addresses[1], "none"]
    assert [trial.answer.content["chosen"] for trial in trials] == expected


def test_single_choice_by_touch_on_a_phone_enlarges_on_a_long_press(visitor: Visitor) -> None:
    study = gallery.study("single_choice", scenes=1, recipes=6, trials_per_participant=1)
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    lefts = {round(box["x"]) for box in _boxes(page, "[role=radio]")}
    assert len(lefts) == 2
    _hold(page, ".choice__option >> nth=1")
    expect(page.locator("[data-caption]")).to_have_text("Picture 2 of 6")
    page.get_by_role("button", name="Next picture").tap()
    expect(page.locator("[data-caption]")).to_have_text("Picture 3 of 6")
    page.get_by_role("button", name="Close").tap()
    page.get_by_role("radio").nth(2).tap()
    page.get_by_role("button", name="Choose this one").tap()
    thanked(page)
    trial = participant(study).trials.get()
    assert trial.answer.content == {"chosen": trial.addresses[2]}


def test_single_choice_with_eight_options_on_a_laptop_needs_no_scrolling(visitor: Visitor) -> None:
    study = gallery.study("single_choice", scenes=1, recipes=8, size=512, trials_per_participant=1)
    page = visitor.page(**LAPTOP)
    start(page, visitor.site, study)
    assert page.evaluate("document.documentElement.scrollHeight") == 768
    boxes = [*_boxes(page, "[role=radio] img"), *_boxes(page, "[data-confirm]")]
    assert len(boxes) == 9
    assert all(box["y"] >= 0 and box["y"] + box["height"] <= 768 for box in boxes)
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 1366 for box in boxes)


# --- hands ---


def _hold(page: Page, selector: str) -> None:
    """A long press, as pointer events: Playwright's touchscreen only taps."""
    page.locator(selector).dispatch_event("pointerdown", {"button": 0, "pointerType": "touch"})
    page.wait_for_timeout(700)
    page.locator(selector).dispatch_event("pointerup", {"button": 0, "pointerType": "touch"})


def _boxes(page: Page, selector: str) -> list[dict[str, Any]]:
    found = [one.bounding_box() for one in page.locator(selector).all() if one.is_visible()]
    return [dict(box) for box in found if box]
