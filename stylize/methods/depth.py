"""Liu, Cheng, Lai & Rosin 2017: what is near and what is far in the content stays so.

The paper asks a trained network for the depth of both pictures. Without one the cue is the haze of
`losses.depth`, which needs no weights: pale and bright counts as far. A scene's own depth map, which
nothing can be held against, weighs the content's loss instead: what is near keeps more of it.
"""

from dataclasses import dataclass, replace

from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.depth import depth, near_content
from stylize.losses.loop import Loop, optimised, style_loss
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """The style's weight is 1: E_style of `losses.moments`, where the paper has Gram matrices."""

    depth_weight: float = parameter(
        0.05,
        low=0.0,
        high=100.0,
        help="Of the haze; a known reimplementation, by VGG: 5. With a depth map it is not used: "
        "content_weight then holds what is near more than what is far, on average as much.",
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """E_style with the depth loss or with content weighted by depth; (B, 3, H, W), unclipped."""
    if run.guides.depth is None:
        held = Term(depth, parameters.depth_weight)
    else:
        run.notes.append("The scene's depth map weighed the content's loss.")
        held = Term(near_content, parameters.content_weight)
        parameters = replace(parameters, content_weight=0.0)
    return optimised(contents, styles, (Term(style_loss, 1.0), held), parameters, run)


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
    needs=Needs(encoder=True, depth=True),
    summary="Keeps near and far apart, read from the content's haze; with a depth map, what is near "
    "keeps more of the content. No depth network is built in.",
)
