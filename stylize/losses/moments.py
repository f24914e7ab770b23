"""Means and covariances of feature maps, within a scale and between neighbours.

The statistics of Brochard, Zhang & Mallat 2022 (after Portilla & Simoncelli 2000). Everything is
centred: in plain Gram matrices of rectified maps the means dominate and hardly any style is seen.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from stylize.encoders.base import Encoder, names

SMALLEST = 1e-8  # of a target's energy: a constant style has none


def style_terms(encoder: Encoder, planes: Tensor) -> list[Tensor]:
    """Everything that E_style compares, of one picture.

    Args:
        encoder: fitted to the pair.
        planes: (1, 3, H, W) from `encoder.enter`.

    Returns:
        Per style layer its covariance (C, C) and mean (C,); per pair of neighbours the centred
        cross-covariance (C, C'); per base layer the second moment (3, 3).
    """
    return terms_of(encoder, encoder.features(planes), planes)


def terms_of(encoder: Encoder, features: dict[str, Tensor], planes: Tensor) -> list[Tensor]:
    """`style_terms` where the features of `planes` are at hand."""
    height, width = planes.shape[-2:]
    maps = [features[name].squeeze(0) for name in names(encoder, "style", height, width)]
    base = [features[name].squeeze(0) for name in names(encoder, "base", height, width)]
    terms, means = [], []
    for each in maps:
        second, mean = _moments(each)
        terms += [second - torch.outer(mean, mean), mean]
        means.append(mean)
    for fine, coarse, mean in zip(maps, maps[1:], means, strict=False):
        terms.append(cross_covariance(fine, coarse, mean))
    return terms + [_moments(each)[0] for each in base]


def relative_error(values: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Mean over terms of Σ(A - A*)² / ΣA*²: E_style when the terms are `style_terms`."""
    errors = [
        (value - target).square().sum() / (target.square().sum() + SMALLEST)
        for value, target in zip(values, targets, strict=True)
    ]
    return torch.stack(errors).mean()


def style_error(encoder: Encoder, image: Tensor, style: Tensor) -> float:
    """E_style of a finished picture, *the* relative style error.

    Args:
        encoder: fitted to the content and style.
        image, style: (1, 3, ·, ·) sRGB in [0, 1].
    """
    with torch.no_grad():
        terms = style_terms(encoder, encoder.enter(image))
        return float(relative_error(terms, style_terms(encoder, encoder.enter(style))))


def cross_covariance(
    fine: Tensor, coarse: Tensor, fine_mean: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Centred covariance of a map with its coarser neighbour, upsampled bilinearly.

    Args:
        fine: (C, h, w).
        coarse: (D, ⌈h/2⌉, ⌈w/2⌉).
        fine_mean: (C,), the mean of `fine` over positions.
        weights: of the positions, (1, h, w) with sum 1; None for equal ones.

    Returns:
        (C, D).
    """
    positions = fine[0].numel()
    # <fine, up(coarse)> = <fold(fine), coarse>, at a quarter of the products.
    counts = torch.ones_like(fine[:1].detach()) if weights is None else weights * positions
    coarse_mean = coarse.flatten(1) @ (fold(counts).flatten() / positions)
    joint: Tensor = _CrossMoment.apply(fine if weights is None else fine * counts, coarse)
    return joint - torch.outer(fine_mean, coarse_mean)


def upsample(coarse: Tensor, height: int, width: int) -> Tensor:
    """Double (C, h, w) bilinearly and crop to (C, height, width)."""
    doubled = functional.interpolate(coarse[None], scale_factor=2, mode="bilinear")[0]
    return doubled[:, :height, :width]


def fold(fine: Tensor) -> Tensor:
    """The adjoint of `upsample`: (C, height, width) to (C, ⌈height/2⌉, ⌈width/2⌉)."""
    for axis in (1, 2):
        if fine.shape[axis] % 2:
            fine = functional.pad(fine, (0, 0, 0, 1) if axis == 1 else (0, 1))
        even, odd = _every_second(fine, axis, 0), _every_second(fine, axis, 1)
        last = even.shape[axis] - 1
        folded = 0.75 * (even + odd)
        folded.narrow(axis, 1, last).add_(odd.narrow(axis, 0, last), alpha=0.25)
        folded.narrow(axis, 0, last).add_(even.narrow(axis, 1, last), alpha=0.25)
        folded.narrow(axis, 0, 1).add_(even.narrow(axis, 0, 1), alpha=0.25)
        folded.narrow(axis, last, 1).add_(odd.narrow(axis, last, 1), alpha=0.25)
        fine = folded
    return fine


def _every_second(maps: Tensor, axis: int, first: int) -> Tensor:
    return maps[:, first::2] if axis == 1 else maps[:, :, first::2]


def _moments(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Second moment (C, C) and mean (C,) of (C, h, w) over positions."""
    second, mean = _Moments.apply(maps.flatten(1))
    return second, mean


class _Moments(torch.autograd.Function):
    """Second moment and mean; its backward is one product where autograd's is two and a sum."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> tuple[Tensor, Tensor]:
        context.save_for_backward(values)
        return values @ values.T / values.shape[1], values.mean(1)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        (values,) = context.saved_tensors
        second, mean = gradients
        count = values.shape[1]
        return torch.addmm(mean[:, None] / count, (second + second.T) / count, values)


class _CrossMoment(torch.autograd.Function):
    """Mean product of a fine map with the upsampled coarse one, (C, D)."""

    @staticmethod
    def forward(context: Any, fine: Tensor, coarse: Tensor) -> Tensor:
        folded = fold(fine).flatten(1) / fine[0].numel()
        context.save_for_backward(folded, coarse)
        context.size = fine.shape[1:]
        return folded @ coarse.flatten(1).T

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        folded, coarse = context.saved_tensors
        height, width = context.size
        to_fine = (gradients[0] / (height * width)) @ coarse.flatten(1)
        to_coarse = gradients[0].T @ folded
        fine = upsample(to_fine.reshape(-1, *coarse.shape[1:]), height, width)
        return fine, to_coarse.reshape(coarse.shape)
