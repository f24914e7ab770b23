"""Kolkin, Salavon & Shakhnarovich 2019 (STROTSS): distances between clouds of feature vectors.

A cloud is (n, d): one hypercolumn, the features of all layers at one position, per row.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

CHUNK = 1024  # rows of a matrix of distances that are in memory at a time
SHORTEST = 1e-5  # Euclidean distance below which the gradient is 0: at 0 it has none


def hypercolumns(maps: Sequence[Tensor], strides: Sequence[int], positions: Tensor) -> Tensor:
    """Features of all maps at positions of the picture, read bilinearly.

    Args:
        maps: each (1, C, h, w); its step i lies at pixel i · stride, beyond the last it is constant.
        strides: px, one per map.
        positions: (n, 2) row and column in px, whole numbers.

    Returns:
        (n, ΣC).
    """
    columns = []
    for each, stride in zip(maps, strides, strict=True):
        steps = torch.tensor(each.shape[2:], device=each.device) - 1
        place = 2 * positions / (stride * steps.clamp(min=1)) - 1
        grid = place.flip(1)[None, None].to(each.dtype)  # torch wants x first
        read = functional.grid_sample(each, grid, padding_mode="border", align_corners=True)
        columns.append(read[0, :, 0].T)
    return torch.cat(columns, 1)


def nearest(values: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Indices of the nearest target of each value (n,), and of the nearest value of each target.

    Args:
        values: (n, d).
        targets: (m, d); Euclidean distance, `CHUNK` · m of them in memory at a time.
    """
    lengths = targets.square().sum(1)
    here, best, there = [], torch.full_like(lengths, torch.inf), torch.zeros_like(lengths).long()
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK]
        squares = torch.addmm(lengths, part, targets.T, alpha=-2) + part.square().sum(1)[:, None]
        here.append(squares.argmin(1))
        least, index = squares.min(0)
        there = torch.where(least < best, index + start, there)
        best = torch.minimum(least, best)
    return torch.cat(here), there


def relaxed_emd(values: Tensor, targets: Tensor, metric: str = "cosine") -> Tensor:
    """REMD: the larger of the mean distances to the nearest neighbour in the other cloud.

    Either mean drops one of the two constraints of the earth mover's distance, so REMD is a lower
    bound of it. The gradient flows through the nearest pairs alone.

    Args:
        values: (n, d).
        targets: (m, d).
        metric: "cosine", 1 - cos, or "euclidean".

    Returns:
        Scalar; 0 for equal clouds, symmetric in them.

    Raises:
        ValueError: when the metric is neither.
    """
    if metric not in ("cosine", "euclidean"):
        raise ValueError(f"metric: came {metric!r}, must be cosine or euclidean")
    if metric == "cosine":  # of unit vectors it is half the squared Euclidean distance
        values, targets = directions(values), directions(targets)
    with torch.no_grad():
        here, there = nearest(values, targets)
    # index_select and not [...]: on several cores the gradient of [...] adds in any order.
    forth = values - targets[here]
    back = values.index_select(0, there) - targets
    if metric == "cosine":
        return torch.maximum(_half_squares(forth).mean(), _half_squares(back).mean())
    return torch.maximum(_lengths(forth).mean(), _lengths(back).mean())


def directions(vectors: Tensor) -> Tensor:
    """Unit vectors (n, d); zero stays zero."""
    return functional.normalize(vectors, dim=1, eps=1e-8)


def _half_squares(steps: Tensor) -> Tensor:
    return steps.square().sum(1) / 2


def _lengths(steps: Tensor) -> Tensor:
    return steps.square().sum(1).clamp(min=SHORTEST**2).sqrt() - SHORTEST


def self_similarities(values: Tensor) -> Tensor:
    """Cosine distances (n, n) between rows of (n, d), every column divided by its sum."""
    units = directions(values)
    distances = (1 - units @ units.T).clamp(min=0)
    return distances / distances.sum(0).clamp(min=1e-8)


def self_similarity_loss(values: Tensor, wanted: Tensor) -> Tensor:
    """l_C: how far the pattern of distances is from the content's, blind to lengths of vectors.

    Args:
        values: (n, d).
        wanted: (n, n), the `self_similarities` of the content at the same positions.

    Returns:
        (1/n) Σ |D - D_c|; printed with 1/n², which would vanish as n grows, and the authors' code
        multiplies by n.
    """
    return (self_similarities(values) - wanted).abs().sum() / len(values)


def moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d), over n, of (n, d)."""
    mean = values.mean(0)
    centred = values - mean
    return mean, centred.T @ centred / len(values)


def moment_loss(values: Tensor, wanted: tuple[Tensor, Tensor]) -> Tensor:
    """l_m = (1/d) |μ - μ_s|₁ + (1/d²) |Σ - Σ_s|₁: lengths count, unlike in `relaxed_emd`."""
    mean, covariance = moments(values)
    return (mean - wanted[0]).abs().mean() + (covariance - wanted[1]).abs().mean()


def combined(
    content: Tensor, moment: Tensor, transport: Tensor, palette: Tensor, weight: float
) -> Tensor:
    """(α l_C + l_m + l_r + l_p/α) / (2 + α + 1/α) for the content's weight α > 0."""
    summed = weight * content + moment + transport + palette / weight
    return summed / (2 + weight + 1 / weight)
