"""Maximum mean discrepancy between the feature vectors of two maps (Li, Wang, Liu & Hou 2017).

The feature vectors of the positions are samples; the loss compares their distributions by a
kernel. With the polynomial kernel it is the Gram loss.
"""

import math

import torch
from torch import Tensor

from stylize.losses.base import Loss, Prepare, Sight
from stylize.losses.layers import SMALLEST, MapLoss, each_layer

CHUNK = 1024  # positions whose kernel with all others is in memory at once


def linear_loss(maps: Tensor, mean: Tensor) -> Tensor:
    """MMD² with k(a, b) = a·b: ‖μ_F - μ_S‖².

    Args:
        maps: (C, h, w).
        mean: (C,) of the style.
    """
    return (maps.mean((1, 2)) - mean).square().sum()


def polynomial_loss(maps: Tensor, second: Tensor, mean: Tensor, offset: float = 0.0) -> Tensor:
    """MMD² with k(a, b) = (a·b + c)²: ‖G/P - A/P_s‖² + 2c‖μ_F - μ_S‖².

    Args:
        maps: (C, h, w).
        second: (C, C), the style's Gram matrix over its positions.
        mean: (C,) of the style.
        offset: c; the paper's code: 0.
    """
    values = maps.flatten(1)
    difference = values @ values.T / values.shape[1] - second
    return difference.square().sum() + 2 * offset * linear_loss(maps, mean)


def gaussian_loss(maps: Tensor, style: Tensor, gamma: float) -> Tensor:
    """MMD² with k(a, b) = exp(-γ‖a - b‖²), over all pairs of positions.

    Args:
        maps: (C, h, w).
        style: (C, h', w').
        gamma: γ > 0.

    Returns:
        From 0 to 2. Time grows with the square of the positions, memory does not.
    """
    x, y = maps.flatten(1).T, style.flatten(1).T
    return _kernel_mean(x, x, gamma) + _kernel_mean(y, y, gamma) - 2 * _kernel_mean(x, y, gamma)


def waves(channels: int, count: int, gamma: float, seed: int) -> Tensor:
    """Frequencies whose cosines average to exp(-γ‖a - b‖²) (Rahimi & Recht 2007).

    Args:
        channels: of the maps.
        count: of the frequencies; the estimate errs by about its inverse root.
        gamma: γ of the kernel.
        seed: of the draw.

    Returns:
        (count, channels) float64.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn((count, channels), generator=generator, dtype=torch.float64)
    return drawn * math.sqrt(2 * gamma)


def embedded(maps: Tensor, frequencies: Tensor) -> Tensor:
    """Mean over positions of cos and sin of every frequency.

    Args:
        maps: (C, h, w).
        frequencies: (N, C) from `waves`, on the device and of the dtype of `maps`.

    Returns:
        (2, N).
    """
    phases = frequencies @ maps.flatten(1)
    return torch.stack([phases.cos().mean(1), phases.sin().mean(1)])


def embedded_loss(maps: Tensor, target: Tensor, frequencies: Tensor) -> Tensor:
    """`gaussian_loss` estimated by random frequencies: in linear time, never below 0.

    The authors' code draws disjoint pairs of positions instead, which sees each position once and
    is not blind to their order; this estimate is.

    Args:
        maps: (C, h, w).
        target: (2, N), `embedded` of the style.
        frequencies: (N, C).
    """
    return (embedded(maps, frequencies) - target).square().sum() / len(frequencies)


def usual_gamma(content: Tensor, style: Tensor) -> float:
    """1 / the mean squared distance of two feature vectors of either map, as the authors' code.

    Args:
        content, style: (C, ·, ·).
    """
    x, y = content.flatten(1), style.flatten(1)
    spread = x.var(1, correction=0).sum() + y.var(1, correction=0).sum()
    between = (x.mean(1) - y.mean(1)).square().sum()
    # E‖x - x'‖² = 2 tr Σ; of the four kinds of pairs two are within a map.
    return 1 / (float(spread + spread + between) / 2 + SMALLEST)


def linear(sight: Sight) -> Loss:
    """Row 6a: the means of every layer."""

    def against(style: Tensor, _: Tensor) -> MapLoss:
        mean = style.mean((1, 2))
        return lambda maps: linear_loss(maps, mean)

    return each_layer(against)(sight)


def polynomial(offset: float) -> Prepare:
    """Row 6b: second moments of every layer, and means as `offset` says in units of their size."""

    def against(style: Tensor, _: Tensor) -> MapLoss:
        values = style.flatten(1)
        mean, second = values.mean(1), values @ values.T / values.shape[1]
        own = offset * float(second.trace())
        return lambda maps: polynomial_loss(maps, second, mean, own)

    return each_layer(against)


def gaussian(width: float, count: int) -> Prepare:
    """Row 6c: all of every layer's distribution.

    Args:
        width: multiplies the kernel's usual width; small looks at near neighbours only.
        count: of the random frequencies.
    """

    def prepare(sight: Sight) -> Loss:
        def against(style: Tensor, content: Tensor) -> MapLoss:
            gamma = usual_gamma(content, style) / width**2
            frequencies = waves(len(style), count, gamma, sight.seed).to(style)
            target = embedded(style, frequencies)
            return lambda maps: embedded_loss(maps, target, frequencies)

        return each_layer(against)(sight)

    return prepare


def _kernel_mean(x: Tensor, y: Tensor, gamma: float) -> Tensor:
    """Mean of the kernel over all pairs of (P, C) and (Q, C)."""
    total = x.new_zeros(())
    for part in torch.split(x, CHUNK):
        distances = (
            part.square().sum(1)[:, None] + y.square().sum(1)[None] - 2 * part @ y.T
        ).clamp(min=0)
        total = total + (-gamma * distances).exp().sum()
    return total / (len(x) * len(y))
