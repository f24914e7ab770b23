"""Local energy on a Laplacian stack (Shih, Paris, Barnes, Freeman & Durand 2014, section 4)."""

import math
from itertools import pairwise

from torch import Tensor

from stylize.solvers.blur import blurred


def levels_for(content: Tensor, wanted: int) -> int:
    """Levels whose widest blur is at most an eighth of the shorter side, at least 1."""
    return max(1, min(wanted, int(math.log2(min(content.shape[2:]) / 8))))


def stack(images: Tensor, levels: int) -> tuple[list[Tensor], Tensor]:
    """Differences of ever wider blurs, and the residual; their sum is the picture.

    Args:
        images: (1, C, H, W).

    Returns:
        I - I⊗G(2), I⊗G(2) - I⊗G(4), …, and I⊗G(2^levels).
    """
    blurs = [images] + [blurred(images, 2.0 ** (level + 1)) for level in range(levels)]
    return [fine - wide for fine, wide in pairwise(blurs)], blurs[-1]


def energies_of(layers: list[Tensor]) -> list[Tensor]:
    """The mean square of each level around every pixel: L² ⊗ G(2^(l+1))."""
    return [blurred(each.square(), 2.0 ** (level + 1)) for level, each in enumerate(layers)]
