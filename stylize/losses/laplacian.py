"""Laplacian loss: a picture keeps the content's fine edges (Li, Xu, Nie & Chua 2017)."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from stylize.losses.base import Features, Loss, Prepare, Sight

SMALLEST = 1e-8  # of a content's edges: a constant picture has none
KERNEL = ((0.0, -1.0, 0.0), (-1.0, 4.0, -1.0), (0.0, -1.0, 0.0))


def laplacian(images: Tensor, pool: int) -> Tensor:
    """The discrete Laplacian of the averages over cells of `pool` × `pool` px, over all channels.

    In the paper cells stand side by side; here they are at every offset, because the gradient of
    the former is constant in each cell, which draws their grid into the picture.

    Args:
        images: (B, C, H, W).
        pool: px, also from a cell to its neighbours.

    Returns:
        (B, 1, H - 3 · pool + 1, W - 3 · pool + 1): inside only, so that a slope has none. Every
        `pool`-th row and column are the paper's.

    Raises:
        ValueError: when there are fewer than 3 cells along a side.
    """
    if pool < 1 or min(images.shape[2:]) // pool < 3:
        height, width = images.shape[2:]
        raise ValueError(f"pool: came {pool}, must leave 3 cells of {width}×{height} px")
    cells = functional.avg_pool2d(images, pool, 1).sum(1, keepdim=True)
    kernel = torch.tensor(KERNEL, dtype=images.dtype, device=images.device)
    return functional.conv2d(cells, kernel[None, None], dilation=pool)


def laplacian_loss(images: Tensor, target: Tensor, pool: int) -> Tensor:
    """Mean squared difference of `laplacian(images, pool)` from `target`, the content's."""
    return (laplacian(images, pool) - target).square().mean()


def edges(pools: Sequence[int]) -> Prepare:
    """Row 9: the mean over `pools`, each relative to the content's energy; too large ones fall out.

    The paper's weights are of the unpooled sum; relative errors need none per pool.
    """

    def prepare(sight: Sight) -> Loss:
        images = sight.encoder.leave(sight.content)
        kept = [pool for pool in pools if min(images.shape[2:]) // pool >= 3]
        targets = [laplacian(images, pool) for pool in kept]
        units = [target.square().mean() + SMALLEST for target in targets]

        def loss(planes: Tensor, features: Features) -> Tensor:
            found = sight.encoder.leave(planes)
            errors = [
                laplacian_loss(found, target, pool) / unit
                for target, pool, unit in zip(targets, kept, units, strict=True)
            ]
            return torch.stack(errors).mean() if errors else planes.sum() * 0

        return loss

    return prepare
