"""Real fingers on the rating scale: drags that begin in a tray that scrolls, pinches, pans."""

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser import gallery
from tests.browser.conftest import PHONE, Visitor
from tests.browser.walking import onset, participant, start

pytestmark = pytest.mark.browser
Point = tuple[float, float]


class Fingers:
    """Touches as the browser's own input, not as events made by a script."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)

    def _send(self, kind: str, points: list[Point]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def move(self, *ways: tuple[Point, Point], steps: int = 8) -> None:
        """Each finger goes its way, all at once, and they lift together."""
        self._send("touchStart", [begin for begin, _ in ways])
        for step in range(1, steps + 1):
            share = step / steps
            self._send(
                "touchMove",
                [(a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])) for a, b in ways],
            )
        self._send("touchEnd", [])


def _centre(page: Page, selector: str) -> Point:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _field(page: Page) -> dict[str, float]:
    box = page.locator("[data-field]").bounding_box()
    assert box
    return dict(box)


def test_finger_drags_a_picture_out_of_the_tray_onto_the_line_and_along_it(
    visitor: Visitor,
) -> None:
    study = gallery.study(
        "rating_scale", scenes=1, recipes=2, trials_per_participant=1, agreement_per_scene=2
    )
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    fingers, field = Fingers(page), _field(page)
    middle = field["y"] + field["height"] / 2
    fingers.move((_centre(page, '.chip[data-index="0"]'), (100, middle)))
    fingers.move((_centre(page, '.chip[data-index="1"]'), (200, middle)))
    expect(page.locator("[data-left]")).to_have_text("All placed")
    x, y = _centre(page, '.piece[data-index="1"] img')
    fingers.move(((x, y), (x + 90, y)))
    page.get_by_role("button", name="Done").tap()
    onset(page, 2)
    first = participant(study).trials.order_by("position")[0]
    placed = [first.answer.content["positions"][address] for address in first.addresses]
    unit = 1000 / 390
    assert placed == pytest.approx([(100 - 195) * unit, (290 - 195) * unit], abs=4)


def test_finger_across_a_full_tray_scrolls_it_and_upwards_drags(visitor: Visitor) -> None:
    study = gallery.study("rating_scale", scenes=1, recipes=10, trials_per_participant=1)
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    fingers, field = Fingers(page), _field(page)
    x, y = _centre(page, '.chip[data-index="2"]')
    fingers.move(((x, y), (x - 150, y)))
    page.wait_for_timeout(300)
    assert page.locator("[data-tray]").evaluate("tray => tray.scrollLeft") > 80
    expect(page.locator("[data-left]")).to_have_text("10 left to place")
    fingers.move((_centre(page, '.chip[data-index="3"]'), (195, field["y"] + 100)))
    expect(page.locator("[data-left]")).to_have_text("9 left to place")


def test_two_fingers_zoom_and_one_pans_without_moving_any_position(visitor: Visitor) -> None:
    study = gallery.study(
        "rating_scale", scenes=1, recipes=2, trials_per_participant=1, agreement_per_scene=2
    )
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    fingers, field = Fingers(page), _field(page)
    middle = field["y"] + field["height"] / 2
    for index, x in ((0, 150), (1, 240)):
        fingers.move((_centre(page, f'.chip[data-index="{index}"]'), (x, middle)))
    apart = [_centre(page, f'.piece[data-index="{index}"] img')[0] for index in (0, 1)]
    low = field["y"] + 12
    fingers.move(((170, low), (120, low)), ((220, low), (270, low)))
    page.wait_for_timeout(100)
    now = [_centre(page, f'.piece[data-index="{index}"] img')[0] for index in (0, 1)]
    assert now[1] - now[0] > 2 * (apart[1] - apart[0])
    fingers.move(((200, low), (120, low)))
    page.wait_for_timeout(100)
    panned = _centre(page, '.piece[data-index="0"] img')[0]
    assert panned == pytest.approx(now[0] - 80, abs=8)
    page.get_by_role("button", name="Done").tap()
    onset(page, 2)
    first = participant(study).trials.order_by("position")[0]
    placed = [first.answer.content["positions"][address] for address in first.addresses]
    unit = 1000 / 390
    assert placed == pytest.approx([(150 - 195) * unit, (240 - 195) * unit], abs=4)
