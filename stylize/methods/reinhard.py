"""Reinhard, Ashikhmin, Gooch & Shirley 2001: match mean and deviation of each channel in lαβ."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from stylize.losses.guidance import paired_masks
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers import colour
from stylize.solvers.recolour import Recolour, recoloured


@dataclass(frozen=True)
class Parameters(Recolour):
    """The paper has no parameter but the colour space."""

    space: str = parameter(
        "ruderman", choices=tuple(colour.SPACES), help="lαβ (ruderman) in the paper."
    )
    linear: bool = parameter(
        False, help="Linearise sRGB first; the paper takes the values as displayed."
    )
    darkest: float = parameter(
        colour.DARKEST,
        low=1e-5,
        high=0.1,
        help="Cone responses below this count as this (lαβ only); the paper is silent on log 0.",
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Equations 10 and 11: (σ style / σ content)·(x - mean content) + mean style; unclipped."""

    def move(values: Tensor, targets: Tensor, part: Run) -> Tensor:
        return colour.match_moments(values, targets)

    space, masks = _space(parameters), paired_masks(run)
    result = recoloured(contents, styles, space, parameters.channels, masks, move, run)
    return torch.lerp(contents.double(), result, parameters.strength)


def _space(parameters: Parameters) -> colour.Space:
    space = colour.space_for(parameters.space, parameters.channels)
    if parameters.space == "ruderman":
        darkest = parameters.darkest
        space = replace(space, enter=lambda colours: colour.to_ruderman(colours, darkest))
    if not parameters.linear:
        return space
    return colour.Space(
        lambda colours: space.enter(colour.linearised(colours)),
        lambda values: colour.displayed(space.leave(values)),
    )


METHOD = Method(
    key="reinhard",
    title="Reinhard",
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
    summary="Mean and spread of each channel of a perceptual colour space become the style's.",
)
