"""Mean and deviation of every channel: what batch normalisation takes away."""

import torch
from torch import Tensor

from stylize.losses.base import Loss, Sight
from stylize.losses.layers import MapLoss, each_layer

SMALLEST = 1e-8  # of a variance: the root of 0 has no gradient


def mean_and_deviation(maps: Tensor) -> Tensor:
    """(2, C) of (C, h, w): over positions, biased, √(variance + 1e-8)."""
    deviation = (maps.var((1, 2), correction=0) + SMALLEST).sqrt()
    return torch.stack([maps.mean((1, 2)), deviation])


def statistics_loss(maps: Tensor, target: Tensor) -> Tensor:
    """Σ_c [(μ - μ*)² + (σ - σ*)²] / C (Li, Wang, Liu & Hou 2017, "BN statistics matching").

    Args:
        maps: (C, h, w).
        target: (2, C), `mean_and_deviation` of the style.
    """
    return (mean_and_deviation(maps) - target).square().sum() / len(maps)


def statistics(sight: Sight) -> Loss:
    """Row 7: mean and deviation of every channel of every layer."""

    def against(style: Tensor, _: Tensor) -> MapLoss:
        target = mean_and_deviation(style)
        return lambda maps: statistics_loss(maps, target)

    return each_layer(against)(sight)
