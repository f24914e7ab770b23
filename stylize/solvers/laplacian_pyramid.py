"""A picture as a Laplacian pyramid in one vector: optimisers that step it move coarse shapes too."""

import math

import torch
from torch import Tensor
from torch.nn import functional

Sizes = list[tuple[int, int]]  # height and width of the levels, fine to coarse


def sizes_of(height: int, width: int, bands: int) -> Sizes:
    """Sizes of `bands` bands and the residual; every side is halved, down to 1."""
    sizes = [(height, width)]
    for _ in range(bands):
        sizes.append((max(1, sizes[-1][0] // 2), max(1, sizes[-1][1] // 2)))
    return sizes


def decomposed(images: Tensor, sizes: Sizes) -> Tensor:
    """All bands and the residual of (B, C, H, W) as one vector, fine to coarse."""
    parts = []
    for size in sizes[1:]:
        parts.append(finest_band(images, size).flatten())
        images = _resized(images, size)
    return torch.cat([*parts, images.flatten()])


def composed(vector: Tensor, sizes: Sizes, leading: tuple[int, ...]) -> Tensor:
    """The inverse of `decomposed`.

    Args:
        vector: 1-D.
        sizes: as given to `decomposed`.
        leading: (B, C) of the pictures.
    """
    counts = [math.prod(leading) * height * width for height, width in sizes]
    levels = [
        part.reshape(*leading, *size)
        for part, size in zip(torch.split(vector, counts), sizes, strict=True)
    ]
    images = levels.pop()
    while levels:
        band = levels.pop()
        images = band + _resized(images, (band.shape[-2], band.shape[-1]))
    return images


def finest_band(images: Tensor, size: tuple[int, int]) -> Tensor:
    """What (B, C, H, W) pictures lose when they are reduced to `size` and enlarged again."""
    small = _resized(images, size)
    return images - _resized(small, (images.shape[-2], images.shape[-1]))


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(images, size=size, mode="bilinear")
