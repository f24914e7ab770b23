"""Seamless cloning (Pérez, Gangnet & Blake 2003): the source's gradients between the target's values.

Equation 7 of the paper with 4 neighbours; neighbours outside the picture are left out, so a mask
may touch the frame.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0))

Planes = NDArray[np.float64]  # (C, H, W)
Mask = NDArray[np.bool_]  # (H, W)


def blended(source: Planes, target: Planes, mask: Mask, mixed: bool = False) -> Planes:
    """Put the source into the target inside the mask without a seam.

    Args:
        source, target: (C, H, W) float64, any range.
        mask: (H, W) bool, True where the source goes. When it is the whole picture no border
            value is known, and the mean of the target is kept instead.
        mixed: take, of the source's and the target's difference between two pixels, the larger
            (equation 12), so that holes of the source let the target through.

    Returns:
        (C, H, W) float64, unclipped, equal to the target outside the mask.

    Raises:
        ValueError: when the shapes do not fit.
    """
    if source.shape != target.shape or source.ndim != 3:
        raise ValueError(f"source: shape {source.shape}, must be that of target, {target.shape}")
    if mask.shape != target.shape[1:]:
        raise ValueError(f"mask: shape {mask.shape}, must be {target.shape[1:]} as the pictures")
    if not mask.any():
        return target.copy()
    # Solved for the change of the target: where nothing is to change the answer is exactly 0.
    right = _divergence(source, target, mask, mixed) - _divergence(target, target, mask, False)
    matrix = laplacian(mask)
    if mask.all():
        # One pixel is held, the mean put right afterwards: the constant is all that is free.
        change = np.zeros_like(right)
        if mask.size > 1:
            change[:, 1:] = splu(matrix[1:, 1:]).solve(right[:, 1:].T.copy()).T
        change -= change.mean(1, keepdims=True)
    else:
        change = splu(matrix).solve(right.T.copy()).T
    result = target.copy()
    result[:, mask] += change
    return result


def laplacian(mask: Mask) -> sparse.csc_array:
    """|N_p| f_p - Σ f_q over neighbours q in the mask, (n, n), for the n pixels of the mask.

    Symmetric; positive when a pixel of the mask has a neighbour outside it.
    """
    count = int(mask.sum())
    index = np.full(mask.shape, -1)
    index[mask] = np.arange(count)
    degree = np.zeros(count)
    rows, columns = [], []
    for step in STEPS:
        neighbour, inside = _neighbours(index, step)
        degree += inside[mask]
        linked = mask & inside & (neighbour >= 0)
        rows.append(index[linked])
        columns.append(neighbour[linked])
    row, column = np.concatenate(rows), np.concatenate(columns)
    links = sparse.coo_array((np.ones(len(row)), (row, column)), shape=(count, count))
    return sparse.csc_array(sparse.diags_array(degree) - links)


def _divergence(source: Planes, target: Planes, mask: Mask, mixed: bool) -> Planes:
    """Σ of the guiding differences of every pixel of the mask, (C, n)."""
    total = np.zeros((len(source), int(mask.sum())))
    for step in STEPS:
        differences = []
        for planes in (source, target):
            moved, inside = _neighbours(planes, step)
            differences.append(np.where(inside, planes - moved, 0.0))
        wanted, there = differences
        if mixed:
            wanted = np.where(np.abs(there) > np.abs(wanted), there, wanted)
        total += wanted[:, mask]
    return total


def _neighbours(values: NDArray[Any], step: tuple[int, int]) -> tuple[NDArray[Any], Mask]:
    """Every pixel's neighbour at `step`, and whether it lies within the picture."""
    height, width = values.shape[-2:]
    row, column = np.ogrid[:height, :width]
    row, column = row + step[0], column + step[1]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return values[..., row.clip(0, height - 1), column.clip(0, width - 1)], inside
