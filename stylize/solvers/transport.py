"""Optimal transport of point clouds: exact in one dimension, linear in several."""

from collections.abc import Sequence

import torch
from torch import Tensor

from stylize.record import Run
from stylize.solvers.colour import symmetric_power


def match_1d(values: Tensor, targets: Tensor, ties: str = "value") -> Tensor:
    """Give `values` the distribution of `targets` by the increasing map (histogram matching).

    Rank r of N has quantile (r + ½)/N on both sides, so equal clouds map to themselves.

    Args:
        values: (..., N) floats.
        targets: (..., M) floats, same leading shape.
        ties: "value": equal values stay equal, at their middle rank; "rank": equal values get
            the quantiles of their positions in turn.

    Returns:
        (..., N), within the range of `targets`, a monotone function of `values` per row.

    Raises:
        ValueError: when `ties` is neither.
    """
    return quantiles(targets, ranks_of(values, ties), values.shape[-1])


def ranks_of(values: Tensor, ties: str = "value") -> Tensor:
    """Ranks r + ½ of `values` (..., N) among themselves, as `match_1d` counts them.

    Raises:
        ValueError: when `ties` is neither "value" nor "rank".
    """
    if ties == "value":
        ordered, values = values.sort(-1).values, values.contiguous()
        below = torch.searchsorted(ordered, values)
        not_above = torch.searchsorted(ordered, values, right=True)
        return (below + not_above).to(values.dtype) / 2
    if ties == "rank":
        order = values.argsort(dim=-1, stable=True)
        steps = torch.arange(values.shape[-1], device=values.device).expand_as(order)
        return torch.empty_like(order).scatter_(-1, order, steps).to(values.dtype) + 0.5
    raise ValueError(f"ties: came {ties!r}, must be value or rank")


def quantiles(cloud: Tensor, ranks: Tensor, count: int) -> Tensor:
    """Values of `cloud` (..., M) at `ranks` (..., N) out of `count`.

    The k-th of the cloud's sorted values, from 0, has rank k + ½ out of M; between them it is
    linear, beyond them constant. With M = count no value is changed by rounding.
    """
    ordered = cloud.sort(-1).values
    place = (ranks * (cloud.shape[-1] / count) - 0.5).clamp(0, cloud.shape[-1] - 1)
    low = place.floor()
    index = low.long()
    above = (index + 1).clamp(max=cloud.shape[-1] - 1)
    start, end = ordered.gather(-1, index), ordered.gather(-1, above)
    return start + (place - low) * (end - start)


def sliced_transport(
    cloud: Tensor, targets: Sequence[Tensor], shares: Sequence[float], steps: int, rate: float,
    run: Run,
) -> Tensor:  # fmt: skip
    """Move a cloud towards the sliced Wasserstein barycentre of others (Bonneel et al. 2015).

    Stochastic descent: in every step the cloud is matched along each axis of a random orthonormal
    basis; in one dimension the barycentre's quantiles are the weighted means of the targets'.

    Args:
        cloud: (C, N) float64.
        targets: (C, M) float64 each, in any number.
        shares: weights of the targets, with sum 1; a target of weight 0 is not looked at.
        steps: bases drawn from `run.seed` alone, on the CPU.
        rate: of each step; at 1 every axis is matched exactly.
        run: told the steps done.

    Returns:
        (C, N).
    """
    generator = torch.Generator().manual_seed(run.seed)
    kept = [(share, each) for share, each in zip(shares, targets, strict=True) if share > 0]
    for step in range(steps):
        square = torch.randn(len(cloud), len(cloud), generator=generator, dtype=cloud.dtype)
        axes = torch.linalg.qr(square).Q.to(cloud.device)
        here = axes @ cloud
        ranks, count = ranks_of(here), cloud.shape[1]
        wanted = torch.stack([share * quantiles(axes @ each, ranks, count) for share, each in kept])
        cloud = cloud + rate * (axes.T @ (wanted.sum(0) - here))
        run.progress((step + 1) / steps)
    return cloud


def match_1d_bins(values: Tensor, targets: Tensor, bins: int) -> Tensor:
    """`match_1d` as in Pitié's pdf_transfer.m: histograms over the joint range.

    Args:
        values: (N,) float64.
        targets: (M,) float64.
        bins: of the histograms; the first and last centre are the joint minimum and maximum.
    """
    low = torch.minimum(values.min(), targets.min())
    width = (torch.maximum(values.max(), targets.max()) - low).clamp(min=1e-12)
    place = (values - low) / width * (bins - 1)
    here = _cumulative(place, bins)
    there = _cumulative((targets - low) / width * (bins - 1), bins)
    after = torch.searchsorted(there, here).clamp(1, bins - 1)
    share = (here - there[after - 1]) / (there[after] - there[after - 1])
    curve = (after - 1 + share).clamp(0, bins - 1)
    index = place.long().clamp(max=bins - 2)
    mapped = curve[index] + (place - index) * (curve[index + 1] - curve[index])
    return mapped / (bins - 1) * width + low


def _cumulative(place: Tensor, bins: int) -> Tensor:
    counts = torch.bincount(place.round().long(), minlength=bins).double() + 1e-6
    total = counts.cumsum(0)
    return total / total[-1]


def linear_map(source: Tensor, target: Tensor) -> Tensor:
    """The Monge-Kantorovitch linear map between covariances (Pitié & Kokaram 2007).

    T = A^(-1/2) (A^(1/2) B A^(1/2))^(1/2) A^(-1/2): symmetric, positive, T A T = B, and of all
    maps with that property the one that moves least.

    Args:
        source: (B, C, C) covariances A. Eigenvalues below 1e-6 of their mean are raised to it,
            so that a grey or constant picture has a map.
        target: (B, C, C) covariances B.

    Returns:
        (B, C, C).
    """
    mean_variance = source.diagonal(dim1=1, dim2=2).mean(1)
    floor = (1e-6 * mean_variance).clamp(min=1e-12)
    root = symmetric_power(source, 0.5, floor)
    inverse = symmetric_power(source, -0.5, floor)
    middle = symmetric_power(root @ target @ root, 0.5, torch.zeros_like(floor))
    return inverse @ middle @ inverse
