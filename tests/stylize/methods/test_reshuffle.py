"""Feature reshuffle: a fixed point at the style, and the usage of its pieces matters."""

import itertools

import numpy as np
import torch
from skimage import data
from torch import Tensor

from stylize import imaging
from stylize.methods.reshuffle import METHOD, Parameters
from stylize.painter import PAINTINGS
from stylize.record import Run


def photograph(longest: int) -> Tensor:
    array = imaging.resize_to_longest(data.coffee(), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def painting(longest: int) -> Tensor:
    array = PAINTINGS["brush strokes"](np.random.default_rng(1), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def test_apply_with_other_usage_gives_another_picture() -> None:
    """How far usage spreads is tested on the matches themselves, in the losses' tests."""
    content, style = photograph(48), painting(48)
    results = [
        METHOD.apply(content, style, Parameters(coarse_evaluations=12, **changed), Run(0))  # type: ignore[arg-type]
        for changed in ({"usage_weight": 0.0}, {"usage_weight": 0.5}, {"usage": "exact"})
    ]
    for one, other in itertools.combinations(results, 2):
        assert (one - other).abs().max() > 1 / 255


def test_apply_when_style_is_the_content_returns_the_content() -> None:
    """Every window is its own match, and every one is used as often as usual."""
    content = photograph(64)
    for usage in ("penalty", "exact"):
        parameters = Parameters(coarse_evaluations=5, usage=usage, usage_weight=0.01)
        result = METHOD.apply(content, content, parameters, Run(0))
        torch.testing.assert_close(result, content, atol=3e-3, rtol=0)
