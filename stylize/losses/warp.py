"""Losses between pictures that see the same things: frames of a video, views of a stereo pair.

Flows are (B, 2, H, W): across, then down, in px. A flow at a pixel of one picture says where the
other picture shows the same thing.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from stylize.losses.base import Loss, Prepare, Sight


def warp(images: Tensor, flow: Tensor) -> Tensor:
    """The picture that has at p what `images` has at p + flow(p), bilinear.

    Args:
        images: (B, C, H, W); beyond the border they continue with their border's values.
        flow: (B, 2, H, W), same dtype.
    """
    height, width = images.shape[2:]
    rows = torch.arange(height, dtype=flow.dtype, device=flow.device)[:, None]
    columns = torch.arange(width, dtype=flow.dtype, device=flow.device)
    # grid_sample counts from -1 to 1, from the outer edge of the first pixel to that of the last.
    across = (2 * (columns + flow[:, 0]) + 1) / width - 1
    down = (2 * (rows + flow[:, 1]) + 1) / height - 1
    grid = torch.stack([across, down], -1)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def reliable(backward: Tensor, forward: Tensor) -> Tensor:
    """Where a frame may be compared with the one before (Ruder, Dosovitskiy & Brox 2016, 4.2).

    Args:
        backward: (B, 2, H, W), from the later frame to the earlier, on the later's grid.
        forward: (B, 2, H, W), from the earlier to the later.

    Returns:
        (B, 1, H, W) of 0 and 1: 0 where the later frame shows what the earlier does not, and
        along the borders of motion, where flows are least to be trusted.
    """
    there = warp(forward, backward)
    lengths = _energy(there) + _energy(backward)
    hidden = _energy(there + backward) > 0.01 * lengths + 0.5
    border = _slope(backward) > 0.01 * _energy(backward) + 0.002
    return (~(hidden | border)).to(backward.dtype)


def long_term_weights(reliables: Sequence[Tensor]) -> list[Tensor]:
    """Each pixel is held by the nearest frames that see it (Ruder et al. 2016, equation 10).

    Args:
        reliables: (B, 1, H, W) of each earlier frame, the nearest first.

    Returns:
        max(c - the sum of those of nearer frames, 0), in the same order.
    """
    weights, nearer = [], torch.zeros_like(reliables[0])
    for each in reliables:
        weights.append((each - nearer).clamp(min=0))
        nearer = nearer + each
    return weights


def temporal_loss(images: Tensor, warped: Tensor, weights: Tensor) -> Tensor:
    """Σ c (x - ω)² / D, D all values (Ruder et al. 2016, equation 7).

    Args:
        images: (B, C, H, W).
        warped: likewise, the earlier result as `warp` brings it here.
        weights: (B, 1, H, W), c.
    """
    return (weights * (images - warped).square()).mean()


def disparity_loss(
    left: Tensor, right: Tensor, disparities: tuple[Tensor, Tensor], masks: tuple[Tensor, Tensor]
) -> Tensor:
    """Σ over both views of Σ M (O - warp(O'))² / D (Chen, Yuan, Liao, Yu & Hua 2018).

    Args:
        left, right: (B, C, H, W), what was made of each view.
        disparities: of the left and the right view, (B, 1, H, W) in px: the left view shows at x
            what the right one shows at x - d.
        masks: (B, 1, H, W) of the left and the right view, 1 where the other sees it too.

    Returns:
        Half that sum: the mean over the views.
    """
    from_right = warp(right, across(-disparities[0]))
    from_left = warp(left, across(disparities[1]))
    views = temporal_loss(left, from_right, masks[0]) + temporal_loss(right, from_left, masks[1])
    return views / 2


def across(steps: Tensor) -> Tensor:
    """The flow (B, 2, H, W) that goes `steps` (B, 1, H, W) px to the right and nowhere else."""
    return torch.cat([steps, torch.zeros_like(steps)], 1)


def temporal(previous: Tensor, flow: Tensor, weights: Tensor) -> Prepare:
    """Rows 17 and 18: hold the picture against another one that is done.

    Args:
        previous: (1, 3, H, W) sRGB, the result of the earlier frame or of the other view.
        flow: (1, 2, H, W), from this picture to that.
        weights: (1, 1, H, W).

    Returns:
        `temporal_loss` in sRGB; all three are reduced to the size at hand.
    """
    wanted = warp(previous, flow)

    def prepare(sight: Sight) -> Loss:
        size = sight.content.shape[2:]
        here, held = (
            functional.interpolate(each, size=size, mode="bilinear", antialias=True)
            for each in (wanted, weights)
        )
        return lambda planes, features: temporal_loss(sight.encoder.leave(planes), here, held)

    return prepare


def estimated_flow(here: NDArray[np.float32], there: NDArray[np.float32]) -> Tensor:
    """Optical flow where no file gives one: TV-L1 (Zach, Pock & Bischof 2007) of scikit-image.

    Args:
        here, there: (3, H, W) sRGB in [0, 1].

    Returns:
        (1, 2, H, W) float32 on the grid of `here`: `warp(there, flow)` resembles `here`.
    """
    from skimage.registration import optical_flow_tvl1

    flow: NDArray[np.float32] = optical_flow_tvl1(here.mean(0), there.mean(0), dtype=np.float32)  # type: ignore[no-untyped-call]
    return torch.from_numpy(flow[::-1].copy())[None]


def _energy(flow: Tensor) -> Tensor:
    return flow.square().sum(1, keepdim=True)


def _slope(flow: Tensor) -> Tensor:
    """Σ of the squared central differences of both components, (B, 1, H, W)."""
    right, down = torch.gradient(flow, dim=(3, 2))
    return _energy(right) + _energy(down)
