"""Distance between the distributions of values, channel by channel."""

import torch
from torch import Tensor

from stylize.solvers.transport import quantiles


def quantile_targets(planes: Tensor, count: int) -> Tensor:
    """The values that `count` samples with the distribution of `planes` would have, in order.

    Args:
        planes: (C, h, w) floats.
        count: of the samples.

    Returns:
        (C, count), rank r at quantile (r + ½)/count.
    """
    values = planes.flatten(1)
    ranks = torch.arange(count, device=planes.device, dtype=torch.float64) + 0.5
    matched = quantiles(values.double(), ranks.expand(len(values), count), count)
    return matched.to(planes.dtype)


def quantile_loss(planes: Tensor, targets: Tensor) -> Tensor:
    """Mean squared difference of the sorted values of (C, h, w) from (C, h·w) `targets`.

    That is the squared Wasserstein-2 distance per channel, averaged.
    """
    return (planes.flatten(1).sort(1).values - targets).square().mean()
