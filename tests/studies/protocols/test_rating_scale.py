import numpy as np
import pytest

from studies.protocols import Rules, rating_scale

SHOWN = ["x", "y", "z"]


def test_read_when_all_are_placed_stores_them_in_the_order_shown() -> None:
    sent = {"positions": {"z": 3, "x": -1.5, "y": 1e-9}}
    stored = rating_scale.read(sent, SHOWN, Rules())
    assert list(stored["positions"].items()) == [("x", -1.5), ("y", 1e-9), ("z", 3.0)]
    assert all(type(value) is float for value in stored["positions"].values())


@pytest.mark.parametrize(
    ("positions", "reason"),
    [
        ({"x": 1.0, "y": 2.0}, "1 of 3 stimuli are not placed"),
        ({"x": 1.0, "y": 2.0, "z": 3.0, "w": 4.0}, "not in this trial"),
        ({"x": 1.0, "y": 2.0, "z": "3"}, "must be numbers, got '3'"),
        ({"x": 1.0, "y": 2.0, "z": True}, "must be numbers, got True"),
        ({"x": 1.0, "y": 2.0, "z": None}, "must be numbers, got None"),
        ({"x": 1.0, "y": 2.0, "z": float("nan")}, "finite"),
        ({"x": 1.0, "y": 2.0, "z": float("inf")}, "finite"),
        ({"x": 1.0, "y": 2.0, "z": 10**400}, "finite"),
        ([1.0, 2.0, 3.0], "must be an object, got list"),
        (None, "must be an object, got NoneType"),
    ],
)
def test_read_when_a_placement_is_wrong_says_which(positions: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        rating_scale.read({"positions": positions}, SHOWN, Rules())


def test_read_when_chosen_is_not_skip_refuses() -> None:
    with pytest.raises(ValueError, match="chosen: must be skip"):
        rating_scale.read({"chosen": "a"}, SHOWN, Rules())


def test_read_when_all_lie_on_one_spot_takes_it() -> None:
    sent = {"positions": dict.fromkeys(SHOWN, 0.0)}
    assert rating_scale.read(sent, SHOWN, Rules()) == sent


def test_simulate_places_in_the_order_of_taste_on_average() -> None:
    rng = np.random.default_rng(3)
    utility = {"x": 0.0, "y": 2.0, "z": 4.0}
    placed = [rating_scale.simulate(SHOWN, utility, rng)["positions"] for _ in range(300)]
    assert np.mean([one["x"] < one["y"] < one["z"] for one in placed]) > 0.8
    spans = [one["z"] - one["x"] for one in placed]
    assert max(spans) / np.median(spans) > 2  # every scroll has a gain of its own


def beside(**content: object) -> dict[str, object]:
    return {"positions": dict.fromkeys(SHOWN, 0.0), **content}


def test_read_keeps_every_move_with_its_time_and_the_window() -> None:
    window = {"width": 1440, "pixel_ratio": 1.5, "distance_cm": 60}
    sent = beside(moves=[[2, 1200, -3.5], [2, 1900.5, None], [0, 2500, 1 / 3]], window=window)
    stored = rating_scale.read(sent, SHOWN, Rules())
    assert stored["moves"] == [[2, 1200.0, -3.5], [2, 1900.5, None], [0, 2500.0, 1 / 3]]
    assert stored["window"] == window


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"moves": {}}, "moves: must be a list of at most 1000, got dict"),
        ({"moves": [[0, 1, 2.0]] * 1001}, "at most 1000, got 1001 of them"),
        ({"moves": [[0, 1]]}, r"each must be \[place, ms, position\], got \[0, 1\]"),
        ({"moves": [[3, 1, 2.0]]}, "a place must be 0 to 2, got 3"),
        ({"moves": [[True, 1, 2.0]]}, "a place must be 0 to 2, got True"),
        ({"moves": [[0, None, 2.0]]}, "moves: must be numbers, got None"),
        ({"window": [1]}, "must hold width and pixel_ratio, .* got 'list'"),
        ({"window": {"width": 9}}, "must hold width and pixel_ratio"),
        ({"window": {"width": 9, "pixel_ratio": 1, "agent": "x"}}, "nothing else"),
        ({"window": {"width": 0, "pixel_ratio": 1}}, "width must be above 0, up to 1e.06, got 0"),
        ({"window": {"width": 9, "pixel_ratio": "1"}}, "window: must be numbers, got '1'"),
    ],
)
def test_read_when_a_move_or_the_window_is_wrong_says_which(
    content: dict[str, object], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        rating_scale.read(beside(**content), SHOWN, Rules())
