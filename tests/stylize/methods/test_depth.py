"""The depth method on a scene with a depth map: what is near keeps more of the content."""

from functools import cache

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import imaging
from stylize.encoders.pyramid import Pyramid
from stylize.methods.depth import METHOD, Parameters
from stylize.painter import PAINTINGS
from stylize.record import Depth, Guides, Run

SHORT = Parameters(coarse_evaluations=25, content_weight=0.2, recolour=False)
SIDE = 48


def content() -> Tensor:
    """A face beside its mirror image, so that both sides are equally hard to keep."""
    array = imaging.resize_to_longest(data.astronaut(), 72)[6:54, 20:44]
    planes = torch.from_numpy(imaging.to_planes(np.ascontiguousarray(array)))[None]
    return torch.cat([planes, planes.flip(3)], 3)


def style() -> Tensor:
    array = PAINTINGS["brush strokes"](np.random.default_rng(1), SIDE)
    return torch.from_numpy(imaging.to_planes(array))[None]


def depth_map(near_left: bool) -> Depth:
    made = np.full((SIDE, SIDE), 0.3, np.float32)
    made[:, slice(SIDE // 2, None) if near_left else slice(SIDE // 2)] = 0.8
    return made


@cache
def unlike(near_left: bool) -> tuple[float, float]:
    """Squared error of the fine features from the content's, left and right of the middle."""
    run = Run(0, guides=Guides(depth=depth_map(near_left)))
    result = METHOD.apply(content(), style(), SHORT, run)
    encoder = Pyramid("cpu").fitted(content(), style())
    found, wanted = (encoder.features(encoder.enter(each)) for each in (result, content()))
    error = (found["scale1"] - wanted["scale1"]).square().sum((0, 1))
    middle = error.shape[1] // 2
    return float(error[:, :middle].mean()), float(error[:, middle:].mean())


@pytest.mark.parametrize("near_left", [True, False])
def test_near_side_ends_nearer_to_the_content_than_the_far_side(near_left: bool) -> None:
    left, right = unlike(near_left)
    near, far = (left, right) if near_left else (right, left)
    assert near < far / 3


@pytest.mark.parametrize(
    ("depth", "notes"),
    [(None, []), (depth_map(True), ["The scene's depth map weighed the content's loss."])],
)
def test_a_depth_map_is_noted_and_haze_is_the_method_as_it_is_told(
    depth: Depth | None, notes: list[str]
) -> None:
    run = Run(0, guides=Guides(depth=depth))
    METHOD.apply(content(), style(), Parameters(coarse_evaluations=1), run)
    assert run.notes == notes


@pytest.mark.parametrize(
    ("depth", "message"),
    [
        (
            np.full((SIDE, SIDE), 0.4, np.float32),
            "depth: values from 0.4 to 0.4, must be different",
        ),
        (2 * depth_map(True), "depth: values from 0.6 to 1.6"),
        (depth_map(True) * np.float32("nan"), "depth: values from nan"),
        (depth_map(True)[:30], "depth: 48×30 px, must be 48×48 as the content"),
    ],
)
def test_map_that_tells_nothing_or_does_not_fit_is_refused(depth: Depth, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        METHOD.apply(content(), style(), SHORT, Run(0, guides=Guides(depth=depth)))
