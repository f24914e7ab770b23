"""Do 95 % intervals hold the truth in 95 % of simulated studies? A small version of the calibration, seeds fixed.

Truth is the population-averaged one: participants' own tastes integrated out, by one very large study. Limits allow
about three standard errors of the simulation around what statistics.md section 4 asks for.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator

from studies.analysis import conditional_logit, inference, pairwise, placement, tally
from studies.analysis.data import Votes
from studies.analysis.inference import Estimate, Intervals
from tests.studies.analysis import simulate
from tests.studies.analysis.simulate import column

STUDIES = 400
EVEN = [0.9, 0.5, 0.1, -0.2, -0.5, -0.8]
AHEAD = [3.5, 0.8, 0.4, 0.0, -0.4, -0.8]


def two_up(votes: Votes) -> tuple[Estimate, Intervals]:
    data = tally.sample(votes, np.arange(len(votes.items)))
    found = pairwise.estimate(data, pairwise.firth(data, with_side=True))
    few = inference.few_reversals(data.wins.sum(axis=1), data.wins.sum(axis=0))
    return found, inference.item_intervals(found, few)


def large(truth: list[float], taste: float) -> np.ndarray:
    rng = np.random.default_rng(99)
    data = tally.sample(simulate.votes(rng, truth, 40_000, 15, taste=taste), np.arange(len(truth)))
    fit = pairwise.maximum_likelihood(data, with_side=False)
    assert fit is not None
    return fit.theta


def covered(
    seed: int, truth: np.ndarray, study: Callable[[Generator], tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Share of studies whose intervals hold the truth, per item."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(truth))
    for _ in range(STUDIES):
        low, high = study(rng)
        held += (low <= truth) & (truth <= high)
    return held / STUDIES


@pytest.mark.parametrize(("participants", "taste"), [(15, 0.0), (15, 0.7), (40, 0.7)])
def test_two_up_intervals_hold_the_population_s_truth(participants: int, taste: float) -> None:
    def study(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
        _, shown = two_up(simulate.votes(rng, EVEN, participants, 30, taste=taste))
        return shown.low, shown.high

    held = covered(11, large(EVEN, taste), study)
    assert 0.93 < held.mean() < 0.975


def test_naive_intervals_of_the_same_data_do_not_hold_it() -> None:
    def study(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
        found, _ = two_up(simulate.votes(rng, EVEN, 30, 60, taste=0.7))
        half = 1.96 * found.se_naive()[:6]
        return found.theta - half, found.theta + half

    assert covered(12, large(EVEN, 0.7), study).mean() < 0.88


@pytest.mark.parametrize("participants", [15, 30])
def test_few_reversals_intervals_of_every_item_hold_the_truth(participants: int) -> None:
    def study(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
        _, shown = two_up(simulate.votes(rng, AHEAD, participants, 15))
        return shown.low, shown.high

    truth = np.array(AHEAD) - np.mean(AHEAD)
    held = covered(13, truth, study)
    assert held.min() > 0.92


def test_clustered_intervals_alone_fail_where_reversals_are_few() -> None:
    def study(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
        found, _ = two_up(simulate.votes(rng, AHEAD, 15, 15))
        shown = inference.item_intervals(found, np.zeros(6, dtype=bool))
        return shown.low, shown.high

    truth = np.array(AHEAD) - np.mean(AHEAD)
    assert covered(13, truth, study)[0] < 0.9


def test_single_choice_intervals_hold_the_population_s_truth() -> None:
    members = np.arange(6)
    rng = np.random.default_rng(98)
    many = simulate.choices(rng, EVEN, 20_000, 10, shown=4, taste=0.8)
    found = conditional_logit.maximum_likelihood(
        conditional_logit.slates(many, members, with_slots=False)
    )
    assert found is not None

    def study(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
        choices = simulate.choices(rng, EVEN, 20, 15, shown=4, taste=0.8)
        slates = conditional_logit.slates(choices, members, with_slots=True)
        fit = conditional_logit.maximum_likelihood(slates)
        assert fit is not None
        shown = inference.item_intervals(fit, np.zeros(6, dtype=bool))
        return shown.low, shown.high

    held = covered(14, found.theta, study)
    assert 0.93 < held.mean() < 0.975


def test_placement_intervals_hold_the_truth() -> None:
    quality = np.random.default_rng(97).normal(size=(4, 5)) + np.linspace(-1, 1, 5)
    truth = ((quality - quality.mean()) / quality.std()).ravel()
    many = placement.fit(
        simulate.placements(np.random.default_rng(96), quality, 3000, shared=(0, 2, 4))
    )
    limit = column(many.images, "estimate")  # z-scores bend the scale a little: what E1 tends to
    assert np.abs(limit - truth).max() < 0.2
    rng, held = np.random.default_rng(15), np.zeros(20)
    for _ in range(100):
        ranking = placement.fit(simulate.placements(rng, quality, 12, shared=(0, 2, 4)))
        held += (column(ranking.images, "low") <= limit) & (limit <= column(ranking.images, "high"))
    assert 0.92 < held.mean() / 100 < 0.98
