"""The quantile loss: a Wasserstein distance with a closed form for shifts and scalings."""

import pytest
import torch

from stylize.losses.histogram import quantile_loss, quantile_targets


def planes(seed: int = 0, height: int = 10, width: int = 12) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((3, height, width), generator=generator, dtype=torch.float64)


def test_quantile_loss_of_shuffled_pixels_is_zero() -> None:
    targets = quantile_targets(planes(), 120)
    shuffled = (
        planes()
        .flatten(1)[:, torch.randperm(120, generator=torch.Generator().manual_seed(1))]
        .reshape(3, 10, 12)
    )
    assert quantile_loss(shuffled, targets) == 0


def test_quantile_loss_of_a_shift_is_its_square() -> None:
    targets = quantile_targets(planes(), 120)
    assert float(quantile_loss(planes() + 0.3, targets)) == pytest.approx(0.09)


def test_quantile_targets_when_counts_differ_keep_mean_and_range() -> None:
    targets = quantile_targets(planes(), 1000)
    assert targets.shape == (3, 1000)
    torch.testing.assert_close(targets.mean(1), planes().flatten(1).mean(1), atol=0.02, rtol=0)
    torch.testing.assert_close(targets[:, -1], planes().flatten(1).max(1).values)


def test_quantile_loss_gradient_is_that_of_finite_differences() -> None:
    targets = quantile_targets(planes(1), 120)
    assert torch.autograd.gradcheck(
        lambda each: quantile_loss(each, targets), planes().requires_grad_()
    )
