"""Distance between the distributions of values, channel by channel."""

import torch
from torch import Tensor

from stylize.losses.base import Features, Loss, Sight
from stylize.losses.layers import SMALLEST, maps_of, style_layers
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


def histograms(sight: Sight) -> Loss:
    """Row 8: `quantile_loss` of the colours and of all layers but the finest.

    That is mse(F, R(F)) of Risser, Wilmot & Barnes 2017, R the remap to the style's histogram
    through which no gradient flows; by ranks and not by bins. The finest bands of a pyramid are a linear filter away from the colours, and sorting them
    would cost more than all the rest.
    """
    layers = style_layers(sight)[1:]
    content, style = sight.content_features, sight.style_features
    count = {layer: content[layer][0, 0].numel() for layer in layers}
    targets = [quantile_targets(style[layer][0], count[layer]) for layer in layers]
    colours = quantile_targets(sight.style[0], sight.content[0, 0].numel())
    wanted = [colours, *targets]
    units = [each.square().mean() + SMALLEST for each in wanted]

    def loss(planes: Tensor, features: Features) -> Tensor:
        found = [planes[0], *maps_of(features, layers)]
        errors = [
            quantile_loss(maps, target) / unit
            for maps, target, unit in zip(found, wanted, units, strict=True)
        ]
        return torch.stack(errors).mean()

    return loss
