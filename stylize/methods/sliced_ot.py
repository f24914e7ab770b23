"""Bonneel, Rabin, Peyré & Pfister 2015: colours move to the sliced Wasserstein barycentre.

With one style that is sliced optimal transport (Rabin, Peyré, Delon & Bernot 2011).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.losses.guidance import MOST_STYLES, note_masks, recoloured_by_several, shares
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import SPACES, space_for
from stylize.solvers.recolour import Recolour
from stylize.solvers.regrain import regrain
from stylize.solvers.transport import sliced_transport


@dataclass(frozen=True)
class Parameters(Recolour):
    """Steps along random orthonormal bases; the papers leave their number open."""

    space: str = parameter("cielab", choices=tuple(SPACES), help="In which colours are points.")
    steps: int = parameter(20, low=1, high=500, help="Random bases; ours.")
    rate: float = parameter(1.0, low=0.0, high=1.0, help="Step along every axis; ours.")
    style_weights: str = parameter(
        "",
        help='Of several styles, as "3, 1"; empty: all equal. Only their ratios count, in a region of '
        "the masks among the styles that have its label, whole styles without a mask included.",
    )
    regrain: bool = parameter(
        True, help="Give the result the content's gradients (Pitié et al. 2007); not in the papers."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Transport each pair's colours, region by region, regrain; (B, 3, H, W), unclipped."""
    note_masks(run)
    space = space_for(parameters.space, parameters.channels)
    more = [torch.from_numpy(each)[None].to(contents.device) for each in run.guides.exemplars]
    weights = shares(parameters.style_weights, 1 + len(more))

    def move(
        values: Tensor, clouds: Sequence[Tensor], within: Sequence[float], part: Run
    ) -> Tensor:
        own = [each[0] for each in clouds]
        return sliced_transport(values[0], own, within, parameters.steps, parameters.rate, part)[
            None
        ]

    result, moved = recoloured_by_several(
        contents, [styles, *more], weights, space, parameters.channels, move, run
    )
    if parameters.regrain:
        result = regrain(contents.double(), result)
        if parameters.channels == "luminance":  # regraining keeps the chroma of YIQ alone
            kept = space.enter(contents.double())
            result = space.leave(torch.cat([space.enter(result)[:, :1], kept[:, 1:]], 1))
        result = torch.where(moved, result, contents.double())
    return torch.lerp(contents.double(), result, parameters.strength)


METHOD = Method(
    key="sliced_ot",
    title="Sliced optimal transport",
    citation=Citation(
        authors=("Nicolas Bonneel", "Julien Rabin", "Gabriel Peyré", "Hanspeter Pfister"),
        year=2015,
        title="Sliced and Radon Wasserstein Barycenters of Measures",
        venue="Journal of Mathematical Imaging and Vision 51:22–45",
        identifier="10.1007/s10851-014-0506-3",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(guided=True, styles=MOST_STYLES),
    summary="Colours are transported to those of one style, or to the mean of several.",
)
