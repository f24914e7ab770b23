"""The grain loss: free up to the style's alternation, the relative excess beyond it."""

import pytest
import torch

from stylize.losses.grain import alternation, grain_loss


def chequerboard(amplitude: float) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(12), torch.arange(10), indexing="ij")
    return (amplitude * (-1.0) ** (rows + columns)).expand(1, 3, 12, 10).clone()


def test_alternation_of_a_chequerboard_is_sixteen_times_its_variance() -> None:
    torch.testing.assert_close(alternation(chequerboard(0.5)), torch.full((2, 3), 16 * 0.25))


def test_alternation_of_a_slope_is_zero() -> None:
    slope = torch.linspace(0, 1, 10).expand(1, 3, 12, 10)
    assert float(alternation(slope).max()) < 1e-12


def test_alternation_of_columns_is_across_only() -> None:
    columns = ((-1.0) ** torch.arange(10)).expand(1, 3, 12, 10)
    assert alternation(columns)[0].tolist() == [16, 16, 16]
    assert alternation(columns)[1].tolist() == [0, 0, 0]


def test_alternation_of_a_single_pixel_is_zero() -> None:
    assert alternation(torch.ones(1, 3, 1, 1)).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_grain_loss_up_to_the_styles_alternation_is_zero() -> None:
    most = alternation(chequerboard(0.5))
    assert float(grain_loss(chequerboard(0.4), most)) == 0


def test_grain_loss_of_twice_the_amplitude_is_three() -> None:
    most = alternation(chequerboard(0.5))
    assert float(grain_loss(chequerboard(1.0), most)) == pytest.approx(3, rel=1e-5)


def test_grain_loss_against_a_flat_style_is_finite() -> None:
    assert torch.isfinite(grain_loss(chequerboard(1.0), torch.zeros(2, 3)))


def test_grain_loss_gradient_is_that_of_finite_differences() -> None:
    planes = torch.rand(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    most = torch.full((2, 2), 0.1, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda values: grain_loss(values, most), (planes,))
