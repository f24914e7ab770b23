"""Colour spaces against published values and scikit-image."""

import numpy as np
import pytest
import torch
from skimage import color

from stylize.solvers import colour


def pixels(count: int = 500) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand((1, 3, count), generator=generator, dtype=torch.float64) * 0.98 + 0.02


@pytest.mark.parametrize("name", colour.SPACES)
def test_leave_inverts_enter(name: str) -> None:
    space = colour.SPACES[name]
    torch.testing.assert_close(space.leave(space.enter(pixels())), pixels(), atol=1e-9, rtol=0)


def test_cielab_is_that_of_scikit_image() -> None:
    expected = color.rgb2lab(pixels()[0].T.numpy()[None])[0]
    # The two whites differ in the fourth digit: theirs is D65 as tabulated.
    np.testing.assert_allclose(colour.to_cielab(pixels())[0].T, expected, atol=0.02)


def test_cielab_of_grey_has_no_chroma() -> None:
    grey = torch.linspace(0, 1, 11, dtype=torch.float64).expand(1, 3, 11)
    assert colour.to_cielab(grey)[:, 1:].abs().max() < 1e-10


def test_linearised_hits_the_standards_values_and_inverts() -> None:
    # IEC 61966-2-1: 0.5 displayed is 0.214041 linear.
    half = torch.tensor([0.5], dtype=torch.float64)
    assert float(colour.linearised(half)) == pytest.approx(0.2140411, abs=1e-6)
    signed = torch.linspace(-1.5, 1.5, 31, dtype=torch.float64)
    back = colour.displayed(colour.linearised(signed))
    torch.testing.assert_close(back, signed, atol=1e-9, rtol=0)


def test_ruderman_when_black_costs_no_more_than_the_cut() -> None:
    black = torch.zeros(1, 3, 1, dtype=torch.float64)
    back = colour.from_ruderman(colour.to_ruderman(black, 1e-3))
    assert back.abs().max() <= 1.5e-3


def test_ruderman_axes_are_orthonormal() -> None:
    axes = torch.tensor(colour.RUDERMAN, dtype=torch.float64)
    torch.testing.assert_close(axes @ axes.T, torch.eye(3, dtype=torch.float64))


def test_mean_and_covariance_are_those_of_numpy() -> None:
    mean, covariance = colour.mean_and_covariance(pixels())
    np.testing.assert_allclose(mean[0, :, 0], pixels()[0].numpy().mean(1))
    np.testing.assert_allclose(covariance[0], np.cov(pixels()[0].numpy()))
    assert colour.mean_and_covariance(pixels(1))[1].abs().max() == 0


def test_yiq_of_grey_has_no_chroma_and_inverts() -> None:
    grey = torch.linspace(0, 1, 11, dtype=torch.float64).expand(1, 3, 11)
    yiq = colour.to_yiq(grey)
    torch.testing.assert_close(yiq[:, 0], grey[:, 0])
    assert yiq[:, 1:].abs().max() < 1e-12
    torch.testing.assert_close(colour.from_yiq(colour.to_yiq(pixels())), pixels())
    # Within the rounding of the standard's three digits.
    np.testing.assert_allclose(
        colour.to_yiq(pixels())[0].T, color.rgb2yiq(pixels()[0].T), atol=2e-3
    )


@pytest.mark.parametrize("name", colour.SPACES)
def test_space_for_luminance_moves_nothing_but_the_first_axis_when_lightened(name: str) -> None:
    grey = torch.linspace(0.1, 1, 11, dtype=torch.float64).expand(1, 3, 11)
    values = colour.space_for(name, "luminance").enter(grey)
    assert (values[:, 0].diff() > 0).all()
    assert values[:, 1:].diff().abs().max() < 0.02 * values[:, 0].diff().min()
    assert colour.space_for(name, "all") is colour.SPACES[name]


def test_match_moments_gives_mean_and_deviation() -> None:
    found = colour.match_moments(pixels(), 0.3 * pixels(40))
    for moment in (torch.mean, torch.std):
        wanted = moment(0.3 * pixels(40), 2)
        torch.testing.assert_close(moment(found, 2), wanted, atol=0.02, rtol=0)
    torch.testing.assert_close(found.mean(2), (0.3 * pixels(40)).mean(2))


def test_match_moments_when_content_is_constant_only_moves_it() -> None:
    flat = torch.full((1, 3, 16), 0.3, dtype=torch.float64)
    result = colour.match_moments(flat, pixels())
    torch.testing.assert_close(result, pixels().mean(2, keepdim=True).expand_as(result))
