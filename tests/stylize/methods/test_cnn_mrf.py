"""CNN-MRF: comes near the style's patches, keeps the content, and its parameters do what they say."""

import numpy as np
import torch
from skimage import data
from torch import Tensor

from stylize import encoders, imaging
from stylize.losses.base import Sight
from stylize.losses.markov import Rule, patch_field
from stylize.methods.cnn_mrf import METHOD, Parameters
from stylize.painter import PAINTINGS
from stylize.record import Guides, Run


def photograph(longest: int) -> Tensor:
    array = imaging.resize_to_longest(data.astronaut(), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def painting(longest: int, name: str = "brush strokes") -> Tensor:
    array = PAINTINGS[name](np.random.default_rng(1), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def energy(picture: Tensor, style: Tensor) -> float:
    """To the matches of the picture itself, per layer alone, as in the paper."""
    encoder = encoders.get("pyramid", "cpu").fitted(style, style)
    seen = Sight(encoder, encoder.enter(picture), encoder.enter(style), Guides(), 0)
    with torch.no_grad():
        loss = patch_field(Rule(1, "sum", carry=0.0, colour=0.0))(seen)
        return float(loss(seen.content, seen.content_features))


def test_apply_brings_every_patch_nearer_to_the_style_the_longer_the_more() -> None:
    content, style = photograph(64), painting(64)
    found = [
        energy(METHOD.apply(content, style, Parameters(coarse_evaluations=n), Run(0)), style)
        for n in (0, 5, 40)
    ]
    assert found[2] < found[1] < found[0]
    assert found[2] < 0.5 * found[0]


def test_apply_when_style_is_the_content_returns_the_content() -> None:
    content = photograph(64)
    result = METHOD.apply(content, content, Parameters(coarse_evaluations=10), Run(0))
    torch.testing.assert_close(result, content, atol=3e-3, rtol=0)


def test_apply_when_matched_at_every_evaluation_comes_as_near() -> None:
    """What freezing the matches for a while costs: little."""
    content, style = photograph(48), painting(48, "waves")
    often, seldom = (
        energy(
            METHOD.apply(
                content, style, Parameters(coarse_evaluations=40, rematch_every=every), Run(0)
            ),
            style,
        )
        for every in (1, 10)
    )
    assert seldom < 1.3 * often


def test_apply_as_in_the_paper_with_turned_styles_runs_and_differs() -> None:
    content, style = photograph(48), painting(64)
    plain = {"coarse_evaluations": 4, "carried_weight": 0.0, "colour_in_match": 0.0}
    paper = Parameters(**plain, overlap="sum", rotations=2, scales=3)  # type: ignore[arg-type]
    result = METHOD.apply(content, style, paper, Run(0))
    other = METHOD.apply(content, style, Parameters(**plain), Run(0))  # type: ignore[arg-type]
    assert (result - other).abs().max() > 1 / 255
