"""Weighted least squares against a dense system, and what smoothing must keep."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize.solvers.wls import refined, smoothed, system


def picture(seed: int, height: int = 9, width: int = 12) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed)).double()


def test_smoothed_minimises_the_sum_it_is_defined_by() -> None:
    """The gradient, by autograd, is zero at the solution."""
    images, guide = picture(0), picture(1)
    result = smoothed(images, guide, strength=0.5).requires_grad_()
    grey = (guide[0] * torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64).view(3, 1, 1)).sum(
        0
    )
    across = 0.5 / ((grey[:, 1:] - grey[:, :-1]).abs() + 1e-4)
    down = 0.5 / ((grey[1:] - grey[:-1]).abs() + 1e-4)
    energy = (
        (result - images).square().sum()
        + (across * (result[..., 1:] - result[..., :-1]).square()).sum()
        + (down * (result[..., 1:, :] - result[..., :-1, :]).square()).sum()
    )
    energy.backward()  # type: ignore[no-untyped-call]
    assert result.grad is not None
    assert result.grad.abs().max() < 1e-6


def test_system_is_symmetric_and_positive() -> None:
    matrix = system(picture(2)[0, 0].numpy(), 0.8, 1.0).toarray()
    assert np.array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix)[0] == pytest.approx(1, abs=1e-6)


def test_smoothed_keeps_constants_means_and_ranges() -> None:
    images, guide = picture(0), picture(1)
    flat = torch.full_like(images, 0.4)
    torch.testing.assert_close(smoothed(flat, guide), flat)
    result = smoothed(images, guide)
    torch.testing.assert_close(result.mean((2, 3)), images.mean((2, 3)))
    assert result.min() >= images.min()
    assert result.max() <= images.max()


def test_smoothed_stops_at_the_edges_of_the_guide() -> None:
    guide = torch.zeros(1, 3, 16, 16)
    guide[..., 8:] = 1
    noise = picture(3, 16, 16).float()
    result = smoothed(noise, guide)
    assert result[0, 0, :, :8].std() < 0.02
    between = (result[0, 0, :, :8].mean() - result[0, 0, :, 8:].mean()).abs()
    before = (noise[0, 0, :, :8].mean() - noise[0, 0, :, 8:].mean()).abs()
    assert between > 0.5 * before


def test_refined_when_nothing_changed_gives_the_original_and_drops_grain() -> None:
    original = picture(0)
    torch.testing.assert_close(refined(original, original), original)
    flat = torch.full((1, 3, 20, 20), 0.5)
    grain = flat + 0.1 + 0.1 * (picture(4, 20, 20).float() - 0.5)
    made = refined(flat, grain)
    assert made.std() < 0.2 * grain.std()
    torch.testing.assert_close(made.mean(), grain.mean())


def test_smoothed_when_sizes_differ_names_the_guide() -> None:
    with pytest.raises(ValueError, match="guide: 12×9 px, must be 11×9"):
        smoothed(picture(0, 9, 11), picture(0))
