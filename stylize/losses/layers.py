"""From a loss on two maps to one on two pictures: layer by layer, each in its own unit."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from stylize.losses.base import Features, Loss, Prepare, Sight

SMALLEST = 1e-8  # of a layer's unit: a constant style has none

MapLoss = Callable[[Tensor], Tensor]  # (C, h, w) → scalar
Against = Callable[[Tensor, Tensor], MapLoss]  # maps of style and content → the loss of another


def each_layer(against: Against) -> Prepare:
    """Mean over the style's layers of a loss between maps.

    Args:
        against: called once per layer with the maps (C, ·, ·) of style and content.

    Returns:
        A loss whose layers count in units of what a blank map would have, as the layers of an
        encoder differ in energy by orders of magnitude; the papers' weights per layer belong to
        their networks.
    """

    def prepare(sight: Sight) -> Loss:
        layers = style_layers(sight)
        styles = maps_of(sight.style_features, layers)
        contents = maps_of(sight.content_features, layers)
        losses = [_in_units(against, *pair) for pair in zip(styles, contents, strict=True)]
        return lambda planes, features: mean_over(losses, maps_of(features, layers))

    return prepare


def style_layers(sight: Sight) -> tuple[str, ...]:
    """All that statistics are taken of: the style layers and what is left below them.

    Of pictures whose sizes have different layers, the style layers of both.
    """
    shared = tuple(name for name in sight.layers("style") if name in sight.style_features)
    alike = sight.content_features.keys() == sight.style_features.keys()
    return shared + (sight.layers("base") if alike else ())


def maps_of(features: Features, layers: Sequence[str]) -> list[Tensor]:
    """The maps (C, h, w) of `layers`."""
    return [features[layer][0] for layer in layers]


def mean_over(losses: Sequence[MapLoss], maps: Sequence[Tensor]) -> Tensor:
    """The mean of each loss of its own map."""
    return torch.stack([loss(each) for loss, each in zip(losses, maps, strict=True)]).mean()


def _in_units(against: Against, style: Tensor, content: Tensor) -> MapLoss:
    loss = against(style, content)
    unit = loss(torch.zeros_like(content)) + SMALLEST
    return lambda maps: loss(maps) / unit
