"""The guided filter with a colour guide (He, Sun & Tang 2010), by box sums of any radius."""

import torch
from torch import Tensor

RADIUS = 35  # px: PhotoWCT's code
EPSILON = 1e-6  # PhotoWCT: 1e-3 for colours in 0..255, which would be 1.5e-8 here


def guided(
    images: Tensor,
    guide: Tensor,
    radius: int = RADIUS,
    epsilon: float = EPSILON,
    mask: Tensor | None = None,
) -> Tensor:
    """Images that in every window are affine functions of the guide's colours.

    a_k = (Σ_k + ε)⁻¹ cov_k(I, p), b_k = mean(p) - a_kᵀ mean(I) in the window around k, with its
    true number of pixels at borders; q_i = mean(a)ᵀ I_i + mean(b) over the windows that hold i.

    Args:
        images: p, (C, H, W).
        guide: I, (3, H, W) in [0, 1].
        radius: of the window, (2r + 1)² px.
        epsilon: ε, by which flat windows are averaged.
        mask: (H, W) of 0 and 1; a window then holds only its pixels. None for all.

    Returns:
        (C, H, W) float64, unclipped; 0 outside of the mask.

    Raises:
        ValueError: naming the argument.
    """
    if guide.shape[0] != 3 or images.shape[1:] != guide.shape[1:]:
        raise ValueError(
            f"guide: shape {tuple(guide.shape)}, must be (3, H, W) with the sides of images, "
            f"{tuple(images.shape)}"
        )
    if radius < 1 or epsilon <= 0:
        raise ValueError("radius: must be at least 1, and epsilon above 0")
    inside = torch.ones_like(guide[0]) if mask is None else mask
    inside, images, guide = inside.double(), images.double(), guide.double()
    count = _sums(inside, radius).clamp(min=1)

    def mean(values: Tensor) -> Tensor:
        return _sums(values * inside, radius) / count

    centre, mean_images = mean(guide), mean(images)
    second = mean(guide[:, None] * guide) - centre[:, None] * centre  # (3, 3, H, W)
    cross = mean(guide[:, None] * images) - centre[:, None] * mean_images  # (3, C, H, W)
    ridge = epsilon * torch.eye(3, dtype=torch.float64, device=guide.device)
    slope = torch.linalg.solve(second.permute(2, 3, 0, 1) + ridge, cross.permute(2, 3, 0, 1))
    slope = slope.permute(2, 3, 0, 1)
    offset = mean_images - (slope * centre[:, None]).sum(0)
    filtered: Tensor = ((mean(slope) * guide[:, None]).sum(0) + mean(offset)) * inside
    return filtered


def _sums(values: Tensor, radius: int) -> Tensor:
    """Sums of (..., H, W) over the windows of all pixels."""
    for axis in (-2, -1):
        count = values.shape[axis]
        total = torch.cat([torch.zeros_like(values.narrow(axis, 0, 1)), values.cumsum(axis)], axis)
        places = torch.arange(count, device=values.device)
        last = (places + radius + 1).clamp(max=count)
        first = (places - radius).clamp(min=0)
        values = total.index_select(axis, last) - total.index_select(axis, first)
    return values
