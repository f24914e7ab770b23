"""Liu, Cheng, Lai & Rosin 2017: what is near and what is far in the content stays so.

The paper asks a trained network for the depth. Here it is the haze of `losses.depth`, a cue that
needs no weights: pale and bright counts as far.
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.depth import depth
from stylize.losses.loop import Loop, optimised, style_loss
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """The style's weight is 1: E_style of `losses.moments`, where the paper has Gram matrices."""

    depth_weight: float = parameter(
        0.05, low=0.0, high=100.0, help="Of the depth map; a known reimplementation, by VGG: 5."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """E_style and the depth loss; (B, 3, H, W), unclipped."""
    terms = (Term(style_loss, 1.0), Term(depth(), parameters.depth_weight))
    return optimised(contents, styles, terms, parameters, run)


METHOD = Method(
    key="depth",
    title="Depth loss",
    citation=Citation(
        authors=("Xiao-Chang Liu", "Ming-Ming Cheng", "Yu-Kun Lai", "Paul L. Rosin"),
        year=2017,
        title="Depth-aware Neural Style Transfer",
        venue="Non-Photorealistic Animation and Rendering (NPAR)",
        identifier="10.1145/3092919.3092924",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="Keeps near and far apart, read from the content's haze: no depth network is built in.",
)
