"""Single choice: one radio group of pictures and “none”, all of it seen at once on a laptop."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import gallery
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, Visitor
from tests.browser.walking import onset, participant, start, thanked

pytestmark = pytest.mark.browser


def test_none_is_one_of_the_group_for_arrows_and_for_who_listens(visitor: Visitor) -> None:
    study = gallery.study(
        "single_choice", scenes=2, recipes=3, trials_per_participant=2, allow_none=True
    )
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    none = page.get_by_role("radio", name="None / can’t tell")
    owned = page.get_by_role("radiogroup").get_attribute("aria-owns")
    assert none.get_attribute("id") == owned
    page.keyboard.press("1")
    page.keyboard.press("ArrowLeft")
    expect(none).to_be_focused()
    expect(none).to_be_checked()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Picture 1")).to_be_checked()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    onset(page, 2)
    none.click()
    page.get_by_role("button", name="Choose this one").click()
    thanked(page)
    trials = participant(study).trials.all()
    assert [trial.answer.content for trial in trials] == [{"chosen": "none"}] * 2


@pytest.mark.parametrize("count", [3, 6, 8])
def test_all_is_seen_without_scrolling_on_a_laptop_and_every_box_is_equal(
    visitor: Visitor, count: int
) -> None:
    study = gallery.study(
        "single_choice",
        scenes=1,
        recipes=count,
        size=512,
        trials_per_participant=1,
        allow_none=True,
    )
    page = visitor.page(**LAPTOP)
    start(page, visitor.site, study)
    found = page.evaluate(
        """() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth,
          ...[...document.querySelectorAll("[role=radio], .choice__foot .button, .reference")]
            .map((one) => one.getBoundingClientRect()).map((box) => [box.bottom, box.right])]"""
    )
    assert found[:2] == [768, 1366]
    assert all(bottom <= 768 and right <= 1366 for bottom, right in found[2:])
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("[role=radio] img")]
          .map((one) => one.getBoundingClientRect()).map((box) => [box.width, box.height])"""
    )
    assert sizes == [sizes[0]] * count


@pytest.mark.parametrize("device", [LAPTOP, PHONE])
def test_grid_and_scale_are_stored_and_what_was_enlarged(
    visitor: Visitor, device: dict[str, Any]
) -> None:
    study = gallery.study("single_choice", scenes=1, recipes=4, size=96, trials_per_participant=1)
    page = visitor.page(**device)
    start(page, visitor.site, study)
    page.keyboard.press("3")
    page.keyboard.press("e")
    expect(page.locator("[data-caption]")).to_have_text("Picture 3 of 4")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    thanked(page)
    seen = participant(study).trials.get().answer.viewing
    assert seen["layout"] == "grid"
    assert seen["scale"] == pytest.approx(round(seen["scale"]), abs=1e-6)
    assert [event[1:] for event in seen["events"]] == [["enlarge", 2]]
