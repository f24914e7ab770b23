"""Closed-form smoothing along a graph of pixels (Li et al. 2018), by preconditioned CG.

(D - αW) R = (1 - α) D Y is sparse and positive definite, but its condition is 1/(1 - α) = 1e4. One
V-cycle of smoothed aggregation is the preconditioner (Vaněk, Mandel & Brezina 1996), told what the
graph hardly penalises: constants, and for the matting affinity the picture's own colours.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg, sparse
from torch import Tensor

from stylize.record import Labels, Run
from stylize.solvers.affinity import Picture, as_tensor, gaussian_affinity, matting_affinity

Floats = NDArray[np.float64]
Affinity = Literal["matting", "gaussian"]
ALPHA = 0.9999  # PhotoWCT's code
TOLERANCE = 1e-5  # of the residual's norm, to the right side's: errors under 1e-4
MAX_ITERATIONS = 2000
DIRECT = 1500  # unknowns that are solved directly
AGGREGATES = {"matting": 5, "gaussian": 3}  # px a side of the finest ones, then 3


def smoothed(
    results: Picture,
    contents: Picture,
    run: Run,
    affinity: Affinity = "matting",
    labels: Labels | None = None,
    alpha: float = ALPHA,
    normalisation: Literal["rw", "sym"] = "rw",
) -> Picture:
    """The picture that is as smooth as the content and near the result.

    Args:
        results: Y, (H, W, 3).
        contents: whose graph it is, (H, W, 3) in [0, 1].
        run: its notes receive a sentence when the tolerance was not reached.
        affinity: W of `solvers.affinity`.
        labels: (H, W); nothing is mixed between different ones.
        alpha: α in (0, 1), the share of smoothness.
        normalisation: "rw" solves (D - αW) R = (1 - α) D Y and keeps constants; "sym" is the
            printed R = (1 - α) (I - α D^-½ W D^-½)⁻¹ Y, which keeps √D and no constant.

    Returns:
        R, (H, W, 3), unclipped.

    Raises:
        ValueError: naming the argument.
    """
    if results.shape != contents.shape:
        raise ValueError(f"results: shape {results.shape}, must be {contents.shape} as contents")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: came {alpha}, must be between 0 and 1")
    if normalisation not in ("rw", "sym"):
        raise ValueError(f"normalisation: came {normalisation!r}, must be rw or sym")
    make = {"matting": matting_affinity, "gaussian": gaussian_affinity}.get(affinity)
    if make is None:
        raise ValueError(f"affinity: came {affinity!r}, must be matting or gaussian")
    weights = make(contents, labels)
    degrees = weights.sum(1)
    system = (sparse.diags_array(degrees) - alpha * weights).tocsr()
    ones = np.ones((len(degrees), 1))
    near = ones if affinity == "gaussian" else np.hstack([ones, contents.reshape(-1, 3)])
    scale = (degrees if normalisation == "rw" else np.sqrt(degrees))[:, None]
    right, start = (1 - alpha) * scale * results.reshape(-1, 3), results.reshape(-1, 3)
    if normalisation == "sym":
        start = start / scale
    shape, side = contents.shape[:2], AGGREGATES[affinity]
    solution = solve(system, right, start, near, (shape[0], shape[1]), side, run)
    return (solution if normalisation == "rw" else scale * solution).reshape(results.shape)


def solve(
    system: sparse.csr_array, right: Floats, start: Floats, near: Floats,
    shape: tuple[int, int], side: int, run: Run,
) -> Floats:  # fmt: skip
    """Conjugate gradients on all right sides as one system, with a V-cycle before each step.

    Args:
        system: (N, N) symmetric positive definite, of a grid of `shape`.
        right, start: (N, C).
        near: (N, k) vectors that the system maps to almost nothing.
        side: of the finest aggregates, px.
        run: its notes receive a sentence when `TOLERANCE` was not reached.

    Returns:
        (N, C).
    """
    levels, direct = _levels(system, near, shape, side, right.shape[1])
    matrix = levels[0].matrix if levels else as_tensor(system)
    wanted, solution = torch.from_numpy(right), torch.from_numpy(start.copy())
    residual = wanted - matrix @ solution
    enough = TOLERANCE * float(wanted.norm())
    direction, before = torch.zeros_like(solution), 1.0
    for _ in range(MAX_ITERATIONS):
        if float(residual.norm()) <= enough:
            break
        better = _cycle(levels, direct, residual)
        now = float((residual * better).sum())
        direction = direction.mul_(now / before).add_(better)
        image = matrix @ direction
        step = now / float((direction * image).sum())
        solution.add_(direction, alpha=step)
        residual.sub_(image, alpha=step)
        before = now
    else:
        run.notes.append(
            f"Smoothing stopped after {MAX_ITERATIONS} iterations with a residual "
            f"{float(residual.norm()) / enough:.1f} times the tolerance."
        )
    return solution.numpy()


@dataclass(frozen=True)
class _Level:
    matrix: Tensor  # sparse (n, n)
    damping: Tensor  # (n, C): of the Jacobi smoother
    up: Tensor  # sparse (n, m)
    down: Tensor  # its transpose


def _cycle(levels: list[_Level], direct: Tensor, residual: Tensor) -> Tensor:
    """One symmetric V-cycle from zero: smooth, correct from the coarser level, smooth."""
    if not levels:
        return torch.cholesky_solve(residual, direct)
    level = levels[0]
    solution = level.damping * residual
    left = residual - level.matrix @ solution
    solution += level.up @ _cycle(levels[1:], direct, level.down @ left)
    left = residual - level.matrix @ solution
    return solution.addcmul_(level.damping, left)


def _levels(
    system: sparse.csr_array, near: Floats, shape: tuple[int, int], side: int, columns: int
) -> tuple[list[_Level], Tensor]:
    """The levels, and the Cholesky factor of the coarsest system."""
    levels = []
    near = near[:, None, :]
    while system.shape[0] > DIRECT:
        damping = _damping(system)
        tentative, near, shape = aggregated(near, shape, side)
        up = (tentative - sparse.diags_array(damping) @ (system @ tentative)).tocsr()
        down = up.T.tocsr()
        repeated = torch.from_numpy(np.repeat(damping[:, None], columns, 1))
        levels.append(_Level(as_tensor(system), repeated, as_tensor(up), as_tensor(down)))
        system, side = (down @ (system @ up)).tocsr(), 3
    return levels, torch.from_numpy(linalg.cholesky(system.toarray(), lower=True))


def aggregated(
    near: Floats, shape: tuple[int, int], side: int
) -> tuple[sparse.csr_array, Floats, tuple[int, int]]:
    """Blocks of a grid, and on each of them an orthonormal base of `near`.

    Args:
        near: (nodes, unknowns per node, k).
        shape: of the grid of nodes.
        side: of the blocks, at least.

    Returns:
        The base (nodes·unknowns, blocks·k), sparse; `near` in it, (blocks, k, k); the grid of
        blocks. Base times coarse `near` is `near`.
    """
    nodes, unknowns, count = near.shape
    blocks = [max(1, length // side) for length in shape]
    places = [np.arange(n) * m // n for n, m in zip(shape, blocks, strict=True)]
    # Where in its block a row or column is: its number less that of the block's first.
    within = [np.arange(len(p)) - np.searchsorted(p, p) for p in places]
    block = (places[0][:, None] * blocks[1] + places[1]).ravel()
    spot = (within[0][:, None] * (within[1].max() + 1) + within[1]).ravel()
    dense = np.zeros((blocks[0] * blocks[1], spot.max() + 1, unknowns, count))
    dense[block, spot] = near
    base, coarse = np.linalg.qr(dense.reshape(len(dense), -1, count))
    values = base.reshape(dense.shape)[block, spot]
    numbers = block[:, None, None] * count + np.arange(count)
    numbers = np.broadcast_to(numbers, (nodes, unknowns, count)).astype(np.int32)
    starts = np.arange(0, values.size + 1, count, dtype=np.int32)
    size = nodes * unknowns, len(dense) * count
    tentative = sparse.csr_array((values.ravel(), numbers.ravel(), starts), shape=size)
    return tentative, coarse, (blocks[0], blocks[1])


def _damping(system: sparse.csr_array) -> Floats:
    """4/(3λ) over the diagonal, λ the largest eigenvalue of the system over its diagonal."""
    diagonal = system.diagonal()
    vector = np.random.default_rng(0).standard_normal(len(diagonal))
    largest = 1.0
    for _ in range(10):
        vector = (system @ vector) / diagonal
        largest = float(np.linalg.norm(vector))
        vector /= largest
    damping: Floats = 4 / (3 * 1.05 * largest) / diagonal
    return damping
