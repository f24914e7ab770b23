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
