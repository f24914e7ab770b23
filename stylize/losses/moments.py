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
    terms, crosses = [], []
    for each, coarser in zip(maps, (*maps[1:], None), strict=True):
        covariance, mean, cross = statistics(each, coarser)
        terms += [covariance, mean]
        crosses.append(cross)
    return terms + crosses[:-1] + [second_moment(each) for each in base]


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


def statistics(
    fine: Tensor, coarse: Tensor | None = None, weights: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Covariance and mean of a map, and its covariance with a coarser one, upsampled bilinearly.

    Args:
        fine: (C, h, w).
        coarse: (D, ⌈h/2⌉, ⌈w/2⌉), its coarser neighbour; None where there is none.
        weights: of the positions, (1, h, w) with sum 1; None for equal ones. Without gradient.

    Returns:
        (C, C), (C,) and (C, D), D = 0 without a neighbour.
    """
    if coarse is None:
        coarse = fine.new_zeros((0, -(-fine.shape[1] // 2), -(-fine.shape[2] // 2)))
    covariance, mean, cross = _Statistics.apply(fine, coarse, weights)
    return covariance, mean, cross


def second_moment(maps: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean product of the channels of (C, h, w), (C, C); `weights` as in `statistics`."""
    covariance, mean, _ = statistics(maps, None, weights)
    return covariance + torch.outer(mean, mean)


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


class _Statistics(torch.autograd.Function):
    """All three at once: their gradients go to the fine map in one product and one upsampling.

    Autograd's own way takes three times the passes over memory, which are what this costs.
    """

    @staticmethod
    def forward(
        context: Any, fine: Tensor, coarse: Tensor, weights: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        values, every = fine.flatten(1), 1 / fine[0].numel()
        if weights is None:
            second, mean = values @ values.T * every, values.mean(1)
            # <fine, up(coarse)> = <fold(fine), coarse>, at a quarter of the products.
            folded, shares = fold(fine) * every, fold(torch.full_like(fine[:1], every))
        else:
            second, mean = (values * weights.flatten()) @ values.T, values @ weights.flatten()
            folded, shares = fold(fine * weights), fold(weights)
        centred = folded.flatten(1) - torch.outer(mean, shares.flatten())
        context.save_for_backward(fine, coarse, weights, mean, centred, shares)
        return second - torch.outer(mean, mean), mean, centred @ coarse.flatten(1).T

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        fine, coarse, weights, mean, centred, shares = context.saved_tensors
        covariance, of_mean, cross = gradients
        values, others = fine.flatten(1), coarse.flatten(1)
        every = 1 / fine[0].numel() if weights is None else 1.0
        both = covariance + covariance.T
        constant = of_mean - both @ mean - cross @ (others @ shares.flatten())
        # A constant stays one when it is upsampled: it costs nothing to add it before.
        before = every * (cross @ others + constant[:, None])
        pulled = upsample(before.reshape(len(fine), *coarse.shape[1:]), *fine.shape[1:])
        to_fine = pulled.reshape(values.shape).addmm_(every * both, values).reshape(fine.shape)
        if weights is not None:
            to_fine *= weights
        return to_fine, (cross.T @ centred).reshape(coarse.shape), None
