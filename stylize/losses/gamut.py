"""How far a picture leaves the range that can be shown."""

from torch import Tensor


def gamut_loss(images: Tensor) -> Tensor:
    """Mean squared excess over [0, 1] of sRGB values of any shape.

    Without it an optimiser hides style where the final clipping takes it away.
    """
    return (images - images.clamp(0, 1)).square().mean()
