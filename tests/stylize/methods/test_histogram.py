"""Histogram matching: the card's invariants, and scikit-image as a second opinion."""

import numpy as np
import pytest
import torch
from skimage.exposure import match_histograms
from torch import Tensor

from stylize.methods.histogram import Parameters, stylize
from stylize.record import Run


def pictures(seed: int, height: int = 24, width: int = 30) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator)


@pytest.mark.parametrize("space", ["rgb", "cielab"])
def test_stylize_when_style_is_the_content_changes_nothing(space: str) -> None:
    result = stylize(pictures(0), pictures(0), Parameters(space=space), Run(0))
    torch.testing.assert_close(result, pictures(0).double(), atol=1e-9, rtol=0)


def test_stylize_when_sizes_are_equal_takes_exactly_the_styles_values() -> None:
    result = stylize(pictures(0), pictures(1), Parameters(), Run(0))
    for channel in range(3):
        values = result[0, channel].flatten().sort().values
        assert torch.equal(values, pictures(1)[0, channel].double().flatten().sort().values)


def test_stylize_when_content_passes_a_gamma_changes_nothing() -> None:
    parameters = Parameters(ties="rank")
    one = stylize(pictures(0), pictures(1, 9, 11), parameters, Run(0))
    other = stylize(pictures(0) ** 2.2, pictures(1, 9, 11), parameters, Run(0))
    torch.testing.assert_close(one, other, atol=1e-12, rtol=0)


def test_stylize_comes_close_to_scikit_image() -> None:
    contents, styles = pictures(0, 60, 70), pictures(1, 50, 50) ** 2
    found = stylize(contents, styles, Parameters(), Run(0))[0].numpy()
    expected = match_histograms(contents[0].numpy(), styles[0].numpy(), channel_axis=0)
    # It counts ranks from the top of a step, we from the middle: half a rank apart.
    assert np.abs(found - expected).mean() < 1e-3


def test_stylize_when_strength_is_between_blends() -> None:
    contents, styles = pictures(0), pictures(1)
    whole = stylize(contents, styles, Parameters(), Run(0))
    half = stylize(contents, styles, Parameters(strength=0.5), Run(0))
    torch.testing.assert_close(half, (whole + contents) / 2)
    none = stylize(contents, styles, Parameters(strength=0.0), Run(0))
    assert torch.equal(none, contents.double())
