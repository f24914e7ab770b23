"""How alike neighbouring pixels of a picture are: the graphs along which a result is smoothed.

Built here and not by pymatting (same matrix: 3e-11 apart on a colour photograph), whose inverse by
cofactors makes the Laplacian of grey pictures indefinite (eigenvalues to -0.1) and the solver fail.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from stylize.record import Labels

Picture = NDArray[np.float64]  # (H, W, 3)
EPSILON = 1e-7  # of Levin's, Deep Photo's and PhotoWCT's code, in colours of [0, 1]
SMALLEST_VARIANCE = 1e-6  # of the Gaussian affinity: flat colours are alike
ROWS = 64  # of windows at once: 81 products for each
WINDOW = [(row, column) for row in range(3) for column in range(3)]


def matting_affinity(
    picture: Picture, labels: Labels | None = None, epsilon: float = EPSILON
) -> sparse.csr_array:
    """W of Levin, Lischinski & Weiss 2006: colours of a 3×3 window lie on a plane.

    W_ij = Σ over windows w that hold i and j of (1 + (I_i - μ)ᵀ (Σ + ε/|w|)⁻¹ (I_j - μ)) / |w|,
    Σ the biased covariance. Only windows inside the picture count, so row sums are 1 to 9.

    Args:
        picture: (H, W, 3) in [0, 1], sides >= 3.
        labels: (H, W); a window then holds only the pixels with the label of its centre.
        epsilon: ε.

    Returns:
        (HW, HW) symmetric, at most 25 entries a row; a pixel in no window has 1 for itself.

    Raises:
        ValueError: naming `picture`.
    """
    _check(picture)
    height, width, _ = picture.shape
    entries = np.zeros((5, 5, height, width))
    for top in range(0, height - 2, ROWS):
        below = min(top + ROWS, height - 2)
        part = slice(top, below + 2)
        blocks = _blocks(picture[part], None if labels is None else labels[part], epsilon)
        for first, (y, x) in enumerate(WINDOW):
            for second, (v, u) in enumerate(WINDOW):
                inside = slice(top + y, below + y), slice(x, x + width - 2)
                entries[(v - y + 2, u - x + 2, *inside)] += blocks[..., first, second]
    return _matrix(entries)


def _blocks(picture: Picture, labels: Labels | None, epsilon: float) -> NDArray[np.float64]:
    """(1 + ...) / |w| of each pair in each window, (H - 2, W - 2, 9, 9)."""
    colours = torch.from_numpy(_windows(picture))
    held = torch.ones(colours.shape[:3], dtype=torch.float64)
    if labels is not None:
        near = _windows(labels)
        held = torch.from_numpy((near == near[:, :, 4:5]).astype(np.float64))
    count = held.sum(2)[..., None, None]
    mean = (colours * held[..., None]).sum(2, keepdim=True) / count
    centred = (colours - mean) * held[..., None]
    # Through a Cholesky factor the blocks stay symmetric and positive where all colours are grey.
    covariance = (centred.mT @ centred + epsilon * torch.eye(3, dtype=torch.float64)) / count
    root = torch.linalg.cholesky(covariance)
    half = torch.linalg.solve_triangular(root, centred.mT, upper=False)
    pairs = held[..., :, None] * held[..., None, :]
    blocks: NDArray[np.float64] = ((pairs + half.mT @ half) / count).numpy()
    return blocks


def gaussian_affinity(picture: Picture, labels: Labels | None = None) -> sparse.csr_array:
    """W_ij = exp(-|I_i - I_j|² / σ²) of the eight neighbours, 0 for a pixel itself.

    The lecture's graph. Its σ, the deviation of the neighbourhood, is made symmetric: σ² is the
    mean of the variances (summed over colours) of the 3×3 windows around i and j.

    Args:
        picture: (H, W, 3) in [0, 1], sides >= 3.
        labels: (H, W); pixels with different labels are then no neighbours.

    Returns:
        (HW, HW) symmetric; a pixel without neighbours has 1 for itself.

    Raises:
        ValueError: naming `picture`.
    """
    _check(picture)
    height, width, _ = picture.shape
    around = _windows(np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge"))
    variance = around.var(2).sum(-1)
    entries = np.zeros((3, 3, height, width))
    for y, x in WINDOW:
        if (y, x) != (1, 1):
            here = (
                slice(max(0, 1 - y), height - max(0, y - 1)),
                slice(max(0, 1 - x), width - max(0, x - 1)),
            )
            there = (
                slice(max(0, y - 1), height - max(0, 1 - y)),
                slice(max(0, x - 1), width - max(0, 1 - x)),
            )
            squares = np.square(picture[here] - picture[there]).sum(-1)
            spread = (variance[here] + variance[there]) / 2 + SMALLEST_VARIANCE
            alike = np.exp(-squares / spread)
            if labels is not None:
                alike *= labels[here] == labels[there]
            entries[(y, x, *here)] = alike
    return _matrix(entries)


def laplacian(affinity: sparse.csr_array) -> sparse.csr_array:
    """D - W with the row sums D of W: symmetric, positive semidefinite, 0 on constants."""
    difference: sparse.csr_array = (sparse.diags_array(affinity.sum(1)) - affinity).tocsr()
    return difference


def as_tensor(matrix: sparse.csr_array) -> Tensor:
    """The same matrix in torch, whose products take half of scipy's time, on every core."""
    return torch.sparse_csr_tensor(
        torch.from_numpy(matrix.indptr),
        torch.from_numpy(matrix.indices),
        torch.from_numpy(matrix.data),
        size=matrix.shape,
        check_invariants=False,
    )


def _windows(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """(H, W, ...) to its 3×3 windows, (H - 2, W - 2, 9, ...)."""
    height, width = values.shape[:2]
    return np.stack([values[y : y + height - 2, x : x + width - 2] for y, x in WINDOW], 2)


def _matrix(entries: NDArray[np.float64]) -> sparse.csr_array:
    """CSR of what each pixel has for the neighbours around it, (s, s, H, W)."""
    size, _, height, width = entries.shape
    alone = entries.sum((0, 1)) == 0
    entries[size // 2, size // 2][alone] = 1
    steps = np.arange(size) - size // 2
    rows = np.arange(height)[:, None] + steps  # (H, s)
    columns = np.arange(width)[:, None] + steps
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & (
        (columns >= 0) & (columns < width)
    )[None, :, None, :]  # (H, W, s, s)
    numbers = (rows[:, None, :, None] * width + columns[None, :, None, :]).astype(np.int32)
    ends = np.cumsum(inside.sum((2, 3)).ravel())
    start = np.concatenate([[0], ends]).astype(np.int32)
    values = entries.transpose(2, 3, 0, 1)[inside]
    return sparse.csr_array(
        (values, numbers[inside], start), shape=(height * width, height * width)
    )


def _check(picture: Picture) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape[:2]) < 3:
        raise ValueError(f"picture: shape {picture.shape}, must be (H, W, 3) with sides >= 3")
    if not np.isfinite(picture).all():
        raise ValueError("picture: has NaN or infinite values")
