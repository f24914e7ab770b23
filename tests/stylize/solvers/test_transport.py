"""Transport in one dimension and by linear maps: closed forms and the invariants of the cards."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from stylize.record import Run
from stylize.solvers.transport import (
    linear_map,
    match_1d,
    match_1d_bins,
    quantiles,
    ranks_of,
    sliced_transport,
)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("ties", ["value", "rank"])
def test_match_1d_when_target_is_the_cloud_itself_changes_nothing(ties: str) -> None:
    rounded = (normal(3, 500) * 4).round() / 4  # full of ties
    torch.testing.assert_close(match_1d(rounded, rounded, ties), rounded, atol=1e-12, rtol=0)


def test_match_1d_when_counts_are_equal_takes_exactly_the_targets_values() -> None:
    values, targets = normal(2, 400), normal(2, 400, seed=1)
    assert torch.equal(match_1d(values, targets).sort(-1).values, targets.sort(-1).values)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 10**6))
def test_match_1d_is_monotone_and_stays_in_the_targets_range(
    count: int, others: int, seed: int
) -> None:
    values = (normal(count, seed=seed) * 3).round()
    targets = normal(others, seed=seed + 1)
    matched = match_1d(values, targets)
    order = values.argsort()
    assert (matched[order].diff() >= 0).all()
    assert matched.min() >= targets.min()
    assert matched.max() <= targets.max()
    for value in values.unique():
        assert matched[values == value].unique().numel() == 1


def test_match_1d_when_values_are_passed_through_a_monotone_curve_stays_the_same() -> None:
    values, targets = normal(300).exp(), normal(200, seed=1)
    same = match_1d(values**2.2, targets, "rank")
    torch.testing.assert_close(match_1d(values, targets, "rank"), same, atol=1e-12, rtol=0)


def test_match_1d_when_values_are_constant_gives_the_median() -> None:
    targets = torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0], dtype=torch.float64)
    assert match_1d(torch.zeros(7, dtype=torch.float64), targets).tolist() == [4.0] * 7


def test_match_1d_when_ties_are_unknown_names_the_argument() -> None:
    with pytest.raises(ValueError, match="ties: came 'first'"):
        match_1d(normal(3), normal(3), "first")


def test_quantiles_are_those_of_hazen() -> None:
    cloud, levels = normal(57), torch.linspace(0, 1, 41, dtype=torch.float64)
    expected = np.quantile(cloud.numpy(), levels.numpy(), method="hazen")
    np.testing.assert_allclose(quantiles(cloud, levels, 1), expected, atol=1e-12)


def test_match_1d_bins_comes_within_a_bin_of_the_exact_map() -> None:
    values, targets = normal(5000), normal(4000, seed=1) * 0.5 + 1
    inner = values.abs() < 1.5
    difference = match_1d_bins(values, targets, 300) - match_1d(values, targets)
    width = torch.cat([values, targets]).max() - torch.cat([values, targets]).min()
    assert difference[inner].abs().max() < 2 * width / 300


def test_match_1d_bins_when_target_is_the_cloud_itself_changes_nothing() -> None:
    values = normal(2000)
    torch.testing.assert_close(match_1d_bins(values, values, 300), values, atol=1e-9, rtol=0)


def covariance(seed: int) -> torch.Tensor:
    root = normal(1, 3, 3, seed=seed)
    return root @ root.transpose(1, 2) + 0.1 * torch.eye(3, dtype=torch.float64)


def test_linear_map_carries_the_covariance_is_symmetric_and_positive() -> None:
    source, target = covariance(0), covariance(1)
    found = linear_map(source, target)
    torch.testing.assert_close(found @ source @ found, target, atol=1e-10, rtol=0)
    torch.testing.assert_close(found, found.transpose(1, 2), atol=1e-12, rtol=0)
    assert torch.linalg.eigvalsh(found).min() > 0


def test_linear_map_equals_the_printed_formula_in_scipy() -> None:
    a, b = covariance(0)[0].numpy(), covariance(1)[0].numpy()
    root = np.real(sqrtm(a))
    inverse = np.linalg.inv(root)
    expected = inverse @ np.real(sqrtm(root @ b @ root)) @ inverse
    np.testing.assert_allclose(linear_map(covariance(0), covariance(1))[0], expected, atol=1e-9)


def test_linear_map_there_and_back_is_the_identity() -> None:
    source, target = covariance(0), covariance(1)
    eye = torch.eye(3, dtype=torch.float64)[None]
    back_and_forth = linear_map(source, target) @ linear_map(target, source)
    torch.testing.assert_close(back_and_forth, eye, atol=1e-9, rtol=0)
    torch.testing.assert_close(linear_map(source, source), eye, atol=1e-9, rtol=0)


def test_linear_map_when_both_clouds_are_rotated_is_rotated() -> None:
    source, target = covariance(0), covariance(1)
    turn = torch.linalg.qr(normal(3, 3, seed=2)).Q
    rotated = linear_map(turn @ source @ turn.T, turn @ target @ turn.T)
    expected = turn @ linear_map(source, target) @ turn.T
    torch.testing.assert_close(rotated, expected, atol=1e-9, rtol=0)


def test_linear_map_when_source_is_degenerate_stays_finite() -> None:
    flat = torch.zeros(1, 3, 3, dtype=torch.float64)
    grey = torch.ones(1, 3, 3, dtype=torch.float64)
    for source in (flat, grey):
        assert torch.isfinite(linear_map(source, covariance(1))).all()


def test_ranks_of_counts_ties_at_their_middle_or_in_turn() -> None:
    values = torch.tensor([3.0, 1.0, 3.0, 2.0])
    assert ranks_of(values).tolist() == [3.0, 0.5, 3.0, 1.5]
    assert ranks_of(values, "rank").tolist() == [2.5, 0.5, 3.5, 1.5]


def square(seed: int, count: int = 300) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((3, count), generator=generator, dtype=torch.float64)


def test_sliced_transport_when_counts_are_equal_matches_the_last_axes_exactly() -> None:
    target = square(1) ** 2
    moved = sliced_transport(square(0), [target], [1.0], 1, 1.0, Run(5))
    random = torch.randn((3, 3), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    axes = torch.linalg.qr(random).Q
    found, wanted = (axes @ each for each in (moved, target))
    torch.testing.assert_close(found.sort(1).values, wanted.sort(1).values, atol=1e-9, rtol=0)


def test_sliced_transport_to_two_equal_targets_is_transport_to_one() -> None:
    one = sliced_transport(square(0), [square(1)], [1.0], 4, 1.0, Run(0))
    two = sliced_transport(square(0), [square(1)] * 2, [0.3, 0.7], 4, 1.0, Run(0))
    torch.testing.assert_close(one, two, atol=1e-12, rtol=0)


def test_sliced_transport_tells_every_step() -> None:
    told: list[float] = []
    run = Run(0, progress=told.append)
    sliced_transport(square(0), [square(1)], [1.0], 4, 0.5, run)
    assert told == [0.25, 0.5, 0.75, 1.0]
