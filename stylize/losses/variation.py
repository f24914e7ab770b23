"""Total variation: how much neighbouring pixels differ."""

from torch import Tensor
from torch.nn import functional

from stylize.losses.base import Loss, Prepare, Sight


def total_variation(images: Tensor, exponent: float = 2.0) -> Tensor:
    """Mean over pixels and channels of (dx² + dy²)^(b/2) (Mahendran & Vedaldi 2015, equation 4).

    Args:
        images: (B, C, H, W).
        exponent: b, at least 2: below it flat pictures have no gradient. 2 as in neural-style
            (which halves the sum), 2.5 as in neural-doodle.

    Returns:
        0 along a side of 1 px. Beyond the border the picture goes on as it is, as in their code;
        neural-style leaves the last row and column to themselves, and they alternate.

    Raises:
        ValueError: when `exponent` is below 2.
    """
    if exponent < 2:
        raise ValueError(f"exponent: came {exponent}, must be at least 2")
    across = functional.pad(images[..., 1:] - images[..., :-1], (0, 1))
    down = functional.pad(images[..., 1:, :] - images[..., :-1, :], (0, 0, 0, 1))
    return (across.square() + down.square()).pow(exponent / 2).mean()


def variation(exponent: float) -> Prepare:
    """Row 19: `total_variation` of the picture's sRGB values."""

    def prepare(sight: Sight) -> Loss:
        return lambda planes, features: total_variation(sight.encoder.leave(planes), exponent)

    return prepare
