"""What may follow any method: smoothing and colour, chosen in a recipe and run by rendering.

A post-process takes the result and the contents, both (B, 3, H, W) sRGB in [0, 1], and the run of
the method; it returns pictures of the same shape and range.
"""

from collections.abc import Callable

from torch import Tensor

from stylize.postprocess.colour import keep_colour
from stylize.postprocess.smoothing import smooth_gaussian, smooth_guided, smooth_matting
from stylize.record import Run


def registry() -> dict[str, Callable[[Tensor, Tensor, Run], Tensor]]:
    """Every post-process by the key that recipes use."""
    return {
        "keep_colour": keep_colour,
        "smooth_matting": smooth_matting,
        "smooth_gaussian": smooth_gaussian,
        "smooth_guided": smooth_guided,
    }
