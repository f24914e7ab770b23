"""Patch adversarial: patches come nearer to passing, and the content stays recognisable."""

import numpy as np
import torch
from skimage import data
from torch import Tensor

from stylize import imaging
from stylize.encoders.pyramid import Pyramid
from stylize.losses.moments import style_error
from stylize.methods.patch_adversarial import METHOD, Parameters
from stylize.painter import PAINTINGS
from stylize.record import Run


def photograph(longest: int) -> Tensor:
    array = imaging.resize_to_longest(data.astronaut(), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def painting(longest: int) -> Tensor:
    array = PAINTINGS["brush strokes"](np.random.default_rng(1), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def test_apply_comes_nearer_to_the_style_by_a_measure_it_never_saw() -> None:
    """E_style's moments, which the discriminators know nothing of."""
    content, style = photograph(64), painting(64)
    encoder = Pyramid("cpu").fitted(content, style)
    start, end = (
        style_error(
            encoder, METHOD.apply(content, style, Parameters(coarse_evaluations=n), Run(0)), style
        )
        for n in (0, 40)
    )
    assert end < 0.9 * start


def test_apply_when_content_weighs_most_keeps_it() -> None:
    content, style = photograph(48), painting(48)
    parameters = Parameters(coarse_evaluations=20, content_weight=10.0, recolour=False)
    result = METHOD.apply(content, style, parameters, Run(0))
    assert (result - content).square().mean().sqrt() < 0.1
