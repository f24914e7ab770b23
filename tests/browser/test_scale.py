"""The infinite rating scale in a browser: by mouse, touch and keyboard, what is stored and what is seen."""

from itertools import combinations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import gallery
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.walking import onset, participant, press_until_focused, start, thanked

pytestmark = pytest.mark.browser


def test_scale_by_mouse_drags_all_pictures_and_keeps_their_order(visitor: Visitor) -> None:
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


def test_scale_by_touch_on_a_phone_taps_the_picture_then_the_line(visitor: Visitor) -> None:
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


def test_scale_by_keyboard_alone_announces_every_move(visitor: Visitor) -> None:
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
        press_until_focused(page, "Done")
        page.keyboard.press("Enter")
    thanked(page)
    first = participant(study).trials.order_by("position")[0]
    placed = [first.answer.content["positions"][address] for address in first.addresses]
    assert placed == pytest.approx([10, 110, 210])


def test_scale_picture_put_back_by_escape_delete_and_drag_is_in_the_tray(
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


def test_scale_zoomed_to_a_billionth_and_back_changes_no_bit_of_any_position(
    visitor: Visitor,
) -> None:
    study = gallery.study(
        "rating_scale", scenes=1, recipes=3, trials_per_participant=1, agreement_per_scene=2
    )
    page = visitor.page(**DESKTOP, reduced_motion="reduce")
    start(page, visitor.site, study)
    for index, share in enumerate((0.3, 0.5, 0.7)):
        drag(page, index, share)
    field, hair = page.locator("[data-field]"), page.locator(".hair").nth(1)
    field.hover(position={"x": 720, "y": 60})
    apart = "nodes => nodes.map(node => Number(/\\(([^p]*)px/.exec(node.style.transform)[1]))"
    for turn in (-300, 300):
        field.evaluate(
            """(field, turn) => {
              for (let i = 0; i < 55; i += 1)
                field.dispatchEvent(new WheelEvent("wheel",
                  {deltaY: turn, clientX: 720, clientY: 300, bubbles: true, cancelable: true}));
            }""",
            turn,
        )
        hair.evaluate("() => new Promise(resolve => requestAnimationFrame(resolve))")
        if turn < 0:  # 1000 units wide before, 1e-10 now: neighbours lie far outside
            low, middle, high = page.locator(".hair").evaluate_all(apart)
            assert low < 0
            assert abs(middle - 720) < 8
            assert high > 1440
    page.get_by_role("button", name="Fit all").click()
    page.get_by_role("button", name="Done").click()
    onset(page, 2)
    first = participant(study).trials.order_by("position")[0]
    content = first.answer.content
    placed = [content["positions"][address] for address in first.addresses]
    # The moves were noted as the pictures were dropped, before any zoom.
    assert placed == [position for _, _, position in content["moves"]]
    assert placed == pytest.approx([-200, 0, 200], abs=3)


def test_scale_tells_every_move_with_its_time_and_the_window(visitor: Visitor) -> None:
    study = gallery.study(
        "rating_scale", scenes=1, recipes=2, trials_per_participant=1, agreement_per_scene=2
    )
    page = visitor.page(**DESKTOP, device_scale_factor=2)
    start(page, visitor.site, study)
    drag(page, 0, 0.3)
    drag(page, 1, 0.5)
    page.locator('.piece[data-index="1"]').focus()
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.locator('.piece[data-index="0"]').focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Done").click()
    onset(page, 2)
    answer = participant(study).trials.order_by("position")[0].answer
    moves = answer.content["moves"]
    expected = [(0, -200), (1, 0), (1, None), (1, 20), (0, -200)]
    assert [place for place, _, _ in moves] == [place for place, _ in expected]
    for (_, _, position), (_, rough) in zip(moves, expected, strict=True):
        assert position == (None if rough is None else pytest.approx(rough, abs=3))
    times = [ms for _, ms, _ in moves]
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] <= answer.reaction_ms
    assert answer.content["window"] == {"width": 1440, "pixel_ratio": 2}


def test_scale_fans_overlapping_pictures_out_and_each_keeps_its_place(
    visitor: Visitor,
) -> None:
    study = gallery.study("rating_scale", scenes=1, recipes=4, trials_per_participant=1)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    shares = [0.5, 0.51, 0.52, 0.8]
    for index, share in enumerate(shares):
        drag(page, index, share)
    page.mouse.move(5, 5)
    boxes = [page.locator(f'.piece[data-index="{i}"] img').bounding_box() for i in range(4)]
    page.wait_for_timeout(300)  # the faces glide to their lanes
    boxes = [page.locator(f'.piece[data-index="{i}"] img').bounding_box() for i in range(4)]
    middles = [box["x"] + box["width"] / 2 for box in boxes if box]
    assert middles == pytest.approx([1440 * share for share in shares], abs=3)
    lows = [round(box["y"] + box["height"]) for box in boxes if box]
    assert lows[0] > lows[1] > lows[2]
    assert lows[3] == lows[0]
    for one, other in combinations([box for box in boxes if box], 2):
        assert (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )


@pytest.mark.parametrize("by", ["mouse", "keyboard", "touch"])
def test_scale_shows_any_two_side_by_side_pixel_for_pixel(visitor: Visitor, by: str) -> None:
    study = gallery.study("rating_scale", scenes=1, recipes=3, trials_per_participant=1, size=256)
    page = visitor.page(**(PHONE if by == "touch" else DESKTOP))
    start(page, visitor.site, study)
    if by == "mouse":
        drag(page, 0, 0.3)
        page.locator('.piece[data-index="0"] img').click()
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("[data-selected]")).to_have_text(
            "Choose the picture to compare with picture 1"
        )
        page.locator('.chip[data-index="2"]').click()
    elif by == "touch":
        page.locator('.chip[data-index="0"]').tap()
        page.get_by_role("button", name="Compare").tap()
        page.locator('.chip[data-index="2"]').tap()
    else:
        page.locator('.chip[data-index="0"]').focus()
        page.keyboard.press("c")
        expect(page.locator("[data-say]")).to_have_text(
            "Choose the picture to compare with picture 1"
        )
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("c")
    dialog = page.locator("[data-compare]")
    expect(dialog).to_be_visible()
    assert dialog.locator("figcaption").all_text_contents() == ["Picture 1", "Picture 3"]
    left, right = (image.bounding_box() for image in dialog.locator("img").all())
    assert left
    assert right
    assert left["x"] + left["width"] <= right["x"]
    assert left["y"] == right["y"]
    own, ratio = dialog.locator("img").first.evaluate("i => [i.naturalWidth, devicePixelRatio]")
    factor = left["width"] * ratio / own
    assert factor == pytest.approx(round(factor), abs=1e-3)
    assert factor >= 1
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    left_to_place = "2 left to place" if by == "mouse" else "3 left to place"
    expect(page.locator("[data-left]")).to_have_text(left_to_place)


def test_scale_two_that_do_not_fit_are_scrolled_alike(visitor: Visitor) -> None:
    study = gallery.study("rating_scale", scenes=1, recipes=2, trials_per_participant=1, size=512)
    page = visitor.page(viewport={"width": 600, "height": 700})
    start(page, visitor.site, study)
    page.locator('.chip[data-index="0"]').click()
    page.get_by_role("button", name="Compare").click()
    page.locator('.chip[data-index="1"]').click()
    panes = page.locator("[data-pane]")
    page.locator("[data-pane]").first.hover()
    page.mouse.wheel(120, 0)
    page.wait_for_function(
        "document.querySelectorAll('[data-pane]')[1].scrollLeft === 120", timeout=3000
    )
    assert panes.first.evaluate("pane => pane.scrollLeft") == 120
    page.get_by_role("button", name="Close").click()
    expect(page.locator("[data-compare]")).to_be_hidden()


def test_scale_held_at_the_edge_runs_on_beyond_it(visitor: Visitor) -> None:
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


def test_scale_with_all_on_one_spot_warns_once_and_accepts(visitor: Visitor) -> None:
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


def test_scale_of_one_s_own_images_follows_the_last_scene(visitor: Visitor) -> None:
    visitor.forgiven = ("409",)  # Finish says that a scroll is missing: it has just been made
    study = gallery.study(
        "rating_scale",
        scenes=2,
        recipes=2,
        trials_per_participant=2,
        agreement_per_scene=2,
        agreement_own=True,
    )
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    for number, count in ((1, 2), (2, 2), (3, 4)):
        onset(page, number)
        expect(page.locator("[data-agreement]")).to_be_visible(visible=number == 3)
        for index in range(count):
            drag(page, index, 0.2 + 0.2 * index)
        page.get_by_role("button", name="Done").click()
    thanked(page)
    kinds = [trial.kind for trial in participant(study).trials.order_by("position")]
    assert kinds == ["scene", "scene", "own"]


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
