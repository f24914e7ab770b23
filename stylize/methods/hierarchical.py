"""Wang, Oxholm, Zhang & Wang 2017: a coarse picture first, refined at growing sizes.

The paper chains three networks, each with its own content and style loss; here every level is
optimised from the enlarged result of the one before. Its networks for luminance and colour are
left out.
"""

import math
from dataclasses import dataclass

from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised, style_loss
from stylize.losses.sizes import at_longest
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """The style's weight is 1 at every level: E_style of `losses.moments`."""

    levels: int = parameter(
        3,
        low=1,
        high=6,
        help="Sizes, each twice the one before, as small pictures allow; paper: 3.",
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Levels of doubling size; (B, 3, H, W), unclipped."""
    longest = max(contents.shape[2:])
    # At every level the style is as large as the content, as in the paper.
    sized = at_longest(styles, longest).clamp(0, 1)
    coarsest = math.ceil(longest / 2 ** (parameters.levels - 1))
    return optimised(contents, sized, (Term(style_loss, 1.0),), parameters, run, coarsest)


METHOD = Method(
    key="hierarchical",
    title="Hierarchical (Multimodal Transfer)",
    citation=Citation(
        authors=("Xin Wang", "Geoffrey Oxholm", "Da Zhang", "Yuan-Fang Wang"),
        year=2017,
        title="Multimodal Transfer: A Hierarchical Deep Convolutional Neural Network for Fast Artistic Style Transfer",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="arXiv:1612.01895",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="Coarse strokes first, finer ones in them, with content and style held at every size.",
)
