"""The two-up ranking: reference files, what must not change it, and data too thin to rank."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis import bradley_terry, inference
from studies.analysis.data import Votes
from studies.analysis.result import Ranking
from tests.studies.analysis import reference, simulate
from tests.studies.analysis.simulate import column

SEEDS = st.integers(0, 2**32 - 1)


def simulated_file(name: str) -> Votes:
    rows = reference.rows(f"f_simulated/{name}.csv")

    def integers(field: str) -> np.ndarray:
        return np.array([int(row[field]) for row in rows])

    return Votes(
        items=simulate.names("item", 8),
        participants=simulate.names("p", integers("observer").max() + 1),
        scenes=simulate.names("scene", integers("content").max() + 1),
        participant=integers("observer"),
        scene=integers("content"),
        left=integers("left"),
        right=integers("right"),
        left_won=np.array([row["choice"] == "left" for row in rows]),
    )


SIMULATED = ["pairwise_homogeneous", "pairwise_leftbias_heterogeneous", "pairwise_spammers"]


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_without_side_effect_agrees_with_the_reference(name: str) -> None:
    expected = reference.results(f"f_simulated/{name}_reference.json")
    ranking = bradley_terry.fit(simulated_file(name), side_effect=False)
    np.testing.assert_allclose(column(ranking, "mle"), expected["ability_centred"], atol=1e-6)
    np.testing.assert_allclose(column(ranking, "mle_se_naive"), expected["se_naive"], atol=1e-6)
    np.testing.assert_allclose(
        column(ranking, "mle_se_clustered"), expected["se_cluster"], atol=1e-6
    )
    assert ranking.side_effect is None


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_with_side_effect_agrees_with_the_reference(name: str) -> None:
    expected = reference.results(f"f_simulated/{name}_reference.json")["order_model"]
    ranking = bradley_terry.fit(simulated_file(name))
    np.testing.assert_allclose(column(ranking, "mle"), expected["ability_centred"], atol=1e-6)
    np.testing.assert_allclose(
        column(ranking, "mle_se_clustered"), expected["se_ability_cluster"], atol=1e-6
    )
    side = ranking.side_effect
    assert side is not None
    assert side.mle == pytest.approx(expected["gamma"], abs=1e-6)
    assert side.mle_se_naive == pytest.approx(expected["se_gamma_naive"], abs=1e-6)
    assert side.mle_se_clustered == pytest.approx(expected["se_gamma_cluster"], abs=1e-6)
    # 2520 votes: the penalty moves the estimate by less than a hundredth of its error.
    assert side.estimate == pytest.approx(expected["gamma"], abs=1e-3)


def test_simulated_and_disconnected_agrees_with_the_reference() -> None:
    expected = reference.results("f_simulated/pairwise_disconnected_reference.json")
    ranking = bradley_terry.fit(simulated_file("pairwise_disconnected"), side_effect=False)
    for number, part in enumerate(expected["per_component"], start=1):
        rows = [ranking.items[index] for index in part["items"]]
        np.testing.assert_allclose(column(rows, "mle"), part["ability_centred"], atol=1e-6)
        np.testing.assert_allclose(column(rows, "mle_se_naive"), part["se"], atol=1e-6)
        assert {row.component for row in rows} == {number}
        assert sorted(row.rank or 0 for row in rows) == [1, 2, 3, 4]
    assert any("2 groups that were never compared" in warning for warning in ranking.warnings)


def test_simulated_and_sparse_agrees_with_the_reference() -> None:
    expected = reference.results("f_simulated/pairwise_sparse_reference.json")
    ranking = bradley_terry.fit(simulated_file("pairwise_sparse"), side_effect=False)
    np.testing.assert_allclose(
        column(ranking, "estimate"), expected["firth_ability_centred"], atol=1e-6
    )
    assert len(ranking.connectivity.strong) == expected["strongly_connected_components"]
    assert all(item.mle is None and item.few_reversals for item in ranking.items)
    assert any("not finite" in warning for warning in ranking.warnings)


def test_sound_quality_agrees_with_the_reference() -> None:
    # Choisel & Wickelmaier 2007 (JASA 121: 388): 40 listeners, whose clustering doubles to quadruples the errors.
    expected = reference.results("a_bradley_terry/soundquality_reference.json")
    rows = reference.rows("a_bradley_terry/soundquality_trials.csv")
    items = expected["items"]
    people = sorted({row["observer"] for row in rows})
    contents = sorted({row["content"] for row in rows})
    votes = Votes(
        items=tuple(items),
        participants=tuple(people),
        scenes=tuple(contents),
        participant=np.array([people.index(row["observer"]) for row in rows]),
        scene=np.array([contents.index(row["content"]) for row in rows]),
        left=np.array([items.index(row["item_i"]) for row in rows]),
        right=np.array([items.index(row["item_j"]) for row in rows]),
        left_won=np.array([row["i_preferred"] == "1" for row in rows]),
    )
    ranking = bradley_terry.fit(votes, side_effect=False)
    cr1 = np.sqrt(40 / 39) * np.array(expected["se_centred_cluster_observer"])
    np.testing.assert_allclose(column(ranking, "mle"), expected["ability_centred"], atol=1e-5)
    np.testing.assert_allclose(
        column(ranking, "mle_se_naive"), expected["se_centred_naive"], atol=1e-5
    )
    np.testing.assert_allclose(column(ranking, "mle_se_clustered"), cr1, atol=1e-5)


def test_sharpened_pictures_agree_with_the_reference_scene_by_scene() -> None:
    # Krasula et al. 2017 (IEEE TIP): five contents never compared with each other, 31 observers.
    expected = reference.results("d_sureal/sharpened_pc_reference.json")
    rows = reference.rows("d_sureal/sharpened_pc_trials.csv")
    observers = sorted({int(row["observer"]) for row in rows})
    votes = Votes(
        items=simulate.names("item", 40),
        participants=simulate.names("p", len(observers)),
        scenes=simulate.names("scene", 5),
        participant=np.array([observers.index(int(row["observer"])) for row in rows]),
        scene=np.array([int(row["content"]) for row in rows]),
        left=np.array([int(row["item_i"]) for row in rows]),
        right=np.array([int(row["item_j"]) for row in rows]),
        left_won=np.array([row["i_preferred"] == "1" for row in rows]),
    )
    ranking = bradley_terry.fit(votes, side_effect=False)
    for part in expected["components"]:
        found = [ranking.items[index] for index in part["items"]]
        np.testing.assert_allclose(column(found, "mle"), part["bt_ability_centred"], atol=1e-6)
    assert max(item.component for item in ranking.items) == 5


@pytest.mark.parametrize("name", ["mle_se_naive", "mle_se_clustered"])
def test_headline_errors_of_many_votes_are_near_those_of_the_unpenalised_fit(name: str) -> None:
    votes = simulate.votes(np.random.default_rng(2), [0.8, 0.2, -0.3, -0.7], 30, 60)
    ranking = bradley_terry.fit(votes)
    ratio = column(ranking, "se") / column(ranking, name)
    assert (np.abs(ratio - 1) < (0.5 if name == "mle_se_naive" else 0.01)).all()


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_relabelled_items_give_the_same_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    votes = some_votes(rng)
    order = rng.permutation(len(votes.items))
    place = np.argsort(order)
    moved = replace(
        votes,
        items=tuple(votes.items[index] for index in order),
        left=place[votes.left],
        right=place[votes.right],
    )
    assert_same_rows(bradley_terry.fit(votes), bradley_terry.fit(moved), components=False)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_winners_and_losers_swapped_turn_every_sign(seed: int) -> None:
    votes = some_votes(np.random.default_rng(seed))
    swapped = replace(votes, left_won=~votes.left_won)
    one, two = bradley_terry.fit(votes), bradley_terry.fit(swapped)
    np.testing.assert_allclose(column(one, "estimate"), -column(two, "estimate"), atol=1e-8)
    np.testing.assert_allclose(column(one, "se"), column(two, "se"), atol=1e-8)
    np.testing.assert_allclose(column(one, "low"), -column(two, "high"), atol=1e-8)
    if one.side_effect is not None:
        assert two.side_effect is not None
        assert one.side_effect.estimate == pytest.approx(-two.side_effect.estimate, abs=1e-8)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_screens_mirrored_turn_the_side_effect_only(seed: int) -> None:
    votes = some_votes(np.random.default_rng(seed))
    mirrored = replace(votes, left=votes.right, right=votes.left, left_won=~votes.left_won)
    one, two = bradley_terry.fit(votes), bradley_terry.fit(mirrored)
    assert_same_rows(one, two)
    if one.side_effect is not None:
        assert two.side_effect is not None
        assert one.side_effect.estimate == pytest.approx(-two.side_effect.estimate, abs=1e-8)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_every_participant_doubled_keeps_the_mle_and_shrinks_its_naive_error(seed: int) -> None:
    votes = simulate.votes(np.random.default_rng(seed), [0.5, 0.0, -0.5], 8, 20)
    twice = {name: np.tile(getattr(votes, name), 2) for name in ("scene", "left", "right")}
    doubled = replace(
        votes,
        participants=simulate.names("p", 16),
        participant=np.concatenate([votes.participant, votes.participant + 8]),
        left_won=np.tile(votes.left_won, 2),
        **twice,
    )
    one, two = bradley_terry.fit(votes), bradley_terry.fit(doubled)
    np.testing.assert_allclose(column(one, "mle"), column(two, "mle"), atol=1e-8)
    np.testing.assert_allclose(
        column(one, "mle_se_naive") / np.sqrt(2), column(two, "mle_se_naive"), atol=1e-8
    )
    # CR1 with 8 against 16 clusters: G/(G-1) is all that differs from a factor of 1/sqrt 2.
    factor = np.sqrt(0.5 * (16 / 15) / (8 / 7))
    np.testing.assert_allclose(
        column(one, "mle_se_clustered") * factor, column(two, "mle_se_clustered"), atol=1e-8
    )


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_rows_in_another_order_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    votes = some_votes(rng)
    shuffled = votes.rows(rng.permutation(len(votes.left)))
    assert_same_rows(bradley_terry.fit(votes), bradley_terry.fit(shuffled))


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_item_that_was_never_compared_changes_nothing(seed: int) -> None:
    votes = some_votes(np.random.default_rng(seed))
    more = replace(votes, items=(*votes.items, "never shown"))
    one, two = bradley_terry.fit(votes), bradley_terry.fit(more)
    assert one.items == two.items[:-1]
    last = two.items[-1]
    assert (last.n, last.estimate, last.rank) == (0, None, None)
    assert one.side_effect == two.side_effect
    told = "never shown" if len(votes.left) else "no answers"
    assert any(told in warning for warning in two.warnings)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_estimates_sum_to_zero_in_each_component(seed: int) -> None:
    ranking = bradley_terry.fit(some_votes(np.random.default_rng(seed)))
    for component in {item.component for item in ranking.items}:
        rows = [item for item in ranking.items if item.component == component]
        assert abs(sum(item.estimate or 0.0 for item in rows)) < 1e-9


def test_choix_stands_beside_and_agrees_where_the_side_effect_is_left_out() -> None:
    votes = simulate.votes(np.random.default_rng(4), [0.6, 0.1, -0.7], 40, 30, side=0.4)
    with_side = bradley_terry.fit(votes)
    without = bradley_terry.fit(votes, side_effect=False)
    assert not with_side.bradley_terry.derived
    assert with_side.bradley_terry.items == without.items
    assert with_side.items != without.items
    assert with_side.side_effect is not None
    assert with_side.side_effect.low is not None
    assert with_side.side_effect.low > 0
    assert with_side.side_effect.p is not None
    assert with_side.side_effect.p < 0.05


def test_without_an_item_is_the_fit_of_the_other_votes() -> None:
    votes = simulate.votes(np.random.default_rng(6), [0.9, 0.3, -0.3, -0.9], 20, 30)
    whole, rest = bradley_terry.fit(votes), bradley_terry.fit(votes.without("item3"))
    assert [item.name for item in rest.items] == ["item0", "item1", "item2"]
    kept = [item.estimate or 0.0 for item in whole.items[:3]]
    moved = np.array(kept) - np.mean(kept)
    np.testing.assert_allclose(column(rest, "estimate"), moved, atol=0.3)


def test_images_are_ranked_within_their_scene() -> None:
    rng = np.random.default_rng(9)
    votes = simulate.votes(rng, [1.5, 0.0, -1.5], 30, 40, scenes=3)
    turned = votes.scene == 2  # in the last scene taste is the other way round
    votes = replace(votes, left_won=votes.left_won ^ turned)
    ranking = bradley_terry.fit(votes)
    assert [image.name for image in ranking.images[:3]] == [f"scene0/item{k}" for k in range(3)]
    best = [ranking.scene_images(scene)[0].recipe for scene in votes.scenes]
    assert best == ["item0", "item0", "item2"]
    assert sorted({image.component for image in ranking.images}) == [1, 2, 3]
    assert not any(image.thin for image in ranking.images)
    counted = sum(image.n for image in ranking.images)
    assert counted == 2 * len(votes.left)


def test_images_of_few_answers_are_marked_thin() -> None:
    ranking = bradley_terry.fit(
        simulate.votes(np.random.default_rng(9), [0.5, -0.5], 6, 4, scenes=3)
    )
    assert all(image.thin for image in ranking.images)
    assert any("too few answers" in warning for warning in ranking.warnings)


def test_pairs_are_the_wins_of_row_over_column() -> None:
    wins = [[0, 3, 1], [2, 0, 4], [0, 5, 0]]
    ranking = bradley_terry.fit(simulate.votes_from_wins(wins, participants=5))
    assert [list(row) for row in ranking.pairs] == wins
    assert [(item.wins, item.losses, item.n) for item in ranking.items] == [
        (4, 2, 6),
        (6, 8, 14),
        (5, 5, 10),
    ]


def test_counts_keep_skips_and_ties_out_of_the_trials() -> None:
    votes = replace(simulate.votes(np.random.default_rng(1), [0, 0], 6, 3), skips=4, ties=2)
    counted = bradley_terry.fit(votes).n
    assert (counted.trials, counted.skips, counted.ties, counted.participants) == (18, 4, 2, 6)


def test_without_answers_nothing_is_ranked_and_it_says_so() -> None:
    none: list[int] = []
    votes: Any = Votes(("a", "b"), ("p",), ("s",), *[none] * 5, skips=7)  # type: ignore[arg-type]
    ranking = bradley_terry.fit(votes)
    assert all(item.estimate is None and item.rank is None for item in ranking.items)
    assert ranking.warnings == ("There are no answers to rank from.",)
    assert ranking.images == ()
    assert ranking.side_effect is None


@pytest.mark.parametrize("participants", [1, 4])
def test_below_five_participants_there_is_a_ranking_without_intervals(participants: int) -> None:
    votes = simulate.votes(np.random.default_rng(1), [0.5, 0, -0.5], participants, 40)
    ranking = bradley_terry.fit(votes)
    for item in (*ranking.items, *ranking.bradley_terry.items):
        assert item.estimate is not None
        assert item.rank is not None
        assert (item.se, item.low, item.high, item.mle_se_clustered) == (None,) * 4
        assert item.mle_se_naive is not None
    assert ranking.side_effect is not None
    assert (ranking.side_effect.low, ranking.side_effect.p) == (None, None)
    assert any(f"Only {participants} participant" in warning for warning in ranking.warnings)


def test_separate_groups_are_ranked_apart_without_one_side_effect() -> None:
    rng = np.random.default_rng(3)
    one = simulate.votes(rng, [0.5, -0.5, 0.0], 8, 30)
    items = (*one.items, "x", "y")
    pair = rng.random(60) < 0.7
    votes = replace(
        one,
        items=items,
        participant=np.concatenate([one.participant, np.arange(60) % 8]),
        scene=np.zeros(300, dtype=int),
        left=np.concatenate([one.left, np.where(np.arange(60) % 2, 3, 4)]),
        right=np.concatenate([one.right, np.where(np.arange(60) % 2, 4, 3)]),
        left_won=np.concatenate([one.left_won, pair]),
    )
    ranking = bradley_terry.fit(votes)
    assert ranking.connectivity.weak == (("item0", "item1", "item2"), ("x", "y"))
    assert [item.component for item in ranking.items] == [1, 1, 1, 2, 2]
    assert sorted(item.rank or 0 for item in ranking.items) == [1, 1, 2, 2, 3]
    assert ranking.side_effect is None
    assert any("side effect" in warning for warning in ranking.warnings)
    alone = bradley_terry.fit(one)
    for name in ("estimate", "se", "low", "high"):
        np.testing.assert_allclose(column(ranking.items[:3], name), column(alone, name), atol=1e-9)


def test_side_that_never_changed_is_left_out_and_said() -> None:
    votes = simulate.votes_from_wins([[0, 30], [12, 0]], participants=6)
    left = np.zeros(42, dtype=int)
    fixed = replace(votes, left=left, right=left + 1, left_won=votes.left == 0, sided=True)
    ranking = bradley_terry.fit(fixed)
    assert ranking.side_effect is None
    assert any("Sides were not exchanged" in warning for warning in ranking.warnings)
    np.testing.assert_allclose(
        column(ranking, "estimate"), column(bradley_terry.fit(votes), "estimate"), atol=1e-8
    )


def test_whoever_always_takes_the_left_has_a_wide_interval_not_a_narrow_one() -> None:
    votes = simulate.votes(np.random.default_rng(3), [0.0, 0.0], 10, 20)
    ranking = bradley_terry.fit(replace(votes, left_won=np.ones(200, dtype=bool)))
    side = ranking.side_effect
    assert side is not None
    assert side.mle is None
    assert side.low is not None
    assert side.high is not None
    assert side.high - side.low > 2 * inference.quantile(10)


def test_item_that_always_wins_is_first_with_a_wide_interval() -> None:
    rng = np.random.default_rng(3)
    votes = simulate.votes(rng, [0.0, 0.0, 0.0, 0.0], 12, 30)
    votes = replace(
        votes,
        left_won=np.where(votes.left == 0, True, np.where(votes.right == 0, False, votes.left_won)),
    )
    ranking = bradley_terry.fit(votes)
    first = ranking.ranked()[0]
    assert (first.name, first.few_reversals, first.mle) == ("item0", True, None)
    assert first.se is not None
    assert first.se > 2 * max(item.se or 0.0 for item in ranking.ranked()[1:])
    assert ranking.connectivity.never_lost == ("item0",)


def test_derived_pairs_have_clustered_errors_only() -> None:
    votes = replace(simulate.votes(np.random.default_rng(1), [0.5, -0.5], 9, 20), sided=False)
    ranking = bradley_terry.fit(votes)
    assert ranking.bradley_terry.derived
    assert ranking.items == ranking.bradley_terry.items
    assert ranking.side_effect is None
    assert all(item.mle_se_naive is None and item.se is not None for item in ranking.items)


def test_differences_beyond_the_reach_of_choix_are_ranked_all_the_same() -> None:
    wins = np.zeros((20, 20), dtype=int)
    for k in range(19):
        wins[k, k + 1], wins[k + 1, k] = 999, 1
    ranking = bradley_terry.fit(simulate.votes_from_wins(wins.tolist(), participants=6))
    assert [item.rank for item in ranking.items] == list(range(1, 21))
    assert any("choix did not converge" in warning for warning in ranking.warnings)


def some_votes(rng: np.random.Generator) -> Votes:
    """Few or many votes, connected or not, of two to five items."""
    truth = rng.normal(0, 1, rng.integers(2, 6))
    votes = simulate.votes(
        rng, truth.tolist(), int(rng.integers(1, 10)), int(rng.integers(1, 20)), scenes=2
    )
    if rng.random() < 0.3:
        votes = votes.rows((votes.left < 2) == (votes.right < 2))
    return votes


def assert_same_rows(one: Ranking, two: Ranking, *, components: bool = True) -> None:
    rows = {item.name: item for item in two.items}
    for item in one.items:
        other = rows[item.name]
        for field in ("n", "wins", "losses", "rank", "few_reversals"):
            assert getattr(item, field) == getattr(other, field)
        if components:
            assert item.component == other.component
        for field in ("estimate", "se", "low", "high", "mle", "mle_se_naive", "mle_se_clustered"):
            assert getattr(item, field) == pytest.approx(getattr(other, field), abs=1e-7)
