"""Gram matrices: as they are, mean-subtracted, of shifted maps, of a picture at several sizes."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from stylize.losses.base import Loss, Prepare, Sight
from stylize.losses.layers import MapLoss, each_layer

SMALLEST_SIDE = 12  # px of a divided picture
Shift = tuple[int, int]  # steps down and across


def gram(maps: Tensor) -> Tensor:
    """G = F Fᵀ / P: products of channels, averaged over positions.

    Args:
        maps: (C, h, w) floats.

    Returns:
        (C, C), symmetric, no eigenvalue below 0.
    """
    values = maps.flatten(1)
    return values @ values.T / values.shape[1]


def covariance(maps: Tensor) -> Tensor:
    """G - μμᵀ (C, C) of (C, h, w): the Gram matrix of the maps less their means."""
    return gram(maps - maps.mean((1, 2), keepdim=True))


def gram_loss(maps: Tensor, target: Tensor) -> Tensor:
    """Σ(G - A)² / 4C² (Gatys, Ecker & Bethge 2016, with each Gram over its own positions).

    Args:
        maps: (C, h, w).
        target: (C, C), `gram` of the style.
    """
    return (gram(maps) - target).square().sum() / (4 * len(maps) ** 2)


def mean_subtracted_loss(maps: Tensor, target: Tensor) -> Tensor:
    """`gram_loss` of centred maps (Li et al. 2017, Diversified Texture Synthesis).

    Args:
        maps: (C, h, w).
        target: (C, C), `covariance` of the style.
    """
    return (covariance(maps) - target).square().sum() / (4 * len(maps) ** 2)


def shifted(maps: Tensor, shift: Shift) -> Tensor:
    """Products of channels with those `shift` away, averaged over the pairs that both lie inside.

    Args:
        maps: (C, h, w).
        shift: steps down and across, neither negative, each smaller than its side.

    Returns:
        (C, C), row the channel here, column the one there; not symmetric. `gram` at (0, 0).

    Raises:
        ValueError: when no pair is left.
    """
    down, across = shift
    height, width = maps.shape[1:]
    if not (0 <= down < height and 0 <= across < width):
        raise ValueError(f"shift: came {shift}, must be from 0 to less than {(height, width)}")
    here = maps[:, : height - down, : width - across].flatten(1)
    there = maps[:, down:, across:].flatten(1)
    return here @ there.T / here.shape[1]


def shifted_loss(maps: Tensor, targets: dict[Shift, Tensor]) -> Tensor:
    """Σ(X_d - X_d*)² / 4C², averaged over the shifts d (Berger & Memisevic 2017).

    Args:
        maps: (C, h, w).
        targets: the style's `shifted` matrices; shifts that `maps` have no room for are left out.

    Returns:
        0 when none is left.
    """
    height, width = maps.shape[1:]
    errors = [
        (shifted(maps, shift) - target).square().sum() / (4 * len(maps) ** 2)
        for shift, target in targets.items()
        if shift[0] < height and shift[1] < width
    ]
    return torch.stack(errors).mean() if errors else maps.sum() * 0


def axis_shifts(steps: Sequence[int], height: int, width: int) -> list[Shift]:
    """No shift, then each of `steps` down and across where it leaves a map half its side."""
    down = [(step, 0) for step in steps if 2 * step <= height]
    return [(0, 0), *down, *((0, step) for step in steps if 2 * step <= width)]


def multiscale_loss(pyramids: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """The sum over scales of `gram_loss` (after Zhang & Dana 2017).

    Args:
        pyramids: one layer's maps (C, ·, ·) of the picture at each scale.
        targets: the style's Gram matrix (C, C) at each.
    """
    losses = [gram_loss(maps, target) for maps, target in zip(pyramids, targets, strict=True)]
    return torch.stack(losses).sum()


def plain(sight: Sight) -> Loss:
    """Row 1: Gram matrices of every layer."""
    return each_layer(_against_gram)(sight)


def mean_subtracted(sight: Sight) -> Loss:
    """Row 4: covariances of every layer."""
    return each_layer(_against_covariance)(sight)


def transformed(steps: Sequence[int]) -> Prepare:
    """Row 3: Gram matrices of every layer with itself, shifted by `steps` of its own grid."""

    def against(style: Tensor, _: Tensor) -> MapLoss:
        shifts = axis_shifts(steps, *style.shape[1:])
        targets = {shift: shifted(style, shift) for shift in shifts}
        return lambda maps: shifted_loss(maps, targets)

    return each_layer(against)


def multiscale(factors: Sequence[int]) -> Prepare:
    """Row 5: Gram matrices of every layer, of both pictures divided by each of `factors`.

    A factor that leaves either picture under `SMALLEST_SIDE` is left out.
    """

    def prepare(sight: Sight) -> Loss:
        kept = [factor for factor in factors if _fits(sight, factor)]
        losses = [each_layer(_against_gram)(_divided(sight, factor)) for factor in kept]

        def loss(planes: Tensor, features: dict[str, Tensor]) -> Tensor:
            values = []
            for factor, each in zip(kept, losses, strict=True):
                small = _reduced(planes, factor)
                found = features if factor == 1 else sight.encoder.features(small)
                values.append(each(small, found))
            return torch.stack(values).sum()

        return loss

    return prepare


def _against_gram(style: Tensor, _: Tensor) -> MapLoss:
    target = gram(style)
    return lambda maps: gram_loss(maps, target)


def _against_covariance(style: Tensor, _: Tensor) -> MapLoss:
    target = covariance(style)
    return lambda maps: mean_subtracted_loss(maps, target)


def _fits(sight: Sight, factor: int) -> bool:
    sides = sight.content.shape[2:] + sight.style.shape[2:]
    return factor == 1 or min(sides) // factor >= SMALLEST_SIDE


def _divided(sight: Sight, factor: int) -> Sight:
    return Sight(
        sight.encoder,
        _reduced(sight.content, factor),
        _reduced(sight.style, factor),
        sight.guides,
        sight.seed,
    )


def _reduced(planes: Tensor, factor: int) -> Tensor:
    """Antialiased: means over cells would let a pattern of the cells' period through unseen."""
    if factor == 1:
        return planes
    size = [side // factor for side in planes.shape[2:]]
    return functional.interpolate(planes, size=size, mode="bicubic", antialias=True)
