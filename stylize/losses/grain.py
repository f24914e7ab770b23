"""How much a picture alternates from pixel to pixel, beyond what the style does."""

import torch
from torch import Tensor

SMALLEST = 1e-6  # of a plane's variance: a flat style alternates not at all


def alternation(planes: Tensor) -> Tensor:
    """Mean squared second difference along each axis.

    Args:
        planes: (1, C, H, W); along a side of under 3 px nothing alternates.

    Returns:
        (2, C): along rows, then along columns; 16 times the variance of a chequerboard.
    """
    across = planes[..., 2:] - 2 * planes[..., 1:-1] + planes[..., :-2]
    down = planes[..., 2:, :] - 2 * planes[..., 1:-1, :] + planes[..., :-2, :]
    return torch.stack([_energy(across), _energy(down)])


def grain_loss(planes: Tensor, most: Tensor) -> Tensor:
    """Mean relative excess of `alternation` over `most`, the style's.

    The finest frequencies lie beyond an encoder's bands, where nothing else holds an optimiser.
    """
    return (alternation(planes) / (most + SMALLEST) - 1).clamp(min=0).mean()


def _energy(differences: Tensor) -> Tensor:
    """Mean square per channel, 0 where there are none."""
    return differences.square().sum((0, 2, 3)) / max(1, differences[0, 0].numel())
