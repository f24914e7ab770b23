"""Regularisers of Mahendran & Vedaldi: closed forms, homogeneity, gradients."""

import pytest
import torch

from stylize.losses.regularisers import (
    NATURAL,
    bounded,
    from_grey_levels,
    grey_levels,
    natural_energy,
    variation,
)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0, 3.0])
def test_variation_of_a_constant_is_zero_with_a_finite_gradient(power: float) -> None:
    values = torch.full((1, 3, 5, 6), 7.0, dtype=torch.float64, requires_grad=True)
    found = variation(values, power)
    assert float(found.detach()) == 0
    (slope,) = torch.autograd.grad(found, values)
    assert float(slope.abs().max()) == 0


@pytest.mark.parametrize(("power", "expected"), [(1.0, 6 * 4.0), (2.0, 6 * 16.0), (3.0, 6 * 64.0)])
def test_variation_of_a_step_is_its_length_times_its_height_to_the_power(
    power: float, expected: float
) -> None:
    values = torch.zeros(1, 1, 6, 8, dtype=torch.float64)
    values[..., 5:] = 4.0
    assert float(variation(values, power)) == pytest.approx(expected)
    assert float(variation(values.transpose(2, 3), power)) == pytest.approx(expected)


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_variation_when_doubled_grows_with_the_power(power: float) -> None:
    values = random(1, 3, 7, 5)
    ratio = variation(2 * values, power) / variation(values, power)
    assert float(ratio) == pytest.approx(2**power)


def test_variation_joins_both_directions_at_a_corner() -> None:
    """One pixel stands out at the border: √(h² + h²) where both steps start, h beside."""
    values = torch.zeros(1, 1, 3, 3, dtype=torch.float64)
    values[0, 0, 0, 0] = 3.0
    assert float(variation(values, 1.0)) == pytest.approx(3 * 2**0.5)
    assert float(variation(values, 2.0)) == pytest.approx(18.0)


def test_bounded_is_homogeneous_of_its_power() -> None:
    values = random(1, 3, 4, 4)
    assert float(bounded(2 * values) / bounded(values)) == pytest.approx(64)
    assert float(bounded(2 * values, 4.0) / bounded(values, 4.0)) == pytest.approx(16)
    assert float(bounded(-values)) == pytest.approx(float(bounded(values)))


def test_bounded_is_blind_to_places_and_variation_is_not() -> None:
    values = random(1, 1, 8, 8).cumsum(3)
    mixed = values.flatten()[torch.randperm(64, generator=torch.Generator().manual_seed(0))]
    mixed = mixed.reshape(values.shape)
    assert float(bounded(mixed)) == pytest.approx(float(bounded(values)))
    assert float(variation(mixed)) > 1.2 * float(variation(values))


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_gradients_of_variation_agree_with_finite_differences(power: float) -> None:
    values = (10 * random(1, 2, 5, 6)).requires_grad_()
    assert torch.autograd.gradcheck(lambda each: variation(each, power), (values,))


def test_gradient_of_bounded_agrees_with_finite_differences() -> None:
    values = random(1, 2, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(bounded, (values,))


def test_variation_below_the_flattest_step_is_continuous_and_rises() -> None:
    def of(step: float) -> float:
        values = torch.zeros(1, 1, 1, 2, dtype=torch.float64)
        values[..., 1] = step
        return float(variation(values, 1.0))

    steps = [0.0, 0.001, 0.002, 0.0031, 0.0032, 0.004]
    found = [of(step) for step in steps]
    assert found == sorted(found)
    assert found[4] - found[3] < 2e-4


def test_grey_levels_of_the_mean_colour_are_zero_and_come_back() -> None:
    images = torch.tensor([123.68, 116.779, 103.939]).reshape(1, 3, 1, 1).expand(1, 3, 2, 2) / 255
    assert float(grey_levels(images).abs().max()) < 1e-4
    pictures = random(2, 3, 4, 4).sigmoid()
    torch.testing.assert_close(from_grey_levels(grey_levels(pictures)), pictures)


def test_natural_energy_is_of_a_picture_as_large() -> None:
    assert natural_energy(torch.zeros(1, 3, 10, 20)) == pytest.approx(600 * NATURAL**2)
