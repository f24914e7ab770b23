"""The single-choice ranking: reference files, what must not change it, slots, and answers too few to rank."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis import bradley_terry, conditional_logit, derived, luce, pairwise, tally
from studies.analysis.checks import Reals
from studies.analysis.data import Choices
from tests.studies.analysis import reference, simulate
from tests.studies.analysis.simulate import column

SEEDS = st.integers(0, 2**32 - 1)

CLOGIT_ATOL = 1e-5
# First choices among three of four films (Mean Girls, Beverly Hills Cop, The Mummy Returns, Mission: Impossible II)
# drawn from the Netflix rankings in R's PlackettLuce (Turner et al. 2020, Computational Statistics 35: 1027-1057), by
# slate; and what survival::clogit 3.5.3 makes of them, against the first film.
FILMS = {
    (0, 1, 2): (33, 76, 37),
    (0, 1, 3): (32, 80, 18),
    (0, 2, 3): (81, 46, 37),
    (1, 2, 3): (84, 35, 29),
}
FILMS_WORTH = [0.0, 0.694416, -0.266204, -0.591817]
FILMS_ERROR = [0.0, 0.119435, 0.128312, 0.141069]


def from_counts(name: str, items: int) -> Choices:
    """One trial per participant."""
    rows = reference.rows(f"c_plackett_luce_top1/{name}.csv")
    slates = [[int(item) for item in row["slate"].split()] for row in rows]
    counts = [int(row["count"]) for row in rows]
    chosen = [slate.index(int(row["chosen"])) for slate, row in zip(slates, rows, strict=True)]
    n = sum(counts)
    return Choices(
        items=simulate.names("item", items),
        participants=simulate.names("p", n),
        scenes=("s",),
        participant=np.arange(n),
        scene=np.zeros(n, dtype=int),
        options=np.repeat(slates, counts, axis=0),
        chosen=np.repeat(chosen, counts),
    )


def simulated_file(name: str) -> Choices:
    rows = reference.rows(f"f_simulated/{name}.csv")

    def integers(field: str) -> np.ndarray:
        return np.array([int(row[field]) for row in rows])

    options = np.array([[int(k) for k in row["slate_in_shown_order"].split()] for row in rows])
    return Choices(
        items=simulate.names("item", 6),
        participants=simulate.names("p", integers("observer").max() + 1),
        scenes=simulate.names("scene", integers("content").max() + 1),
        participant=integers("observer"),
        scene=integers("content"),
        options=options,
        chosen=np.argmax(options == integers("chosen")[:, None], axis=1),
    )


SIMULATED = ["single_full_slate", "single_random4", "single_heterogeneous"]


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_without_slots_agrees_with_the_reference(name: str) -> None:
    expected = reference.results(f"f_simulated/{name}_reference.json")
    choices = simulated_file(name)
    ranking = luce.fit(choices, slot_effects=False)
    groups = len(choices.participants)
    cr1 = np.sqrt(groups / (groups - 1)) * np.array(expected["se_cluster_CR0"])
    np.testing.assert_allclose(column(ranking, "mle"), expected["log_worth_centred"], atol=1e-6)
    np.testing.assert_allclose(column(ranking, "mle_se_naive"), expected["se_naive"], atol=1e-6)
    np.testing.assert_allclose(column(ranking, "mle_se_clustered"), cr1, atol=1e-6)
    np.testing.assert_allclose(
        column(ranking, "no_slots"), expected["log_worth_centred"], atol=1e-6
    )
    assert [item.wins for item in ranking.items] == expected["choice_counts"]
    assert ranking.slot_effects == ()


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_with_slots_agrees_with_the_reference(name: str) -> None:
    expected = reference.results(f"f_simulated/{name}_reference.json")["slot_model"]
    choices = simulated_file(name)
    ranking = luce.fit(choices)
    groups = len(choices.participants)
    cr1 = np.sqrt(groups / (groups - 1)) * np.array(expected["se_cluster_CR0"])
    np.testing.assert_allclose(column(ranking, "mle"), expected["log_worth_centred"], atol=1e-6)
    np.testing.assert_allclose(column(ranking, "mle_se_naive"), expected["se_naive"][:6], atol=1e-6)
    np.testing.assert_allclose(column(ranking, "mle_se_clustered"), cr1[:6], atol=1e-6)
    first, *later = ranking.slot_effects
    assert (first.slot, first.estimate) == (1, 0.0)
    assert [effect.slot for effect in later] == list(range(2, 2 + len(later)))
    np.testing.assert_allclose(
        [effect.estimate for effect in later], expected["slot_effects_vs_slot1"], atol=1e-6
    )
    np.testing.assert_allclose(
        [effect.se_naive for effect in later], expected["se_naive"][6:], atol=1e-6
    )
    np.testing.assert_allclose(
        np.array([effect.se_clustered for effect in later], dtype=float), cr1[6:], atol=1e-6
    )


def test_films_agree_with_the_conditional_logit_typed_in() -> None:
    options = np.repeat(list(FILMS), [sum(counts) for counts in FILMS.values()], axis=0)
    chosen = np.concatenate([np.repeat(range(3), counts) for counts in FILMS.values()])
    n = len(chosen)
    choices = Choices(
        items=simulate.names("film", 4),
        participants=simulate.names("p", n),
        scenes=("s",),
        participant=np.arange(n),
        scene=np.zeros(n, dtype=int),
        options=options,
        chosen=chosen,
    )
    assert n == 588
    found = conditional_logit.maximum_likelihood(
        conditional_logit.slates(choices, np.arange(4), with_slots=False)
    )
    assert found is not None
    np.testing.assert_allclose(found.theta - found.theta[0], FILMS_WORTH, atol=1e-6)
    own = np.diag(found.bread)
    error = np.sqrt(np.maximum(own + own[0] - 2 * found.bread[0], 0))
    np.testing.assert_allclose(error, FILMS_ERROR, atol=1e-6)


@pytest.mark.parametrize(("name", "items"), [("netflix_top1of3", 4), ("sushi_top1of4", 10)])
def test_first_choices_from_varying_slates_agree_with_clogit(name: str, items: int) -> None:
    expected = reference.results(f"c_plackett_luce_top1/{name}_reference.json")
    ranking = luce.fit(from_counts(name, items), slot_effects=False)
    for field in ("mle", "no_slots", "estimate"):
        np.testing.assert_allclose(
            column(ranking, field), expected["log_worth_centred"], atol=CLOGIT_ATOL
        )
    np.testing.assert_allclose(
        column(ranking, "mle_se_naive"), expected["se_centred"], atol=CLOGIT_ATOL
    )


def test_slates_in_one_order_leave_the_slots_out_and_say_so() -> None:
    rng = np.random.default_rng(1)
    choices = simulate.choices(rng, [0.5, 0.0, -0.5], 10, 20)
    options = np.tile(np.arange(3), (200, 1))
    picked = choices.options[np.arange(200), choices.chosen]
    ranking = luce.fit(replace(choices, options=options, chosen=picked))
    assert ranking.slot_effects == ()
    assert any("did not change places" in warning for warning in ranking.warnings)
    shares = np.array([item.wins for item in ranking.items]) / 200
    expected = np.log(shares) - np.log(shares).mean()  # the closed form of a constant slate
    np.testing.assert_allclose(column(ranking, "estimate"), expected, atol=1e-8)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_slates_of_two_are_bradley_terry(seed: int) -> None:
    choices = simulate.choices(np.random.default_rng(seed), [0.4, 0.0, -0.4], 7, 20, shown=2)
    one = luce.fit(choices, slot_effects=False)
    two = bradley_terry.fit(derived.from_choices(choices))
    np.testing.assert_allclose(column(one, "mle"), column(two, "mle"), atol=1e-8)
    np.testing.assert_allclose(
        column(one, "mle_se_clustered"), column(two, "mle_se_clustered"), atol=1e-8
    )


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_slates_of_two_with_slots_are_bradley_terry_with_the_side_effect(seed: int) -> None:
    rng = np.random.default_rng(seed)
    votes = simulate.votes(rng, [0.4, 0.0, -0.4], 7, 20, side=0.3)
    choices = Choices(
        items=votes.items,
        participants=votes.participants,
        scenes=votes.scenes,
        participant=votes.participant,
        scene=votes.scene,
        options=np.column_stack([votes.left, votes.right]),
        chosen=np.where(votes.left_won, 0, 1),
    )
    one, two = luce.fit(choices), bradley_terry.fit(votes)
    for field in ("mle", "mle_se_naive", "mle_se_clustered"):
        np.testing.assert_allclose(column(one, field), column(two, field), atol=1e-8)
    assert two.side_effect is not None
    assert one.slot_effects[1].estimate == pytest.approx(-(two.side_effect.mle or 0), abs=1e-8)


@given(SEEDS, st.booleans())
@settings(max_examples=20, deadline=None)
def test_jeffreys_on_slates_of_two_is_firth(seed: int, with_slots: bool) -> None:
    rng = np.random.default_rng(seed)
    votes = simulate.votes(rng, [2.0, 0.0, -2.0], 3, 8, side=0.3)
    votes = votes.rows(np.arange(24) < rng.integers(6, 24))
    data = tally.sample(votes, np.arange(3)) if linked(votes.left, votes.right) else None
    if data is None or (with_slots and not pairwise.side_is_identified(data)):
        return
    choices = Choices(
        items=votes.items,
        participants=votes.participants,
        scenes=votes.scenes,
        participant=votes.participant,
        scene=votes.scene,
        options=np.column_stack([votes.left, votes.right]),
        chosen=np.where(votes.left_won, 0, 1),
    )
    slates = conditional_logit.slates(choices, np.arange(3), with_slots=with_slots)
    found = conditional_logit.jeffreys(slates)
    expected = pairwise.firth(data, with_side=with_slots)
    np.testing.assert_allclose(found.theta, expected.theta, atol=1e-7)
    if with_slots:
        assert found.others[0] == pytest.approx(-(expected.side or 0), abs=1e-7)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_slots_permuted_change_nothing_in_the_model_without_slots(seed: int) -> None:
    rng = np.random.default_rng(seed)
    choices = simulate.choices(rng, [0.8, 0.0, -0.2, -0.6], 6, 12, shown=3)
    order = np.argsort(rng.random(choices.options.shape), axis=1)
    moved = replace(
        choices,
        options=np.take_along_axis(choices.options, order, axis=1),
        chosen=np.argmax(order == choices.chosen[:, None], axis=1),
    )
    one, two = luce.fit(choices, slot_effects=False), luce.fit(moved, slot_effects=False)
    for field in ("estimate", "se", "mle_se_naive", "no_slots", "n", "wins"):
        np.testing.assert_allclose(column(one, field), column(two, field), atol=1e-8)
    pairs = [column(ranking.bradley_terry.items, "estimate") for ranking in (one, two)]
    np.testing.assert_allclose(pairs[0], pairs[1], atol=1e-8)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_relabelled_items_give_the_same_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    choices = simulate.choices(rng, [0.8, 0.0, -0.2, -0.6], 6, int(rng.integers(1, 10)), shown=3)
    order = rng.permutation(4)
    place = np.argsort(order)
    moved = replace(
        choices,
        items=tuple(choices.items[index] for index in order),
        options=place[choices.options],
    )
    one = {item.name: item for item in luce.fit(choices).items}
    for item in luce.fit(moved).items:
        for field in ("estimate", "se", "mle", "no_slots", "n", "wins", "rank"):
            assert getattr(item, field) == pytest.approx(getattr(one[item.name], field), abs=1e-7)


def test_empty_slots_keep_the_places_of_the_others() -> None:
    choices = simulate.choices(
        np.random.default_rng(5), [0.5, 0, 0, -0.5], 20, 30, slots=[1, 0, 0, 0]
    )
    rest = choices.without("item3")
    assert rest.options.shape[1] == 4
    assert rest.dropped > 0
    one, two = luce.fit(choices), luce.fit(rest)
    assert len(two.slot_effects) == 4
    for first, second in zip(one.slot_effects, two.slot_effects, strict=True):
        assert first.estimate == pytest.approx(second.estimate, abs=0.4)
    assert one.slot_effects[1].estimate == pytest.approx(-1, abs=0.35)


def test_item_never_chosen_has_a_finite_penalised_estimate() -> None:
    rng = np.random.default_rng(5)
    choices = simulate.choices(rng, [0.5, 0.0, -0.5, -30.0], 12, 20)
    ranking = luce.fit(choices)
    last = ranking.items[3]
    assert (last.wins, last.rank, last.mle, last.few_reversals) == (0, 4, None, True)
    assert last.no_slots is None
    assert last.estimate is not None
    assert -8 < last.estimate < -2
    assert last.se is not None
    assert last.se > 0.5
    assert ranking.connectivity.never_won == ("item3",)
    assert any("not finite" in warning for warning in ranking.warnings)


@given(SEEDS, st.booleans())
@settings(max_examples=20, deadline=None)
def test_jeffreys_maximises_the_penalised_likelihood(seed: int, with_slots: bool) -> None:
    rng = np.random.default_rng(seed)
    choices = simulate.choices(rng, [1.5, 0.0, -0.5, -1.0], 3, 5, shown=3)
    slates = conditional_logit.slates(choices, np.arange(4), with_slots=with_slots)
    if with_slots and not conditional_logit.slots_are_identified(slates):
        return
    found = conditional_logit.jeffreys(slates)
    beta = np.concatenate([found.theta, found.others])
    best = penalised(choices, beta, with_slots)
    for _ in range(6):
        moved = beta + 1e-3 * rng.standard_normal(len(beta))
        assert penalised(choices, moved, with_slots) <= best + 1e-9


def test_votes_and_exposure_are_counted() -> None:
    choices = Choices(
        ("a", "b", "c", "d"),
        simulate.names("p", 3),
        ("s",),
        participant=np.arange(3),
        scene=np.zeros(3, dtype=int),
        options=np.array([[0, 1, 2], [1, 0, -1], [2, -1, 0]]),
        chosen=np.array([0, 0, 2]),
        skips=2,
        nones=5,
    )
    ranking = luce.fit(choices)
    told = [(item.n, item.wins, item.losses, item.share) for item in ranking.items]
    assert told == [(3, 2, 1, 2 / 3), (2, 1, 1, 0.5), (2, 0, 2, 0.0), (0, 0, 0, None)]
    assert (ranking.n.trials, ranking.n.skips, ranking.n.nones) == (3, 2, 5)
    assert ranking.pairs[0] == (0, 1, 2, 0)
    assert ranking.items[3].estimate is None
    assert any("Only 3 participants" in warning for warning in ranking.warnings)


def test_derived_ranking_stands_beside_with_clustered_errors_only() -> None:
    ranking = luce.fit(simulate.choices(np.random.default_rng(2), [0.5, 0, -0.5], 15, 20))
    table = ranking.bradley_terry
    assert table.derived
    assert [item.rank for item in table.items] == [item.rank for item in ranking.items]
    assert all(item.mle_se_naive is None and item.se is not None for item in table.items)
    assert [item.n for item in table.items] == [300, 300, 300]  # answers, not pairs
    assert [item.wins for item in table.items] == [item.wins for item in ranking.items]


def test_images_carry_votes_exposure_and_share() -> None:
    ranking = luce.fit(simulate.choices(np.random.default_rng(2), [1, 0, -1], 25, 20, scenes=2))
    assert sum(image.wins for image in ranking.images) == 500
    for image in ranking.images:
        assert image.share == pytest.approx(image.wins / image.n)
    assert [image.recipe for image in ranking.scene_images("scene1")] == list(
        simulate.names("item", 3)
    )


def test_groups_that_never_met_are_ranked_apart() -> None:
    rng = np.random.default_rng(4)
    one = simulate.choices(rng, [0.5, 0.0, -0.5], 6, 20)
    other = rng.integers(0, 2, 120)
    choices = replace(
        one,
        items=(*one.items, "x", "y"),
        participant=np.tile(one.participant, 2),
        scene=np.zeros(240, dtype=int),
        options=np.concatenate([one.options, np.tile([3, 4, -1], (120, 1))]),
        chosen=np.concatenate([one.chosen, other]),
    )
    ranking = luce.fit(choices, slot_effects=False)
    alone = luce.fit(one, slot_effects=False)
    np.testing.assert_allclose(
        column(ranking.items[:3], "estimate"), column(alone, "estimate"), atol=1e-8
    )
    assert [item.component for item in ranking.items] == [1, 1, 1, 2, 2]
    assert any("each is ranked by itself" in warning for warning in ranking.warnings)
    with_slots = luce.fit(choices)
    assert with_slots.slot_effects == ()
    assert any("Slot effects were fitted" in warning for warning in with_slots.warnings)


def test_without_answers_nothing_is_ranked_and_it_says_so() -> None:
    none = np.empty(0, dtype=int)
    ranking = luce.fit(Choices(("a", "b"), (), ("s",), none, none, none, none, nones=4))
    assert ranking.warnings == ("There are no answers to rank from.",)
    assert [item.rank for item in ranking.items] == [None, None]


def test_slates_when_a_slate_leaves_the_component_are_refused() -> None:
    choices = simulate.choices(np.random.default_rng(4), [0.5, 0.0, -0.5], 2, 3)
    with pytest.raises(ValueError, match="members: must be a whole component"):
        conditional_logit.slates(choices, np.array([0, 1]), with_slots=False)


def linked(left: np.ndarray, right: np.ndarray) -> bool:
    pairs = {frozenset(pair) for pair in zip(left.tolist(), right.tolist(), strict=True)}
    return len(pairs) >= 2 and len(frozenset().union(*pairs)) == 3


def penalised(choices: Choices, beta: Reals, with_slots: bool) -> float:
    """Log-likelihood and half the log-determinant of the information, trial by trial from the definition."""
    items, value = len(choices.items), 0.0
    information = np.zeros((len(beta), len(beta)))
    for options, chosen in zip(choices.options, choices.chosen, strict=True):
        design = np.zeros((len(options), len(beta)))
        for slot, item in enumerate(options):
            design[slot, item] = 1
            if with_slots and slot > 0:
                design[slot, items - 1 + slot] = 1
        p = np.exp(design @ beta)
        p /= p.sum()
        value += np.log(p[chosen])
        mean = p @ design
        information += design.T @ (p[:, None] * design) - np.outer(mean, mean)
    free = np.delete(np.delete(information, 0, axis=0), 0, axis=1)  # the first item held at zero
    return float(value + 0.5 * np.linalg.slogdet(free)[1])
