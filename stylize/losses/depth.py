"""Depth loss: what is near and what is far stays so (Liu, Cheng, Lai & Rosin 2017).

The paper's D is a trained network. The one here has no weights: it reads haze as distance, after the
dark channel of He, Sun & Tang 2009. It is a cue and no measurement: bright and pale counts as far.
Where a scene brings a depth map, no network can ask the picture for one to hold against it; the
map weighs the content's loss instead.
"""

import torch
from torch import Tensor
from torch.nn import functional

from stylize.losses.base import Features, Loss, Sight
from stylize.losses.regions import averaged

HAZE_KEPT = 0.95  # ω of He et al., their equation 12
WINDOW = 1 / 32  # of the longer side: their 15 px in pictures of about 500 px
SMALLEST = 1e-6  # of a map's deviation and span: a flat picture has no depth
BLANK = 1e-8  # of the content's energy: a constant picture has none
FARTHEST = 0.1  # of the nearest's weight: even the horizon is held a little


def haze(images: Tensor) -> Tensor:
    """Distance by haze: -log(1 - ω · the least channel of the mean colour around).

    He et al. take the least value in the window instead of the mean: that hangs on single pixels,
    and an optimiser answers with black specks.

    Args:
        images: (B, 3, H, W) sRGB; values outside [0, 1] count as their nearest.

    Returns:
        (B, 1, H, W), from 0 (near) to 3 (far), blind to the order of the colour channels.
    """
    half = max(1, round(WINDOW * max(images.shape[2:]) / 2))
    padded = functional.pad(images.clamp(0, 1), [half] * 4, mode="replicate")
    least = functional.avg_pool2d(padded, 2 * half + 1, 1).amin(1, keepdim=True)
    return -torch.log(1 - HAZE_KEPT * least)


def depth_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of two depth maps, each less its mean and over its deviation.

    Maps of one picture know no scale and no zero; without that a recoloured content would have
    another depth than the content.

    Args:
        found, wanted: (B, 1, H, W).

    Returns:
        From 0 to 4.
    """
    return (_standard(found) - _standard(wanted)).square().mean()


def depth(sight: Sight) -> Loss:
    """Row 16: the picture's `haze` is held against the content's."""
    wanted = haze(sight.encoder.leave(sight.content))
    return lambda planes, features: depth_loss(haze(sight.encoder.leave(planes)), wanted)


def nearness(given: Tensor) -> Tensor:
    """Weights of the content by its depth: they fall evenly from the nearest to the farthest.

    Args:
        given: (H, W), 0 near and 1 far, not the same everywhere.

    Returns:
        (H, W) with mean 1; the farthest has `FARTHEST` of the nearest's weight.
    """
    span = (given.max() - given.min()).clamp(min=SMALLEST)  # a map reduced may have lost its own
    far = (given - given.min()) / span
    weights = 1 - (1 - FARTHEST) * far
    return weights / weights.mean()


def near_content(sight: Sight) -> Loss:
    """E_content of `losses.loop`, every position weighted by the `nearness` of the depth map.

    Raises:
        ValueError: when there is no depth map.
    """
    if sight.guides.depth is None:
        raise ValueError("depth: came none, must be the depth map of the content")
    weights = nearness(torch.from_numpy(sight.guides.depth).to(sight.content))
    kept = []
    for layer in sight.layers("content"):
        target = sight.content_features[layer]
        share = averaged(weights, *target.shape[2:])
        kept.append((layer, target, share / share.mean() / (target.square().sum() + BLANK)))

    def loss(planes: Tensor, features: Features) -> Tensor:
        errors = [(each * (features[name] - was).square()).sum() for name, was, each in kept]
        return torch.stack(errors).mean()

    return loss


def _standard(maps: Tensor) -> Tensor:
    centred = maps - maps.mean((1, 2, 3), keepdim=True)
    return centred / (centred.square().mean((1, 2, 3), keepdim=True) + SMALLEST).sqrt()
