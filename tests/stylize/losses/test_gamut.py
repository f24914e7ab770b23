"""The gamut loss: zero for what can be shown, the squared excess else."""

import pytest
import torch

from stylize.losses.gamut import gamut_loss


def test_gamut_loss_when_values_can_be_shown_is_zero() -> None:
    assert gamut_loss(torch.linspace(0, 1, 12).reshape(1, 3, 2, 2)) == 0


def test_gamut_loss_is_the_mean_squared_excess_on_both_sides() -> None:
    assert float(gamut_loss(torch.tensor([-0.2, 0.5, 1.4]))) == pytest.approx(0.2 / 3)


def test_gamut_loss_gradient_points_back_into_the_range() -> None:
    values = torch.tensor([-0.2, 0.5, 1.4], requires_grad=True)
    gamut_loss(values).backward()
    assert values.grad is not None
    assert values.grad.sign().tolist() == [-1, 0, 1]
