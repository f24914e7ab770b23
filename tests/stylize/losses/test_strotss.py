"""Losses of STROTSS: bounds and invariances of the card, and gradients."""

import math

import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from stylize.losses import strotss
from stylize.losses.strotss import (
    combined,
    hypercolumns,
    moment_loss,
    moments,
    nearest,
    relaxed_emd,
    self_similarities,
    self_similarity_loss,
)


def cloud(count: int, channels: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((count, channels), generator=generator, dtype=torch.float64)


def cosine_distances(one: Tensor, other: Tensor) -> Tensor:
    return 1 - torch.nn.functional.cosine_similarity(one[:, None], other[None], dim=2)


DENSE = {"cosine": cosine_distances, "euclidean": torch.cdist}


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_relaxed_emd_agrees_with_the_dense_matrix(metric: str) -> None:
    one, other = cloud(30, 4), cloud(23, 4, 1)
    distances = DENSE[metric](one, other)
    expected = max(float(distances.amin(1).mean()), float(distances.amin(0).mean()))
    assert float(relaxed_emd(one, other, metric)) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_relaxed_emd_is_zero_for_equal_clouds_symmetric_and_below_the_emd(metric: str) -> None:
    one, other = cloud(24, 5), cloud(24, 5, 1)
    mixed = one[torch.randperm(24, generator=torch.Generator().manual_seed(2))]
    assert float(relaxed_emd(one, mixed, metric)) < 1e-12
    there, back = relaxed_emd(one, other, metric), relaxed_emd(other, one, metric)
    assert float(there) == pytest.approx(float(back), rel=1e-12)
    distances = DENSE[metric](one, other).numpy()
    rows, columns = linear_sum_assignment(distances)
    assert 0 < float(there) <= distances[rows, columns].mean()


def test_relaxed_emd_takes_the_larger_side() -> None:
    """One value that hits one of two targets: nothing is far from a target, one target is far."""
    values = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    targets = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    assert float(relaxed_emd(values, targets)) == pytest.approx(0.5)
    assert float(relaxed_emd(targets, values)) == pytest.approx(0.5)
    euclidean = float(relaxed_emd(values, targets, "euclidean"))
    assert euclidean == pytest.approx(math.sqrt(2) / 2, abs=2e-5)


def test_relaxed_emd_ignores_lengths_and_moments_do_not() -> None:
    """Why the moments are there."""
    values = cloud(40, 6)
    assert float(relaxed_emd(values, 2 * values)) < 1e-12
    assert float(moment_loss(2 * values, moments(values))) > 0.1


def test_relaxed_emd_when_a_vector_is_zero_stays_finite_with_its_gradient() -> None:
    values = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
    for metric in DENSE:
        found = relaxed_emd(values, cloud(5, 4), metric)
        (slope,) = torch.autograd.grad(found, values)
        assert math.isfinite(float(found.detach()))
        assert bool(torch.isfinite(slope).all())


def test_relaxed_emd_of_an_unknown_metric_names_it() -> None:
    with pytest.raises(ValueError, match="metric: came 'taxi'"):
        relaxed_emd(cloud(2, 2), cloud(2, 2), "taxi")


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_nearest_in_chunks_is_that_of_the_dense_matrix(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(strotss, "CHUNK", chunk)
    one, other = cloud(20, 3), cloud(13, 3, 1)
    here, there = nearest(one, other)
    distances = torch.cdist(one, other)
    assert torch.equal(here, distances.argmin(1))
    assert torch.equal(there, distances.argmin(0))


def test_self_similarity_is_blind_to_positive_multiples_of_every_vector() -> None:
    values = cloud(20, 5)
    lengths = cloud(20, 1, 1).exp()
    found = self_similarity_loss(lengths * values, self_similarities(values))
    assert float(found) < 1e-12


def test_self_similarity_when_positions_are_permuted_in_both_stays_and_in_one_does_not() -> None:
    values, content = cloud(20, 5), cloud(20, 5, 1)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(3))
    loss = float(self_similarity_loss(values, self_similarities(content)))
    both = float(self_similarity_loss(values[order], self_similarities(content[order])))
    assert both == pytest.approx(loss, rel=1e-12)
    assert float(self_similarity_loss(content[order], self_similarities(content))) > 0.1


def test_self_similarity_agrees_with_its_formula() -> None:
    values, content = cloud(9, 4), cloud(9, 4, 1)
    ours, theirs = cosine_distances(values, values), cosine_distances(content, content)
    expected = 0.0
    for i in range(9):
        for j in range(9):
            expected += abs(
                float(ours[i, j] / ours[:, j].sum() - theirs[i, j] / theirs[:, j].sum())
            )
    found = self_similarity_loss(values, self_similarities(content))
    assert float(found) == pytest.approx(expected / 9)


def test_self_similarity_of_vectors_that_are_all_alike_stays_finite() -> None:
    values = torch.ones(6, 3, dtype=torch.float64, requires_grad=True)
    found = self_similarity_loss(values, self_similarities(cloud(6, 3)))
    (slope,) = torch.autograd.grad(found, values)
    assert math.isfinite(float(found.detach()))
    assert bool(torch.isfinite(slope).all())


def test_moment_loss_is_zero_exactly_when_mean_and_covariance_agree() -> None:
    values = cloud(50, 4)
    wanted = moments(values)
    order = torch.randperm(50, generator=torch.Generator().manual_seed(0))
    assert float(moment_loss(values[order], wanted)) < 1e-12
    assert float(moment_loss(values + 0.5, wanted)) == pytest.approx(0.5)
    mirrored = 2 * wanted[0] - values  # the same two moments, another cloud
    assert float(moment_loss(mirrored, wanted)) < 1e-12


def test_gradients_agree_with_finite_differences() -> None:
    targets = cloud(7, 3, 1)
    values = cloud(6, 3).requires_grad_()
    kept, wanted = self_similarities(targets[:6]), moments(targets)
    for loss in (
        lambda each: relaxed_emd(each, targets),
        lambda each: relaxed_emd(each, targets, "euclidean"),
        lambda each: moment_loss(each, wanted),
        lambda each: self_similarity_loss(each, kept),
    ):
        assert torch.autograd.gradcheck(loss, (values,))


def test_combined_when_the_contents_weight_grows_tends_to_the_contents_loss() -> None:
    parts = [torch.tensor(each, dtype=torch.float64) for each in (0.3, 5.0, 7.0, 11.0)]
    assert float(combined(*parts, 1e9)) == pytest.approx(0.3, rel=1e-6)
    assert float(combined(*parts, 1.0)) == pytest.approx((0.3 + 5 + 7 + 11) / 4)
    assert float(combined(*parts, 1e-9)) == pytest.approx(11.0, rel=1e-6)


# Hypercolumns.


def test_hypercolumns_on_grid_points_are_the_maps_own_values() -> None:
    fine = cloud(3, 8 * 6).reshape(1, 3, 8, 6)
    coarse = cloud(2, 4 * 3, 1).reshape(1, 2, 4, 3)
    positions = torch.tensor([[0, 0], [2, 4], [6, 2]])
    read = hypercolumns([fine, coarse], [1, 2], positions)
    assert read.shape == (3, 5)
    for row, (i, j) in zip(read, positions.tolist(), strict=True):
        expected = torch.cat([fine[0, :, i, j], coarse[0, :, i // 2, j // 2]])
        torch.testing.assert_close(row, expected)


def test_hypercolumns_between_grid_points_are_bilinear_and_beyond_the_last_constant() -> None:
    rows, columns = torch.arange(4.0)[:, None], torch.arange(5.0)[None]
    plane = (10 * rows + columns).double()[None, None]
    positions = torch.tensor([[1, 3], [5, 2], [7, 9]])
    read = hypercolumns([plane], [2], positions)[:, 0]
    expected = torch.tensor([5 + 1.5, 25 + 1.0, 30 + 4.0], dtype=torch.float64)
    torch.testing.assert_close(read, expected)


def test_hypercolumns_of_a_map_of_one_step_are_its_value() -> None:
    single = torch.full((1, 2, 1, 1), 3.0)
    read = hypercolumns([single], [16], torch.tensor([[0, 0], [9, 15]]))
    torch.testing.assert_close(read, torch.full((2, 2), 3.0))
