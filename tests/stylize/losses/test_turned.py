"""Turned and resized copies of a style: as many as asked for, of it alone, turned by so much."""

import math

import pytest
import torch
from torch import Tensor

from stylize.losses.turned import TURN, turned


def ramp(height: int, width: int, angle: float = 0.0) -> Tensor:
    """Brightness that rises by 1/100 per px in the direction `angle`."""
    down = torch.arange(height)[:, None] - (height - 1) / 2
    along = torch.arange(width)[None] - (width - 1) / 2
    values = 0.5 + (along * math.cos(angle) + down * math.sin(angle)) / 100
    return values.expand(1, 3, height, width).contiguous()


def test_turned_without_steps_is_the_picture_alone() -> None:
    planes = ramp(20, 30)
    copies = turned(planes, 0, 0)
    assert len(copies) == 1
    assert copies[0] is planes


@pytest.mark.parametrize(("rotations", "scales"), [(1, 0), (0, 2), (2, 1)])
def test_turned_gives_every_pair_of_steps_once(rotations: int, scales: int) -> None:
    copies = turned(ramp(40, 30), rotations, scales)
    assert len(copies) == (2 * rotations + 1) * (2 * scales + 1)


def test_turned_by_rotation_is_the_rotated_ramp_without_its_corners() -> None:
    """Brightness stays in the picture's range and its gradient turns, slope unchanged."""
    planes = ramp(60, 80)
    for copy, step in zip(turned(planes, 2, 0)[1:], (-2, -1, 1, 2), strict=True):
        height, width = copy.shape[2:]
        assert height < 60
        assert width < 80
        assert width / height == pytest.approx(80 / 60, abs=0.03)
        along = (copy[..., 1:] - copy[..., :-1])[..., 5:-5, 5:-5].mean()
        down = (copy[..., 1:, :] - copy[..., :-1, :])[..., 5:-5, 5:-5].mean()
        assert float(along) == pytest.approx(math.cos(step * TURN) / 100, abs=3e-4)
        assert abs(float(down)) == pytest.approx(abs(math.sin(step * TURN)) / 100, abs=3e-4)
        # A corner outside would repeat the border: the second difference would not vanish.
        bend = copy[..., 2:] - 2 * copy[..., 1:-1] + copy[..., :-2]
        assert bend.abs().max() < 2e-3


def test_turned_by_scale_alone_has_the_range_and_the_new_size() -> None:
    copies = turned(ramp(40, 60), 0, 2)[1:]
    sizes = [tuple(each.shape[2:]) for each in copies]
    assert sizes == [(36, 54), (38, 57), (42, 63), (44, 66)]
    for each in copies:
        assert float(each.mean()) == pytest.approx(0.5, abs=5e-3)


def test_turned_when_the_style_is_one_pixel_stays_one() -> None:
    for each in turned(torch.full((1, 3, 1, 1), 0.3), 1, 1):
        torch.testing.assert_close(each, torch.full((1, 3, 1, 1), 0.3))
