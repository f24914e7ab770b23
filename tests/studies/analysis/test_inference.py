"""Clustered covariance, t-intervals and the few-reversals rule against what they are by definition."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis import inference, pairwise, tally
from tests.studies.analysis import simulate


def estimate(seed: int = 3, participants: int = 12) -> inference.Estimate:
    rng = np.random.default_rng(seed)
    data = tally.sample(
        simulate.votes(rng, [1.0, 0.2, -0.3, -0.9], participants, 20, taste=0.5), np.arange(4)
    )
    return pairwise.estimate(data, pairwise.firth(data, with_side=True))


def test_covariance_with_one_trial_per_cluster_is_hc0() -> None:
    rng = np.random.default_rng(1)
    votes = simulate.votes(rng, [0.5, 0.0, -0.5], 200, 1)
    data = tally.sample(votes, np.arange(3))
    fit = pairwise.maximum_likelihood(data, with_side=False)
    assert fit is not None
    found = pairwise.estimate(data, fit)
    p = 1 / (1 + np.exp(-(fit.theta[data.left] - fit.theta[data.right])))
    design = np.zeros((200, 3))
    design[np.arange(200), data.left], design[np.arange(200), data.right] = 1, -1
    meat = design.T @ (((data.left_won - p) ** 2)[:, None] * design)
    hc0 = fit.bread @ meat @ fit.bread
    cr0 = inference.clustered_covariance(found.bread, found.scores, small_sample=False)
    np.testing.assert_allclose(cr0, hc0, atol=1e-12)
    cr1 = inference.clustered_covariance(found.bread, found.scores)
    np.testing.assert_allclose(cr1, hc0 * 200 / 199, atol=1e-12)


def test_covariance_rows_of_items_sum_to_zero() -> None:
    found = estimate()
    covariance = inference.clustered_covariance(found.bread, found.scores)
    np.testing.assert_allclose(covariance[:4].sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.bread[:4].sum(axis=0), 0, atol=1e-12)
    assert abs(found.theta.sum()) < 1e-12


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_covariance_is_unchanged_by_the_order_of_rows_and_of_participants(seed: int) -> None:
    rng = np.random.default_rng(seed)
    votes = simulate.votes(rng, [0.6, 0.0, -0.6], 7, 15)
    order = rng.permutation(len(votes.left))
    moved = votes.rows(order)
    one, two = (tally.sample(data, np.arange(3)) for data in (votes, moved))
    found = [pairwise.estimate(data, pairwise.firth(data, with_side=True)) for data in (one, two)]
    np.testing.assert_allclose(found[0].se_clustered(), found[1].se_clustered(), atol=1e-10)


def test_covariance_of_a_single_participant_is_unknown() -> None:
    covariance = inference.clustered_covariance(np.eye(2), np.ones((1, 2)))
    assert np.isnan(covariance).all()


def test_covariance_when_shapes_differ_is_refused() -> None:
    with pytest.raises(ValueError, match="scores: must be"):
        inference.clustered_covariance(np.eye(3), np.ones((4, 2)))


@pytest.mark.parametrize(("participants", "t"), [(5, 2.776445), (15, 2.144787), (40, 2.022691)])
def test_quantile_is_that_of_t_with_one_less_than_the_participants(
    participants: int, t: float
) -> None:
    # Student's t, 0.975, from any printed table.
    assert inference.quantile(participants) == pytest.approx(t, abs=1e-6)


def test_below_five_participants_nothing_is_inferred() -> None:
    assert math.isnan(inference.quantile(4))
    assert math.isnan(inference.p_value(1.0, 0.5, 4))
    assert np.isnan(estimate(participants=4).se_clustered()).all()
    shown = inference.intervals(np.array([1.0]), np.array([0.1]), 4)
    assert np.isnan([shown.se, shown.low, shown.high]).all()


def test_p_value_at_the_quantile_is_five_percent() -> None:
    assert inference.p_value(inference.quantile(20), 1.0, 20) == pytest.approx(0.05)
    assert math.isnan(inference.p_value(1.0, 0.0, 20))


@pytest.mark.parametrize(("wins", "losses", "few"), [(9, 50, True), (50, 9, True), (10, 10, False)])
def test_few_reversals_are_fewer_than_ten_wins_or_losses(
    wins: float, losses: float, few: bool
) -> None:
    assert inference.few_reversals(np.array([wins]), np.array([losses]))[0] == few


def test_contrast_takes_the_larger_variance_only_where_an_item_has_few_reversals() -> None:
    contrasts = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
    clustered, model = np.diag([1.0, 2.0, 3.0]), np.diag([9.0, 1.0, 1.0])
    few = np.array([True, False, False])
    found = inference.contrast_variance(contrasts, clustered, model, few)
    assert found.tolist() == [10.0, 5.0]


def test_item_intervals_are_never_narrower_than_the_model_where_reversals_are_few() -> None:
    found = estimate()
    ordinary = inference.item_intervals(found, np.zeros(4, dtype=bool))
    widened = inference.item_intervals(found, np.array([True, False, False, False]))
    assert widened.se[0] == max(found.se_naive()[0], found.se_clustered()[0])
    assert widened.se[1:].tolist() == ordinary.se[1:].tolist()
    np.testing.assert_allclose(ordinary.high - found.theta, inference.quantile(12) * ordinary.se)
    np.testing.assert_allclose(found.theta - ordinary.low, inference.quantile(12) * ordinary.se)


def test_rank_of_equal_estimates_is_the_better_one() -> None:
    values = np.array([1.0, 3.0, 1.0 + 1e-13, -2.0])
    assert [inference.rank(value, values) for value in values] == [2, 1, 2, 4]
