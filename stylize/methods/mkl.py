"""Pitié & Kokaram 2007: the linear map of colours that moves least and matches the covariance."""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.losses.guidance import paired_masks
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import SPACES, mean_and_covariance, space_for
from stylize.solvers.recolour import Recolour, recoloured
from stylize.solvers.transport import linear_map


@dataclass(frozen=True)
class Parameters(Recolour):
    """The authors' code works in RGB; the paper prefers uniform spaces, with little change."""

    space: str = parameter(
        "rgb", choices=tuple(SPACES), help="RGB in the authors' code; the paper likes CIELAB."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """T (x - mean content) + mean style for every pixel; (B, 3, H, W), unclipped."""

    def move(values: Tensor, targets: Tensor, part: Run) -> Tensor:
        mean, covariance = mean_and_covariance(values)
        target_mean, target = mean_and_covariance(targets)
        return linear_map(covariance, target) @ (values - mean) + target_mean

    space = space_for(parameters.space, parameters.channels)
    masks = paired_masks(run)
    result = recoloured(contents, styles, space, parameters.channels, masks, move, run)
    return torch.lerp(contents.double(), result, parameters.strength)


METHOD = Method(
    key="mkl",
    title="MKL",
    citation=Citation(
        authors=("François Pitié", "Anil Kokaram"),
        year=2007,
        title="The Linear Monge-Kantorovitch Linear Colour Mapping for Example-Based Colour Transfer",
        venue="4th European Conference on Visual Media Production (CVMP)",
        identifier="10.1049/cp:20070055",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(guided=True),
    summary="The linear colour map that gives the style's mean and covariance and moves least.",
)
