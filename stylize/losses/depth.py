"""Depth loss: what is near and what is far stays so (Liu, Cheng, Lai & Rosin 2017).

The paper's D is a trained network. The one here has no weights: it reads haze as distance, after the
dark channel of He, Sun & Tang 2009. It is a cue and no measurement: bright and pale counts as far.
"""

import torch
from torch import Tensor
from torch.nn import functional

from stylize.losses.base import Loss, Prepare, Sight

HAZE_KEPT = 0.95  # ω of He et al., their equation 12
WINDOW = 1 / 32  # of the longer side: their 15 px in pictures of about 500 px
SMALLEST = 1e-6  # of a map's deviation: a flat picture has no depth


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


def depth(given: Tensor | None = None) -> Prepare:
    """Row 16: the picture's `haze` is held against the content's depth.

    Args:
        given: (H, W), the content's depth, large is far, at any size; None: the content's `haze`.
    """

    def prepare(sight: Sight) -> Loss:
        size = sight.content.shape[2:]
        if given is None:
            wanted = haze(sight.encoder.leave(sight.content))
        else:
            wanted = functional.interpolate(
                given[None, None].to(sight.content), size=size, mode="bilinear", antialias=True
            )
        return lambda planes, features: depth_loss(haze(sight.encoder.leave(planes)), wanted)

    return prepare


def _standard(maps: Tensor) -> Tensor:
    centred = maps - maps.mean((1, 2, 3), keepdim=True)
    return centred / (centred.square().mean((1, 2, 3), keepdim=True) + SMALLEST).sqrt()
