"""The Bradley-Terry ranking through choix, and recovery of known tastes in all three protocols."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from studies.analysis import bradley_terry, choix_ranking, luce, placement, wording
from studies.analysis.result import Connectivity, Item, Ranking
from tests.studies.analysis import simulate
from tests.studies.analysis.simulate import column

TRUTH = np.array([1.25, 0.75, 0.25, -0.25, -0.75, -1.25])


def two_up(seed: int) -> Ranking:
    rng = np.random.default_rng(seed)
    return bradley_terry.fit(simulate.votes(rng, TRUTH.tolist(), 40, 20, taste=0.4, scenes=6))


def single_choice(seed: int) -> Ranking:
    rng = np.random.default_rng(seed)
    return luce.fit(simulate.choices(rng, TRUTH.tolist(), 40, 12, taste=0.4, scenes=6))


def rating_scale(seed: int) -> Ranking:
    rng = np.random.default_rng(seed)
    quality = TRUTH / TRUTH.std() + rng.normal(0, 1, (6, 1)) + rng.normal(0, 0.2, (6, 6))
    return placement.fit(simulate.placements(rng, quality, 40, noise=0.5, shared=(0, 3, 5)))


PROTOCOLS = [two_up, single_choice, rating_scale]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("study", PROTOCOLS)
def test_known_tastes_are_found_by_the_own_model_and_by_choix(
    study: Callable[[int], Ranking], seed: int
) -> None:
    ranking = study(seed)
    for rows in (ranking.items, ranking.bradley_terry.items):
        assert spearmanr(column(rows, "estimate"), TRUTH).statistic >= 0.9
    assert all(item.low is not None for item in ranking.items)
    assert len(ranking.images) == 36


@pytest.mark.parametrize("study", [two_up, single_choice])
def test_estimates_are_on_the_scale_of_the_truth(study: Callable[[int], Ranking]) -> None:
    found = np.mean([column(study(seed), "estimate") for seed in range(8)], axis=0)
    slope = found @ TRUTH / (TRUTH @ TRUTH)
    # The participants' own tastes (0.4 logits) flatten the population's scale by a few per cent.
    assert 0.88 < slope < 1.03
    assert np.abs(found - slope * TRUTH).max() < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_ranking_without_the_anchor_leaves_the_others_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    votes = simulate.votes(rng, TRUTH.tolist(), 40, 30)
    choices = simulate.choices(rng, TRUTH.tolist(), 40, 30)
    placements = simulate.placements(rng, np.tile(TRUTH, (4, 1)), 20, shared=(0, 3, 5))
    for ranking in (
        bradley_terry.fit(votes.without("item2")),
        luce.fit(choices.without("item2")),
        placement.fit(placements.without("recipe2")),
    ):
        order = [int(item.name[-1]) for item in ranking.ranked()]
        assert order == [0, 1, 3, 4, 5]


def test_items_stand_in_the_data_s_order_with_their_counts() -> None:
    votes = simulate.votes_from_wins([[0, 2, 0], [5, 0, 0], [0, 0, 0]], participants=7)
    table = choix_ranking.rank(votes)
    told = [(item.name, item.n, item.wins, item.losses, item.rank) for item in table.items]
    assert told == [("item0", 7, 2, 5, 2), ("item1", 7, 5, 2, 1), ("item2", 0, 0, 0, None)]
    assert table.derived


def test_images_of_a_scene_in_two_groups_are_thin() -> None:
    votes = simulate.votes_from_wins(
        [[0, 40, 0, 0], [30, 0, 0, 0], [0, 0, 0, 30], [0, 0, 40, 0]], participants=10
    )
    images, warnings = choix_ranking.rank_images(votes)
    assert [image.component for image in images] == [1, 1, 2, 2]
    assert all(image.thin for image in images)
    assert warnings == ("4 of 4 pictures have too few answers to lean on within their scene.",)


def test_images_leave_out_what_a_scene_did_not_show() -> None:
    votes = simulate.votes_from_wins([[0, 9, 3], [5, 0, 3], [3, 3, 0]], participants=6)
    scene = ((votes.left < 2) & (votes.right < 2)).astype(int)
    images, _ = choix_ranking.rank_images(replace(votes, scenes=("s", "t", "u"), scene=scene))
    assert [image.name for image in images] == [
        "s/item0",
        "s/item1",
        "s/item2",
        "t/item0",
        "t/item1",
    ]


def test_votes_of_one_answer_are_few_reversals_however_many_pairs() -> None:
    # Eight answers give forty wins of derived pairs; the interval rule counts eight.
    rng = np.random.default_rng(1)
    ranking = luce.fit(simulate.choices(rng, [0.0] * 6, 8, 6))
    assert all(item.few_reversals == (item.wins < 10) for item in ranking.bradley_terry.items)
    assert any(item.few_reversals for item in ranking.bradley_terry.items)


def test_sentences_say_each_thing_once() -> None:
    assert wording.unique(["a", "b", "a"]) == ("a", "b")


@pytest.mark.parametrize(("number", "word"), [(1, "participant:"), (3, "participants:")])
def test_sentence_on_few_participants_counts_them(number: int, word: str) -> None:
    assert wording.few_participants(number).startswith(f"Only {number} {word}")


def test_sentences_on_groups_name_them_and_the_lonely_ones() -> None:
    connected = Connectivity(weak=(("a", "b"), ("c", "d"), ("e",)))
    told = wording.apart(connected)
    assert "2 groups" in told[0]
    assert told[0].endswith("a, b; c, d.")
    assert told[1] == "Never compared with another, so not ranked: e."
    assert wording.apart(Connectivity(weak=(("a", "b"),))) == []
    assert wording.apart(Connectivity()) == [wording.NOTHING]


def test_sentences_of_rows_depend_on_what_is_missing() -> None:
    whole = Item("a", 30, 15, 15, estimate=0.0, mle=0.0)
    assert wording.of_rows([whole], 12) == ()
    assert wording.of_rows([replace(whole, mle=None)], 12) == (wording.INFINITE,)
    assert len(wording.of_rows([replace(whole, mle=None)], 4)) == 2
