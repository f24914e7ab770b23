"""Edge-preserving smoothing by weighted least squares (Farbman, Fattal, Lischinski & Szeliski 2008)."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
FLATTEST = 1e-4  # difference of two neighbours that counts as none


def smoothed(images: Tensor, guide: Tensor, strength: float = 0.8, exponent: float = 1.0) -> Tensor:
    """Minimise Σ(x - image)² + Σ w (x_p - x_q)² over neighbours, w = λ / (|g_p - g_q|^α + 1e-4).

    Args:
        images: (1, C, H, W) floats.
        guide: (1, 3, H, W) sRGB in [0, 1], whose luminance g has the edges to keep.
        strength: λ; 0.8 in Liao et al. 2017's code, as is the exponent α.

    Returns:
        (1, C, H, W), within the range of each plane.

    Raises:
        ValueError: when the sizes differ.
    """
    if images.shape[2:] != guide.shape[2:]:
        raise ValueError(
            f"guide: {guide.shape[3]}×{guide.shape[2]} px, must be "
            f"{images.shape[3]}×{images.shape[2]} as the images"
        )
    weights = torch.tensor(LUMA, dtype=torch.float64, device=guide.device).view(3, 1, 1)
    luminance = (guide[0].double() * weights).sum(0).cpu().numpy()
    solve = splu(system(luminance, strength, exponent).tocsc()).solve
    planes = images[0].double().flatten(1).cpu().numpy()
    solved = torch.from_numpy(solve(planes.T.copy()).T.copy())
    return solved.to(images.device, images.dtype).reshape(images.shape)


def system(luminance: NDArray[np.float64], strength: float, exponent: float) -> sparse.csr_array:
    """The matrix I + L of `smoothed`, (H·W, H·W), symmetric and positive."""
    height, width = luminance.shape
    index = np.arange(height * width).reshape(height, width)
    pairs = [(index[:, 1:], index[:, :-1]), (index[1:], index[:-1])]
    one = np.concatenate([first.ravel() for first, _ in pairs])
    other = np.concatenate([second.ravel() for _, second in pairs])
    flat = luminance.ravel()
    weights = strength / (np.abs(flat[one] - flat[other]) ** exponent + FLATTEST)
    links = sparse.coo_array((weights, (one, other)), shape=(flat.size, flat.size)).tocsr()
    links = links + links.T
    return sparse.csr_array(sparse.diags_array(1 + links.sum(axis=1)) - links)


def refined(original: Tensor, changed: Tensor) -> Tensor:
    """The original with only the smooth part of the change: A + WLS(A') - WLS(A), (1, 3, H, W)."""
    return original + smoothed(changed - original, original)
