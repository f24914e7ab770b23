"""Copies of a style, rotated and resized: more windows to choose from (Li & Wand 2016)."""

import math

import torch
from torch import Tensor
from torch.nn import functional

TURN = math.radians(7.5)  # between two copies, as in Li & Wand's code
GROWTH = 1.05  # likewise


def turned(planes: Tensor, rotations: int, scales: int) -> list[Tensor]:
    """The picture itself, then (2 · rotations + 1) · (2 · scales + 1) - 1 copies of it.

    Args:
        planes: (1, 3, h, w) in the coordinates of any encoder.
        rotations: steps of 7.5° each way; a copy is the largest upright box of the picture's
            proportions within the rotated picture, as its corners are no part of the style.
        scales: steps of 5 % each way.

    Returns:
        (1, 3, ·, ·) each, sides at least 1.
    """
    steps = [
        (turn, growth)
        for turn in range(-rotations, rotations + 1)
        for growth in range(-scales, scales + 1)
        if (turn, growth) != (0, 0)
    ]
    return [planes, *(_copy(planes, turn * TURN, GROWTH**growth) for turn, growth in steps)]


def _copy(planes: Tensor, angle: float, growth: float) -> Tensor:
    height, width = planes.shape[2:]
    cosine, sine = abs(math.cos(angle)), abs(math.sin(angle))
    share = min(width / (width * cosine + height * sine), height / (height * cosine + width * sine))
    size = [max(1, round(side * share * growth)) for side in (height, width)]
    if growth < 1:  # sampling alone would alias
        smaller = [max(1, round(side * growth)) for side in (height, width)]
        planes = functional.interpolate(planes, size=smaller, mode="bicubic", antialias=True)
    # Sampling places run from -1 to 1 along either side, whatever its length.
    turn = math.sin(angle)
    matrix = share * torch.tensor(
        [
            [math.cos(angle), -turn * height / width, 0.0],
            [turn * width / height, math.cos(angle), 0.0],
        ]
    )
    places = functional.affine_grid(
        matrix[None].to(planes), [1, 3, size[0], size[1]], align_corners=False
    )
    return functional.grid_sample(planes, places, padding_mode="border", align_corners=False)
