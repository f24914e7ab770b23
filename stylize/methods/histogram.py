"""Histogram matching: every channel of the content gets the style's distribution."""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.losses.guidance import paired_masks
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import SPACES, space_for
from stylize.solvers.recolour import Recolour, recoloured
from stylize.solvers.transport import match_1d


@dataclass(frozen=True)
class Parameters(Recolour):
    """The book matches grey levels; doing so per channel of RGB is the common practice."""

    space: str = parameter("rgb", choices=tuple(SPACES), help="Channels that are matched.")
    ties: str = parameter(
        "value",
        choices=("value", "rank"),
        help="Equal values stay equal (value), or are spread over the style's (rank).",
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Match channel by channel; (B, 3, H, W), unclipped."""

    def move(values: Tensor, targets: Tensor, part: Run) -> Tensor:
        return match_1d(values, targets, parameters.ties)

    space = space_for(parameters.space, parameters.channels)
    masks = paired_masks(run)
    result = recoloured(contents, styles, space, parameters.channels, masks, move, run)
    return torch.lerp(contents.double(), result, parameters.strength)


METHOD = Method(
    key="histogram",
    title="Histogram matching",
    citation=Citation(
        authors=("Rafael C. Gonzalez", "Richard E. Woods"),
        year=2018,
        title="Digital Image Processing, 4th edition, section 3.3",
        venue="Pearson",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(guided=True),
    summary="Every colour channel gets the style's distribution of values.",
)
