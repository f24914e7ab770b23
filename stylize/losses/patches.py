"""Markov random fields of neural patches: every window of a map resembles a window of the style's.

Li & Wand 2016 (CNN-MRF): a window's match is the style's window of highest normalised correlation,
and the windows of the picture are drawn to their matches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

CHUNK = 2048  # windows of either side whose correlations are held at once
DARKEST = 1e-8  # norm of a window without any feature


@dataclass(frozen=True)
class Matched:
    """A map put together from the style's windows.

    Args:
        mean: (C, h, w), the average of all matched windows that cover a position.
        count: (h, w), how many cover it.
        spread: Σ over windows of the squared distance between matched window and `mean`.
    """

    mean: Tensor
    count: Tensor
    spread: Tensor


def nearest(
    features: Tensor,
    styles: Sequence[Tensor],
    size: int,
    whole: bool = True,
    penalties: Tensor | None = None,
    chunk: int = CHUNK,
) -> Tensor:
    """For every window the style's window of highest correlation; the lowest index on ties.

    Args:
        features: (C, h, w), both sides at least `size`.
        styles: maps (C, ·, ·) whose windows are offered, numbered row by row, map after map.
        size: side of a window; they overlap, one begins at every position.
        whole: normalise windows as wholes (Li & Wand 2016, eq. 3); otherwise products are compared
            as they are, which suits maps from `by_position`.
        penalties: (M,) taken off the scores of the style's windows.
        chunk: windows of either side at once: memory is chunk · (2 · C · size² + chunk) floats.

    Returns:
        (N,) int64, N = (h - size + 1) · (w - size + 1), row by row.

    Raises:
        ValueError: when a map is smaller than a window.
    """
    found = [
        _best(wanted, _offers(styles, size, whole, penalties, chunk))
        for wanted in _windows(features, size, whole, chunk)
    ]
    return torch.cat(found)


def scores(features: Tensor, styles: Sequence[Tensor], size: int, whole: bool = True) -> Tensor:
    """The correlations that `nearest` compares, all at once: (N, M)."""
    wanted = torch.cat(list(_windows(features, size, whole, CHUNK)))
    offered = torch.cat([rows for each in styles for rows in _windows(each, size, whole, CHUNK)])
    return wanted @ offered.T


def by_position(
    features: Tensor, size: int, labels: Tensor | None = None, weight: float = 0.0
) -> Tensor:
    """Maps whose windows have as product their mean cosine, position by position.

    The match of Champandard 2016, as in his code: cosine of the features + `weight` · cosine of
    the labels. Features that are not negative differ by at most 1, so that a weight above 1
    forces the label on windows that lie within one.

    Args:
        features: (C, h, w).
        size: side of a window.
        labels: (L, h, w), the share of every label in a position; None for none.
        weight: of the labels.

    Returns:
        (C, h, w), with labels (C + L, h, w).
    """
    parts = [features / (features.norm(dim=0) + DARKEST)]
    if labels is not None:
        parts.append(weight**0.5 * labels / (labels.norm(dim=0) + DARKEST))
    return torch.cat(parts) / size


def assembled(
    index: Tensor, styles: Sequence[Tensor], size: int, height: int, width: int
) -> Matched:
    """The map (C, height, width) that the windows `index` of the style make.

    Args:
        index: (N,) int64 as from `nearest`.
        styles, size: as there.
    """
    rows, columns = height - size + 1, width - size + 1
    corners, widths = _corners(styles, size)
    base = corners[index].reshape(rows, columns)
    step = widths[index].reshape(rows, columns)
    values = torch.cat([each.flatten(1) for each in styles], 1)
    total = values.new_zeros(len(values), height, width)
    count = values.new_zeros(height, width)
    places = [(down, right) for down in range(size) for right in range(size)]
    for down, right in places:
        part = (..., slice(down, down + rows), slice(right, right + columns))
        total[part] += values[:, base + down * step + right]
        count[part] += 1
    mean = total / count
    spread = [
        (values[:, base + down * step + right]
         - mean[:, down : down + rows, right : right + columns]).square().sum()
        for down, right in places
    ]  # fmt: skip
    return Matched(mean, count, torch.stack(spread).sum())


def patch_loss(features: Tensor, matched: Matched, overlap: str = "mean") -> Tensor:
    """How far the windows of a map are from their matches, which stay fixed.

    Args:
        features: (C, h, w).
        matched: of them.
        overlap: "sum": Σ over windows of ‖window - match‖² (Li & Wand 2016, eq. 2); "mean":
            ½ Σ (F - T)², T the average of the matches over a position, whose gradient is that of
            the authors' code. They differ by the number of windows over a position.

    Raises:
        ValueError: when `overlap` is neither.
    """
    apart = (features - matched.mean).square()
    if overlap == "mean":
        return apart.sum() / 2
    if overlap == "sum":
        return (apart.sum(0) * matched.count).sum() + matched.spread
    raise ValueError(f"overlap: came {overlap!r}, must be mean or sum")


def _best(wanted: Tensor, offers: Iterator[tuple[Tensor, Tensor | None]]) -> Tensor:
    """The (n,) best of all chunks for windows (n, D)."""
    best = wanted.new_full((len(wanted),), -torch.inf)
    index = torch.zeros_like(best, dtype=torch.int64)
    first = 0
    for offered, penalties in offers:
        correlation = wanted @ offered.T
        if penalties is not None:
            correlation -= penalties
        highest, place = correlation.max(1)
        index = torch.where(highest > best, first + place, index)
        best = torch.maximum(best, highest)
        first += len(offered)
    return index


def _offers(
    styles: Sequence[Tensor], size: int, whole: bool, penalties: Tensor | None, chunk: int
) -> Iterator[tuple[Tensor, Tensor | None]]:
    first = 0
    for each in styles:
        for rows in _windows(each, size, whole, chunk):
            yield rows, None if penalties is None else penalties[first : first + len(rows)]
            first += len(rows)


def _windows(maps: Tensor, size: int, whole: bool, chunk: int) -> Iterator[Tensor]:
    """Windows (n, C · size²) of (C, h, w), row by row, about `chunk` at a time."""
    height, width = maps.shape[1:]
    if min(height, width) < size:
        raise ValueError(f"maps: {width}×{height}, must be at least one window of {size}×{size}")
    lines = max(1, chunk // (width - size + 1))
    for top in range(0, height - size + 1, lines):
        strip = maps[:, top : top + lines + size - 1]
        rows = functional.unfold(strip[None], size)[0].T
        yield rows / (rows.norm(dim=1, keepdim=True) + DARKEST) if whole else rows


def _corners(styles: Sequence[Tensor], size: int) -> tuple[Tensor, Tensor]:
    """Of every window the flat place of its first value, counted over all maps, and its map's
    width."""
    corners, widths, first = [], [], 0
    for each in styles:
        height, width = each.shape[1:]
        down = torch.arange(height - size + 1, device=each.device)[:, None] * width
        along = torch.arange(width - size + 1, device=each.device)
        place = (first + down + along).flatten()
        corners.append(place)
        widths.append(torch.full_like(place, width))
        first += height * width
    return torch.cat(corners), torch.cat(widths)
