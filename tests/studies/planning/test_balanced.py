"""The schedule's balance: counted, not believed."""

from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies import lifecycle
from studies.models import Slot
from studies.planning import balanced
from studies.planning.balanced import Design
from tests import factories

SIZES = [(1, 2), (2, 2), (3, 3), (6, 6), (4, 5), (5, 4), (6, 5), (7, 8), (12, 3)]


def grid(scenes: int, recipes: int) -> Design:
    """Stimulus 100 × scene + recipe."""
    return {s: {r: 100 * s + r for r in range(1, recipes + 1)} for s in range(1, scenes + 1)}


def left_counts(shown: list[balanced.Showing]) -> Counter[int]:
    """How often each recipe lies left, less how often right."""
    count: Counter[int] = Counter()
    for showing in shown:
        count[showing.stimuli[0] % 100] += 1
        count[showing.stimuli[1] % 100] -= 1
    return count


@pytest.mark.parametrize(("scenes", "recipes"), SIZES)
def test_round_of_pairs_holds_each_pair_of_each_scene_once(scenes: int, recipes: int) -> None:
    for number in range(4):
        shown = balanced.pairs(grid(scenes, recipes), 1, 1, number)
        pairs = combinations(range(1, recipes + 1), 2)
        wanted = {(s, frozenset(p)) for p in pairs for s in range(1, scenes + 1)}
        assert len(shown) == len(wanted)
        assert {(one.scene, frozenset(pk % 100 for pk in one.stimuli)) for one in shown} == wanted
        assert all(pk // 100 == one.scene for one in shown for pk in one.stimuli)


@pytest.mark.parametrize(("scenes", "recipes"), SIZES)
def test_odd_round_of_pairs_mirrors_the_one_before(scenes: int, recipes: int) -> None:
    cells = grid(scenes, recipes)
    for number in (0, 2):
        here = {one.stimuli for one in balanced.pairs(cells, 1, 1, number)}
        mirrored = {one.stimuli[::-1] for one in balanced.pairs(cells, 1, 1, number + 1)}
        assert here == mirrored


@pytest.mark.parametrize(("scenes", "recipes"), SIZES)
def test_sides_are_even_for_every_recipe_in_every_round(scenes: int, recipes: int) -> None:
    for number in range(4):
        counts = left_counts(balanced.pairs(grid(scenes, recipes), 3, 1, number))
        assert max(map(abs, counts.values())) <= (1 if recipes % 2 == 0 else 0) + scenes % 2


def test_pair_changes_sides_each_time_it_comes() -> None:
    last: dict[frozenset[int], int] = {}
    for showing in balanced.pairs(grid(6, 6), 1, 1, 0):
        a, b = (pk % 100 for pk in showing.stimuli)
        assert last.get(frozenset((a, b))) != a
        last[frozenset((a, b))] = a


@pytest.mark.parametrize(("scenes", "recipes"), [(6, 6), (5, 4), (7, 8), (6, 5)])
def test_any_run_of_pairs_goes_through_scenes_and_recipes_evenly(scenes: int, recipes: int) -> None:
    shown = balanced.pairs(grid(scenes, recipes), 1, 1, 0)
    for begin in range(len(shown) - 20):
        run = shown[begin : begin + 20]
        by_scene = Counter(one.scene for one in run)
        by_recipe = Counter(pk % 100 for one in run for pk in one.stimuli)
        by_pair = Counter(frozenset(pk % 100 for pk in one.stimuli) for one in run)
        pairs = recipes * (recipes - 1) // 2
        assert max(by_scene.values()) - min(by_scene[s] for s in range(1, scenes + 1)) <= 1
        assert max(by_recipe.values()) - min(by_recipe[r] for r in range(1, recipes + 1)) <= 4
        assert max(by_pair.values()) <= -(-20 // pairs) + 1
        assert max(map(abs, left_counts(run).values())) <= 3


def test_pairs_when_a_cell_is_missing_leave_it_out_and_keep_the_rest() -> None:
    cells = {1: {1: 101, 2: 102, 3: 103}, 2: {1: 201, 3: 203}}
    shown = balanced.pairs(cells, 1, 1, 0)
    assert len(shown) == 4
    assert {one.cell for one in shown if one.scene == 2} == {(2, frozenset((201, 203)))}


@pytest.mark.parametrize("count", range(1, 9))
def test_williams_square_is_balanced_for_places_and_for_neighbours(count: int) -> None:
    rows = balanced.williams(count)
    times = len(rows) // count
    places = Counter((place, one) for row in rows for place, one in enumerate(row))
    assert set(places.values()) == {times}
    assert len(places) == count**2
    neighbours = Counter(pair for row in rows for pair in pairwise(row))
    assert len(neighbours) == count * (count - 1)
    assert len(set(neighbours.values())) <= 1


@pytest.mark.parametrize(("scenes", "recipes"), SIZES)
def test_cycle_of_arrangements_puts_every_recipe_equally_often_in_every_place(
    scenes: int, recipes: int
) -> None:
    rounds = len(balanced.williams(recipes))
    places: Counter[tuple[int, int]] = Counter()
    for number in range(rounds):
        shown = balanced.arrangements(grid(scenes, recipes), 1, 1, number)
        assert sorted(one.scene for one in shown) == list(range(1, scenes + 1))
        for showing in shown:
            assert {pk // 100 for pk in showing.stimuli} == {showing.scene}
            places.update((pk, place) for place, pk in enumerate(showing.stimuli))
    assert len(places) == scenes * recipes**2
    assert set(places.values()) == {rounds // recipes}


def test_arrangements_of_one_round_differ_between_scenes() -> None:
    shown = balanced.arrangements(grid(6, 6), 1, 1, 0)
    assert len({tuple(pk % 100 for pk in one.stimuli) for one in shown}) == 6


def test_arrangement_when_a_cell_is_missing_shows_the_rest() -> None:
    shown = balanced.arrangements({1: {1: 101, 2: 102}, 2: {1: 201, 2: 202, 3: 203}}, 1, 1, 5)
    assert {one.scene: len(one.stimuli) for one in shown} == {1: 2, 2: 3}


@pytest.mark.parametrize("make", [balanced.pairs, balanced.arrangements])
def test_schedule_is_a_function_of_seed_question_and_round(make) -> None:  # type: ignore[no-untyped-def]
    cells = grid(6, 6)
    assert make(cells, 1, 1, 0) == make(cells, 1, 1, 0)
    others = [make(cells, 2, 1, 0), make(cells, 1, 2, 0), make(cells, 1, 1, 1)]
    assert all(other != make(cells, 1, 1, 0) for other in others)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(0, 2**31))
@settings(max_examples=200, deadline=None)
def test_spread_puts_no_scene_behind_itself_if_that_can_be(scenes: list[int], seed: int) -> None:
    order = balanced.spread(scenes, np.random.Generator(np.random.PCG64(seed)))
    assert sorted(order) == list(range(len(scenes)))
    most = max(Counter(scenes).values())
    repeats = sum(scenes[a] == scenes[b] for a, b in pairwise(order))
    assert repeats == max(0, 2 * most - len(scenes) - 1)


def test_lay_out_writes_whole_rounds_for_the_planned_participants(db: None) -> None:
    study = factories.study(scenes=2, recipes=4, trials_per_participant=5, participants_planned=6)
    lifecycle.open_study(study)  # 30 showings wanted, 12 in a round
    slots = list(study.slots.order_by("position"))
    assert [slot.position for slot in slots] == list(range(36))
    assert all(slot.participant is None and not slot.answered for slot in slots)


def test_lay_out_when_huge_stops_at_its_limit(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balanced, "LAID_OUT_AT_ONCE", 10)
    study = factories.study(scenes=2, recipes=3, participants_planned=90_000)
    lifecycle.open_study(study)
    assert Slot.objects.filter(study=study).count() == 12
