"""A browser's log of a trial: what is taken, what is refused, and what an analyst reads of it."""

from typing import Any

import pytest

from studies.protocols import viewing

LOG: dict[str, Any] = {
    "layout": "flip",
    "window": [390, 844],
    "ratio": 3,
    "pinch": 1,
    "scale": 2,
    "pointer": "touch",
    "dropped": 0,
    "events": [[10, "flip", 1], [400.5, "hidden"], [1400.5, "visible"], [1500, "resize", 844, 390]],
}


def test_read_when_complete_returns_the_same_log() -> None:
    assert viewing.read(LOG) == LOG


def test_read_when_empty_has_no_events() -> None:
    assert viewing.read({}) == {"events": []}


def test_read_when_more_is_sent_keeps_only_what_it_knows() -> None:
    assert "fingerprint" not in viewing.read(LOG | {"fingerprint": "canvas"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layout": "circle"}, "layout: must be one of side_by_side, stacked, flip, grid, line"),
        ({"pointer": ["mouse"]}, "pointer: must be one of mouse"),
        ({"ratio": "2"}, "ratio: must be a number from 0 on, got '2'"),
        ({"ratio": True}, "ratio: must be a number"),
        ({"scale": float("inf")}, "scale: must be a number"),
        ({"window": [390]}, "window: must hold 2 numbers"),
        ({"events": {}}, "events: must be a list of at most 200"),
        ({"events": [[0, "blur"]] * 201}, "events: must be a list of at most 200"),
        ({"events": [[0, "keylogger", "a"]]}, "events: must be"),
        ({"events": [[0, ["blur"]]]}, "events: must be"),
        ({"events": ["blur"]}, "events: must be"),
        ({"events": [[0, "resize", 1]]}, "resize: must hold 2 numbers"),
        ({"events": [[-1, "blur"]]}, "ms: must be a number from 0 on"),
    ],
)
def test_read_when_something_is_wrong_names_it(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        viewing.read(LOG | change)


def test_read_when_no_object_says_so() -> None:
    with pytest.raises(ValueError, match="viewing: must be an object, got list"):
        viewing.read([])


def test_summary_counts_what_disturbed_and_how_long_it_was_hidden() -> None:
    assert viewing.summary(viewing.read(LOG), 2000) == {
        "layout": "flip",
        "window_width": 390,
        "window_height": 844,
        "pixel_ratio": 3,
        "picture_scale": 2,
        "pointer": "touch",
        "hidden_ms": 1000,
        "blurs": 0,
        "resizes": 1,
        "zooms": 0,
    }


def test_summary_when_hidden_to_the_end_counts_until_the_answer() -> None:
    log = viewing.read({"events": [[100, "hidden"], [150, "hidden"]]})
    assert viewing.summary(log, 1000)["hidden_ms"] == 900


@pytest.mark.parametrize("log", [None, {"refused": "events: must be a list"}])
def test_summary_without_a_log_is_empty_not_zero(log: dict[str, Any] | None) -> None:
    assert set(viewing.summary(log, 1000).values()) == {None}
