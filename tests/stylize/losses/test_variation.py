"""Total variation: nothing for flat pictures, powers of a scale, the same when transposed."""

import pytest
import torch
from torch import Tensor

from stylize.encoders.pyramid import Pyramid
from stylize.losses.base import Sight
from stylize.losses.variation import total_variation, variation
from stylize.record import Guides

EXPONENTS = pytest.mark.parametrize("exponent", [2.0, 2.5])


def image(seed: int = 0, height: int = 6, width: int = 7) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator, dtype=torch.float64)


@EXPONENTS
def test_total_variation_of_a_constant_is_zero_with_a_finite_gradient(exponent: float) -> None:
    values = torch.full((1, 3, 6, 7), 0.4, requires_grad=True)
    loss = total_variation(values, exponent)
    (gradient,) = torch.autograd.grad(loss, values)
    assert float(loss.detach()) == float(gradient.abs().max()) == 0


@EXPONENTS
def test_total_variation_of_a_step_is_its_power_along_the_edge(exponent: float) -> None:
    step = torch.zeros(1, 1, 6, 7, dtype=torch.float64)
    step[..., 3:] = 0.3
    pixels, edge = 6 * 7, 6
    expected = edge * 0.3**exponent / pixels
    assert float(total_variation(step, exponent)) == pytest.approx(expected)


@EXPONENTS
def test_total_variation_of_a_scaled_picture_is_scaled_by_the_power(exponent: float) -> None:
    found, expected = total_variation(3 * image(), exponent), total_variation(image(), exponent)
    torch.testing.assert_close(found, 3**exponent * expected)


@EXPONENTS
def test_total_variation_of_the_transposed_picture_is_the_same(exponent: float) -> None:
    found = total_variation(image().transpose(2, 3), exponent)
    torch.testing.assert_close(found, total_variation(image(), exponent))


@EXPONENTS
def test_total_variation_gradient_is_that_of_finite_differences(exponent: float) -> None:
    assert torch.autograd.gradcheck(
        lambda values: total_variation(values, exponent), image().requires_grad_()
    )


def test_total_variation_of_a_single_row_is_along_it_and_of_a_pixel_zero() -> None:
    row = image(height=1)
    expected = (row[..., 1:] - row[..., :-1]).square().sum() / (3 * 7)
    torch.testing.assert_close(total_variation(row), expected)
    assert float(total_variation(image(height=1, width=1))) == 0


def test_total_variation_holds_the_last_row_and_column_too() -> None:
    for place in ((..., -1, 2), (..., 2, -1), (..., -1, -1)):
        spot = torch.zeros(1, 1, 6, 7, dtype=torch.float64)
        spot[place] = 1.0
        assert float(total_variation(spot)) >= 2 / 42


def test_total_variation_when_the_exponent_is_too_small_names_it() -> None:
    with pytest.raises(ValueError, match="exponent: came 1, must be at least 2"):
        total_variation(image(), 1)


def test_variation_is_that_of_the_srgb_values() -> None:
    content = image(0, 24, 20).float()
    encoder = Pyramid("cpu").fitted(content, image(1, 20, 20).float())
    sight = Sight(encoder, encoder.enter(content), encoder.enter(content), Guides(), 0)
    found = variation(2.0)(sight)(sight.content, {})
    torch.testing.assert_close(found, total_variation(content), rtol=1e-4, atol=0)
