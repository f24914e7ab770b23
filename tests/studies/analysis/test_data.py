"""The arrays of answers refuse what cannot be meant, and drop an item cleanly."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from studies.analysis.data import Choices, Placements, Votes


def votes(**changes: Any) -> Votes:
    given: dict[str, Any] = {
        "items": ("a", "b", "c"),
        "participants": ("p", "q"),
        "scenes": ("s",),
        "participant": [0, 0, 1],
        "scene": [0, 0, 0],
        "left": [0, 1, 2],
        "right": [1, 2, 0],
        "left_won": [True, False, True],
    }
    return Votes(**(given | changes))


def choices(**changes: Any) -> Choices:
    given: dict[str, Any] = {
        "items": ("a", "b", "c"),
        "participants": ("p", "q"),
        "scenes": ("s",),
        "participant": [0, 1, 1],
        "scene": [0, 0, 0],
        "options": [[0, 1, 2], [2, 1, -1], [1, 0, 2]],
        "chosen": [1, 0, 2],
    }
    return Choices(**(given | changes))


def placements(**changes: Any) -> Placements:
    given: dict[str, Any] = {
        "recipes": ("a", "b"),
        "participants": ("p",),
        "scenes": ("s", "t"),
        "participant": [0, 0, 0, 0],
        "scene": [0, 0, 0, 1],
        "recipe": [0, 1, 0, 0],
        "scroll": [7, 7, 8, 8],
        "agreement": [False, False, True, True],
        "position": [0.5, -1e9, 3, 4],
    }
    return Placements(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": ("a", "a", "b")}, "items: names must differ, 'a' stands there twice"),
        ({"items": ("a", "", "b")}, "items: names must be non-empty text, got ''"),
        ({"participants": ("p", 2)}, "participants: names must be non-empty text, got 2"),
        ({"participant": [0, 0, 2]}, r"participant: must lie in 0\.\.1, got 2"),
        ({"scene": [0, -1, 0]}, r"scene: must lie in 0\.\.0, got -1"),
        ({"left": [0, -1, 2]}, r"left: must lie in 0\.\.2, got -1"),
        ({"left": [0.0, 1.0, float("nan")]}, "left: must be whole numbers"),
        ({"left": [0, 2, 2]}, "left, right: must differ, row 1 shows 'c' twice"),
        ({"left_won": [1, 0, 1]}, "left_won: must be true or false, got int64"),
        ({"left_won": [True, False]}, "columns must be equally long, got .*left_won 2"),
        ({"skips": -1}, "skips: must be a count from 0 up, got -1"),
        ({"ties": 0.5}, "ties: must be a count from 0 up, got 0.5"),
        ({"trial": [0, 1]}, "columns must be equally long, got .*trial 2"),
    ],
)
def test_votes_when_wrong_name_the_argument(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        votes(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": [0, 1, 2]}, r"options: must have the shape \(answers, slots\), got \(3,\)"),
        ({"options": [[0, 1, 3], [2, 1, 0], [1, 0, 2]]}, r"options: must lie in -1\.\.2, got 3"),
        ({"options": [[0, -1, -1]] * 3}, "options: at least two must be shown, row 0"),
        ({"options": [[0, 1, 2], [1, 2, 1], [0, 1, 2]]}, "options: must differ, row 1"),
        ({"chosen": [1, 2, 2]}, "chosen: must be a filled slot, row 1 chose an empty one"),
        ({"chosen": [1, 0, 3]}, r"chosen: must lie in 0\.\.2, got 3"),
        ({"chosen": [1, 0]}, "columns must be equally long, got .*chosen 2"),
        ({"nones": True}, "nones: must be a count from 0 up, got True"),
    ],
)
def test_choices_when_wrong_name_the_argument(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        choices(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"position": [0, 1, float("nan"), 2]}, "position: must be finite numbers, row 2 is nan"),
        ({"position": [0, 1, 2, float("inf")]}, "position: must be finite numbers, row 3 is inf"),
        ({"position": ["a", "b", "c", "d"]}, "position: must be numbers"),
        ({"recipe": [0, 0, 0, 0]}, "scroll: an image stands once in a scroll, row 1"),
        ({"scroll": [7, 7, 7, 8]}, "scroll: one scroll has one agreement, row 2"),
        ({"agreement": [False] * 4}, "scroll: a scene's scroll has one scene, row 3"),
        (
            {"participants": ("p", "q"), "participant": [0, 1, 0, 0]},
            "scroll: one scroll has one participant, row 1",
        ),
        ({"scroll": [7, 7, -8, -8]}, "scroll: must lie in 0"),
        ({"recipe": [0, 1, 2, 0]}, r"recipe: must lie in 0\.\.1, got 2"),
    ],
)
def test_placements_when_wrong_name_the_argument(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        placements(**changes)


def test_arrays_when_made_are_copies_that_cannot_be_written() -> None:
    given = np.array([0, 1, 2])
    data = votes(left=given)
    given[0] = 2
    assert data.left.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        data.left[0] = 1


def test_empty_answers_are_legitimate() -> None:
    none: list[int] = []
    empty = Choices(("a",), (), (), *[none] * 4)
    assert empty.options.shape == (0, 0)
    assert len(Votes((), (), (), *[none] * 5).left) == 0
    assert len(Placements((), (), (), *[none] * 6).position) == 0


def test_votes_without_an_item_drop_every_vote_that_showed_it() -> None:
    left = votes(skips=3, ties=2, trial=[5, 6, 7]).without("a")
    assert (left.items, left.skips, left.ties) == (("b", "c"), 3, 2)
    assert (left.left.tolist(), left.right.tolist(), left.left_won.tolist()) == ([0], [1], [False])
    assert left.participant.tolist() == [0]
    assert left.trial is not None
    assert left.trial.tolist() == [6]


def test_choices_without_an_item_keep_the_slots_of_the_others_and_count_the_dropped() -> None:
    left = choices().without("c")
    assert left.items == ("a", "b")
    assert left.options.tolist() == [
        [0, 1, -1]
    ]  # the second had one option left, the third chose c
    assert left.chosen.tolist() == [1]
    assert left.dropped == 2
    without_first = choices().without("a")
    assert without_first.options.tolist() == [[-1, 0, 1], [1, 0, -1], [0, -1, 1]]
    assert without_first.dropped == 0


def test_placements_without_a_recipe_keep_the_others_positions() -> None:
    left = placements().without("b")
    assert left.recipes == ("a",)
    assert left.position.tolist() == [0.5, 3.0, 4.0]
    assert left.recipe.tolist() == [0, 0, 0]


@pytest.mark.parametrize("data", [votes(), choices(), placements()])
def test_without_when_the_name_is_unknown_says_which_there_are(data: Any) -> None:
    with pytest.raises(ValueError, match="'z' is none of a, b"):
        data.without("z")


def test_records_are_light_to_import() -> None:
    # A web process imports them; scipy and choix take most of a second.
    code = (
        "import sys, studies.analysis.data, studies.analysis.result;"
        "print(sorted({'scipy', 'choix', 'pandas', 'torch', 'django'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
