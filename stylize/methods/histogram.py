"""Histogram matching: every channel of the content gets the style's distribution."""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.methods.base import Method
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import SPACES
from stylize.solvers.transport import match_1d


@dataclass(frozen=True)
class Parameters:
    """The book matches grey levels; doing so per channel of RGB is the common practice."""

    space: str = parameter("rgb", choices=tuple(SPACES), help="Channels that are matched.")
    ties: str = parameter(
        "value",
        choices=("value", "rank"),
        help="Equal values stay equal (value), or are spread over the style's (rank).",
    )
    strength: float = parameter(
        1.0, low=0.0, high=1.0, help="0 is the content, 1 the matched picture."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Match channel by channel; (B, 3, H, W), unclipped."""
    space = SPACES[parameters.space]
    values = space.enter(contents.double()).flatten(2)
    targets = space.enter(styles.double()).flatten(2)
    matched = match_1d(values, targets, parameters.ties).reshape(contents.shape)
    return torch.lerp(contents.double(), space.leave(matched), parameters.strength)


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
    summary="Every colour channel gets the style's distribution of values.",
)
