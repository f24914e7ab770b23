"""Mahendran & Vedaldi 2015: what keeps an inverted picture natural: bounded, and smooth in pieces.

Both count in grey levels of 0 to 255 about the mean colour, in which the authors' weights hold.
"""

import torch
from torch import Tensor

MEAN_COLOUR = (123.68, 116.779, 103.939)  # of ImageNet, as the authors' network subtracts it
NATURAL = 58.0  # root mean square of 100 natural photographs (BSDS500) about it, to two digits
FLATTEST = 1e-5  # squared step below which a power under 2 is continued linearly; authors' code


def grey_levels(images: Tensor) -> Tensor:
    """sRGB (B, 3, H, W) in [0, 1] as grey levels about `MEAN_COLOUR`."""
    return 255 * images - _mean(images)


def from_grey_levels(values: Tensor) -> Tensor:
    """The inverse of `grey_levels`."""
    return (values + _mean(values)) / 255


def _mean(like: Tensor) -> Tensor:
    return torch.tensor(MEAN_COLOUR, dtype=like.dtype, device=like.device)[None, :, None, None]


def natural_energy(values: Tensor) -> float:
    """σ², the squared Euclidean norm of an average natural picture as large as `values`."""
    return NATURAL**2 * values.numel()


def bounded(values: Tensor, power: float = 6.0) -> Tensor:
    """R_α = Σ |x|^α: hardly anything below a level, and a wall above it.

    Args:
        values: any shape, grey levels.
        power: α; the authors' 6.
    """
    return values.abs().pow(power).sum()


def variation(values: Tensor, power: float = 2.0) -> Tensor:
    """R_Vβ = Σ ((x[i,j+1] - x[i,j])² + (x[i+1,j] - x[i,j])²)^(β/2), each channel on its own.

    Args:
        values: (B, C, H, W) grey levels; the border is repeated, so its last steps are 0.
        power: β; 1 is the total variation, 2 its square without that one's spikes.
    """
    across = torch.diff(values, dim=3, append=values[..., -1:])
    down = torch.diff(values, dim=2, append=values[..., -1:, :])
    squares = across.square() + down.square()
    if power == 2:
        return squares.sum()
    # The slope at 0 is infinite where β < 2, and optimisers must not see it.
    steep = squares.clamp(min=FLATTEST).pow(power / 2)
    return torch.where(squares > FLATTEST, steep, squares * FLATTEST ** (power / 2 - 1)).sum()
