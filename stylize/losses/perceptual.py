"""Perceptual loss: features in place, at one layer (Johnson, Alahi & Fei-Fei 2016)."""

from torch import Tensor

from stylize.losses.base import Loss, Sight

SMALLEST = 1e-8  # of the content's energy: a constant picture has none
STRIDE = 4  # px: of relu3_3 in VGG-16, the layer of the authors' code


def perceptual_loss(maps: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference of (C, h, w) from `target` of the same shape (their equation 2)."""
    return (maps - target).square().mean()


def perceptual(sight: Sight) -> Loss:
    """Row 2: the content layer whose stride is nearest to `STRIDE`, relative to its energy."""
    layers = sight.encoder.layers(*sight.content.shape[2:])
    held = [each for each in layers if "content" in each.roles and "base" not in each.roles]
    layer = min(held, key=lambda each: abs(each.stride - STRIDE)).name
    target = sight.content_features[layer][0]
    unit = target.square().mean() + SMALLEST
    return lambda planes, features: perceptual_loss(features[layer][0], target) / unit
