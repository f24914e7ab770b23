"""Each protocol the whole way, from the start page to the completion code: mouse, touch, keyboard."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from studies.models import Participant
from tests.browser import gallery
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, Visitor
from tests.browser.walking import contents, onset, participant, start, thanked

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
    _press_until_focused(page, "Start")
    page.keyboard.press("Enter")
    for name in ("I agree", "Begin"):
        page.get_by_role("button", name=name).wait_for()
        _press_until_focused(page, name)
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


# --- rating scale ---


def test_rating_scale_by_mouse_drags_all_pictures_and_keeps_their_order(visitor: Visitor) -> None:
    study = gallery.study(
        "rating_scale", scenes=2, recipes=3, trials_per_participant=2, agreement_per_scene=2
    )
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    shares = [0.7, 0.2, 0.45, 0.9]
    for number, count in ((1, 3), (2, 3), (3, 4)):
        onset(page, number)
        expect(page.get_by_role("button", name="Done")).to_be_disabled()
        expect(page.locator("[data-agreement]")).to_be_visible(visible=number == 3)
        expect(page.locator(".reference")).to_have_count(0 if number == 3 else 2)
        for index in range(count):
            expect(page.locator("[data-left]")).to_have_text(f"{count - index} left to place")
            drag(page, index, shares[index])
        page.get_by_role("button", name="Done").click()
    thanked(page)
    for trial in participant(study).trials.order_by("position"):
        positions = trial.answer.content["positions"]
        assert set(positions) == set(trial.addresses)
        # A fresh line shows 1000 units, whatever the screen's width.
        expected = [1000 * (share - 0.5) for share in shares[: len(trial.addresses)]]
        assert [positions[a] for a in trial.addresses] == pytest.approx(expected, abs=3)


def test_rating_scale_by_touch_on_a_phone_taps_the_picture_then_the_line(visitor: Visitor) -> None:
    study = gallery.study(
        "rating_scale", scenes=2, recipes=3, trials_per_participant=1, agreement_per_scene=2
    )
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for number, count in ((1, 3), (2, 4)):
        onset(page, number)
        for index in range(count):
            page.locator(f'.chip[data-index="{index}"]').tap()
            tap_line(page, 0.15 + 0.2 * index)
            expect(page.locator(f'.piece[data-index="{index}"]')).to_have_attribute(
                "data-shown", ""
            )
        page.get_by_role("button", name="Done").tap()
    thanked(page)
    for trial in participant(study).trials.order_by("position"):
        placed = [trial.answer.content["positions"][address] for address in trial.addresses]
        assert placed == pytest.approx([1000 * (0.2 * i - 0.35) for i in range(len(placed))], abs=5)


def test_rating_scale_by_keyboard_alone_announces_every_move(visitor: Visitor) -> None:
    study = gallery.study(
        "rating_scale", scenes=1, recipes=3, trials_per_participant=1, agreement_per_scene=2
    )
    page = visitor.page(**DESKTOP, reduced_motion="reduce")
    start(page, visitor.site, study)
    said = page.locator("[data-say]")
    for number, count in ((1, 3), (2, 2)):
        onset(page, number)
        for index in range(count):
            page.locator(f'.chip[data-index="{index}"]').focus()
            page.keyboard.press("Enter")
            expect(said).to_contain_text(f"Picture {index + 1} picked up")
            for _ in range(index):
                page.keyboard.press("Shift+ArrowRight")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Enter")
            expect(said).to_contain_text(
                "placed, " + ("alone" if index == 0 else f"right of picture {index}")
            )
        _press_until_focused(page, "Done")
        page.keyboard.press("Enter")
    thanked(page)
    first = participant(study).trials.order_by("position")[0]
    placed = [first.answer.content["positions"][address] for address in first.addresses]
    assert placed == pytest.approx([10, 110, 210])


def test_rating_scale_picture_put_back_by_escape_delete_and_drag_is_in_the_tray(
    visitor: Visitor,
) -> None:
    study = gallery.study("rating_scale", scenes=1, recipes=3, trials_per_participant=1)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    left = page.locator("[data-left]")
    page.locator(".chip").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(left).to_have_text("3 left to place")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(left).to_have_text("2 left to place")
    page.keyboard.press("Delete")
    expect(left).to_have_text("3 left to place")
    drag(page, 1, 0.5)
    expect(left).to_have_text("2 left to place")
    piece = page.locator('.piece[data-index="1"] img').bounding_box()
    assert piece
    page.mouse.move(piece["x"] + 20, piece["y"] + 20)
    page.mouse.down()
    page.mouse.move(piece["x"] + 60, 780, steps=4)
    page.mouse.up()
    expect(left).to_have_text("3 left to place")


def test_rating_scale_zoomed_a_billionfold_and_back_stores_the_same_positions(
    visitor: Visitor,
) -> None:
    study = gallery.study(
        "rating_scale", scenes=1, recipes=3, trials_per_participant=1, agreement_per_scene=2
    )
    page = visitor.page(**DESKTOP, reduced_motion="reduce")
    start(page, visitor.site, study)
    for index, share in enumerate((0.3, 0.5, 0.7)):
        drag(page, index, share)
    page.locator("[data-field]").hover(position={"x": 720, "y": 60})
    page.locator("[data-field]").evaluate(
        """field => {
          for (const turn of [-300, 300])
            for (let i = 0; i < 55; i += 1)
              field.dispatchEvent(new WheelEvent("wheel",
                {deltaY: turn, clientX: 720, clientY: 300, bubbles: true, cancelable: true}));
        }"""
    )
    page.mouse.wheel(0, -300)
    page.get_by_role("button", name="Fit all").click()
    page.get_by_role("button", name="Done").click()
    onset(page, 2)
    first = participant(study).trials.order_by("position")[0]
    placed = [first.answer.content["positions"][address] for address in first.addresses]
    assert placed == pytest.approx([-200, 0, 200], abs=3)


def test_rating_scale_held_at_the_edge_runs_on_beyond_it(visitor: Visitor) -> None:
    study = gallery.study(
        "rating_scale", scenes=1, recipes=2, trials_per_participant=1, agreement_per_scene=2
    )
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    drag(page, 0, 0.5)
    drag(page, 1, 0.995, wait_ms=500)
    page.get_by_role("button", name="Done").click()
    onset(page, 2)
    first = participant(study).trials.order_by("position")[0]
    assert first.answer.content["positions"][first.addresses[1]] > 600


def test_rating_scale_with_all_on_one_spot_warns_once_and_accepts(visitor: Visitor) -> None:
    study = gallery.study(
        "rating_scale", scenes=1, recipes=2, trials_per_participant=1, agreement_per_scene=2
    )
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    for index in (0, 1):
        page.locator(f'.chip[data-index="{index}"]').focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    done = page.get_by_role("button", name="Done")
    done.click()
    expect(page.locator("[data-one-spot]")).to_be_visible()
    done.click()
    onset(page, 2)


# --- hands ---


def drag(page: Page, index: int, share: float, wait_ms: int = 0) -> None:
    """Drag a chip out of the tray onto the line, to a share of the window's width."""
    box = page.locator(f'.chip[data-index="{index}"]').bounding_box()
    field = page.locator("[data-field]").bounding_box()
    assert box
    assert field
    x, y = field["x"] + share * field["width"], field["y"] + 0.6 * field["height"]
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x - 40, y, steps=3)
    page.mouse.move(x, y)
    page.wait_for_timeout(wait_ms)
    page.mouse.up()


def tap_line(page: Page, share: float) -> None:
    field = page.locator("[data-field]").bounding_box()
    assert field
    page.touchscreen.tap(field["x"] + share * field["width"], field["y"] + field["height"] - 12)


def _hold(page: Page, selector: str) -> None:
    """A long press, as pointer events: Playwright's touchscreen only taps."""
    page.locator(selector).dispatch_event("pointerdown", {"button": 0, "pointerType": "touch"})
    page.wait_for_timeout(700)
    page.locator(selector).dispatch_event("pointerup", {"button": 0, "pointerType": "touch"})


def _boxes(page: Page, selector: str) -> list[dict[str, Any]]:
    found = [one.bounding_box() for one in page.locator(selector).all() if one.is_visible()]
    return [dict(box) for box in found if box]


def _press_until_focused(page: Page, name: str) -> None:
    for _ in range(20):
        if page.evaluate("document.activeElement?.textContent?.trim()") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name}")
