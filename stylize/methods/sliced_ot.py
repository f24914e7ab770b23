"""Bonneel, Rabin, Peyré & Pfister 2015: colours move to the sliced Wasserstein barycentre.

With one style that is sliced optimal transport (Rabin, Peyré, Delon & Bernot 2011).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.losses.guidance import MOST_STYLES, paired_masks, shares
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import SPACES, space_for
from stylize.solvers.recolour import Recolour, covered, recoloured
from stylize.solvers.regrain import regrain
from stylize.solvers.transport import sliced_transport


@dataclass(frozen=True)
class Parameters(Recolour):
    """Steps along random orthonormal bases; the papers leave their number open."""

    space: str = parameter("cielab", choices=tuple(SPACES), help="In which colours are points.")
    steps: int = parameter(20, low=1, high=500, help="Random bases; ours.")
    rate: float = parameter(1.0, low=0.0, high=1.0, help="Step along every axis; ours.")
    style_weights: str = parameter(
        "", help='Of several styles, as "3, 1"; empty: all equal. Only their ratios count.'
    )
    regrain: bool = parameter(
        True, help="Give the result the content's gradients (Pitié et al. 2007); not in the papers."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Transport each pair's colours, regrain; (B, 3, H, W), unclipped.

    The masks are those of the first style: further ones are whole in every region.
    """
    space, masks = space_for(parameters.space, parameters.channels), paired_masks(run)
    exemplars = [torch.from_numpy(each).to(contents.device) for each in run.guides.exemplars]
    more = [space.enter(each.double().flatten(1)[None])[0] for each in exemplars]
    weights = shares(parameters.style_weights, 1 + len(more))

    def move(values: Tensor, targets: Tensor, part: Run) -> Tensor:
        clouds = [targets[0], *(each[: targets.shape[1]] for each in more)]
        moved = sliced_transport(
            values[0], clouds, weights, parameters.steps, parameters.rate, part
        )
        return moved[None]

    result = recoloured(contents, styles, space, parameters.channels, masks, move, run)
    if parameters.regrain:
        result = regrain(contents.double(), result)
        if parameters.channels == "luminance":  # regraining keeps the chroma of YIQ alone
            kept = space.enter(contents.double())
            result = space.leave(torch.cat([space.enter(result)[:, :1], kept[:, 1:]], 1))
        result = torch.where(covered(contents, masks), result, contents.double())
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
