"""Pairs out of choices and placements."""

import numpy as np

from studies.analysis import bradley_terry, derived
from studies.analysis.data import Choices, Placements
from tests.studies.analysis import reference, simulate
from tests.studies.analysis.simulate import column


def test_choice_is_a_win_over_each_other_picture_shown() -> None:
    choices = Choices(
        ("a", "b", "c"),
        ("p", "q"),
        ("s", "t"),
        participant=np.array([0, 1]),
        scene=np.array([0, 1]),
        options=np.array([[2, 0, 1], [1, -1, 0]]),
        chosen=np.array([0, 2]),
        skips=3,
    )
    votes = derived.from_choices(choices)
    pairs = list(zip(votes.left.tolist(), votes.right.tolist(), strict=True))
    assert pairs == [(2, 0), (2, 1), (0, 1)]
    assert votes.left_won.all()
    assert votes.participant.tolist() == [0, 0, 1]
    assert votes.scene.tolist() == [0, 0, 1]
    assert votes.trial is not None
    assert votes.trial.tolist() == [0, 0, 1]
    assert (votes.sided, votes.skips) == (False, 3)


def test_placement_is_a_win_over_every_lower_one_of_its_scroll() -> None:
    placements = Placements(
        ("a", "b", "c"),
        ("p", "q"),
        ("s", "t"),
        participant=np.array([0, 0, 0, 1, 1, 0, 0]),
        scene=np.array([0, 0, 0, 0, 0, 0, 1]),
        recipe=np.array([0, 1, 2, 0, 1, 0, 0]),
        scroll=np.array([4, 4, 4, 5, 5, 6, 6]),
        agreement=np.array([False] * 5 + [True] * 2),
        position=np.array([1.0, 7.0, 1.0, -3.0, -8.0, 0.0, 9.0]),
    )
    votes = derived.from_placements(placements)
    won = sorted(
        zip(votes.participant.tolist(), votes.left.tolist(), votes.right.tolist(), strict=True)
    )
    assert won == [(0, 1, 0), (0, 1, 2), (1, 0, 1)]
    assert votes.ties == 1  # a and c of the first scroll; the agreement scroll gives no pairs
    assert not votes.sided


def test_scrolls_of_one_person_and_scene_are_not_mixed() -> None:
    placements = Placements(
        ("a", "b"),
        ("p",),
        ("s",),
        participant=np.zeros(4, dtype=int),
        scene=np.zeros(4, dtype=int),
        recipe=np.array([0, 1, 0, 1]),
        scroll=np.array([1, 1, 2, 2]),
        agreement=np.zeros(4, dtype=bool),
        position=np.array([1.0, 2.0, 30.0, 40.0]),
    )
    assert len(derived.from_placements(placements).left) == 2


def test_choices_of_two_are_the_votes_themselves() -> None:
    rng = np.random.default_rng(2)
    choices = simulate.choices(rng, [0.6, 0.0, -0.6], 8, 20, shown=2)
    votes = derived.from_choices(choices)
    assert len(votes.left) == len(choices.chosen)
    ranking = bradley_terry.fit(votes)
    assert [item.n for item in ranking.items] == np.bincount(choices.options.ravel()).tolist()


def test_pairs_of_sushi_choices_agree_with_the_reference() -> None:
    # The only published column of rank-breaking here; its naive errors are the ones we do not give.
    expected = reference.results("c_plackett_luce_top1/rank_breaking_reference.json")
    rows = reference.rows("c_plackett_luce_top1/sushi_top1of4.csv")
    slates = [[int(item) for item in row["slate"].split()] for row in rows]
    counts = [int(row["count"]) for row in rows]
    chosen = [slate.index(int(row["chosen"])) for slate, row in zip(slates, rows, strict=True)]
    n = sum(counts)
    choices = Choices(
        items=simulate.names("item", 10),
        participants=simulate.names("p", n),
        scenes=("s",),
        participant=np.arange(n),
        scene=np.zeros(n, dtype=int),
        options=np.repeat(slates, counts, axis=0),
        chosen=np.repeat(chosen, counts),
    )
    ranking = bradley_terry.fit(derived.from_choices(choices))
    np.testing.assert_allclose(column(ranking, "mle"), expected["rank_breaking_bt"], atol=1e-6)
    # One trial per person: the reference's sandwich by trial is CR0 by participant.
    cr1 = np.sqrt(n / (n - 1)) * np.array(expected["rank_breaking_se_sandwich_by_trial"])
    np.testing.assert_allclose(column(ranking, "mle_se_clustered"), cr1, atol=1e-6)
