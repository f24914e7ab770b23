"""Match Color as photo editors offer it: mean and deviation in CIELAB, with four controls.

Adobe's algorithm is unpublished; the statistics are those of Reinhard et al. 2001, the controls
are ours, with the names of the editor's.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.losses.guidance import paired_masks
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import match_moments, space_for
from stylize.solvers.recolour import recoloured


@dataclass(frozen=True)
class Parameters:
    """At the defaults mean and deviation of L*, a* and b* become the style's."""

    luminance: float = parameter(
        1.0, low=0.0, high=2.0, help="Contrast of L* around the style's mean; 0 is flat. Ours."
    )
    intensity: float = parameter(
        1.0, low=0.0, high=2.0, help="Factor of a* and b*; 0 is grey. Ours."
    )
    fade: float = parameter(0.0, low=0.0, high=1.0, help="1 is the content. Ours.")
    neutralise: bool = parameter(False, help="Take the mean of a* and b* away: no cast. Ours.")


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Match moments, scale luminance and chroma, fade; (B, 3, H, W), unclipped."""

    def move(values: Tensor, targets: Tensor, part: Run) -> Tensor:
        matched, mean = match_moments(values, targets), targets[:, :1].mean(2, True)
        lightness = mean + parameters.luminance * (matched[:, :1] - mean)
        chroma = parameters.intensity * matched[:, 1:]
        if parameters.neutralise:
            chroma = chroma - chroma.mean(2, True)
        return torch.cat([lightness, chroma], 1)

    space, masks = space_for("cielab", "all"), paired_masks(run)
    result = recoloured(contents, styles, space, "all", masks, move, run)
    return torch.lerp(contents.double(), result, 1 - parameters.fade)


METHOD = Method(
    key="match_colour",
    title="Match colour",
    citation=Citation(
        authors=("Erik Reinhard", "Michael Ashikhmin", "Bruce Gooch", "Peter Shirley"),
        year=2001,
        title="Color Transfer between Images",
        venue="IEEE Computer Graphics and Applications 21(5):34–41",
        identifier="10.1109/38.946629",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(guided=True),
    summary="The style's mean and spread in CIELAB, with a photo editor's controls.",
)
