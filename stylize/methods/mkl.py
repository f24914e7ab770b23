"""Pitié & Kokaram 2007: the linear map of colours that moves least and matches the covariance."""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.methods.base import Method
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import SPACES, mean_and_covariance
from stylize.solvers.transport import linear_map


@dataclass(frozen=True)
class Parameters:
    """The authors' code works in RGB; the paper prefers uniform spaces, with little change."""

    space: str = parameter(
        "rgb", choices=tuple(SPACES), help="RGB in the authors' code; the paper likes CIELAB."
    )
    strength: float = parameter(1.0, low=0.0, high=1.0, help="0 is the content, 1 as published.")


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """T (x - mean content) + mean style for every pixel; (B, 3, H, W), unclipped."""
    space = SPACES[parameters.space]
    values = space.enter(contents.double()).flatten(2)
    mean, covariance = mean_and_covariance(values)
    target_mean, target = mean_and_covariance(space.enter(styles.double()).flatten(2))
    moved = linear_map(covariance, target) @ (values - mean) + target_mean
    result = space.leave(moved.reshape(contents.shape))
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
    summary="The linear colour map that gives the style's mean and covariance and moves least.",
)
