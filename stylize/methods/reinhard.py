"""Reinhard, Ashikhmin, Gooch & Shirley 2001: match mean and deviation of each channel in lαβ."""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.methods.base import Method
from stylize.record import Citation, Run, parameter
from stylize.solvers import colour


@dataclass(frozen=True)
class Parameters:
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
    strength: float = parameter(1.0, low=0.0, high=1.0, help="0 is the content, 1 as published.")


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Equations 10 and 11: (σ style / σ content)·(x - mean content) + mean style; unclipped."""
    values, targets = _enter(contents, parameters), _enter(styles, parameters)
    moved = match_moments(values, targets)
    result = colour.SPACES[parameters.space].leave(moved)
    if parameters.linear:
        result = colour.displayed(result)
    return torch.lerp(contents.double(), result, parameters.strength)


def _enter(images: Tensor, parameters: Parameters) -> Tensor:
    colours = images.double()
    if parameters.linear:
        colours = colour.linearised(colours)
    if parameters.space == "ruderman":
        return colour.to_ruderman(colours, parameters.darkest)
    return colour.SPACES[parameters.space].enter(colours)


def match_moments(values: Tensor, targets: Tensor) -> Tensor:
    """Give each channel of (B, C, H, W) the mean and deviation of `targets`, (B, C, h, w).

    A constant channel only moves to the mean: its ratio of deviations is taken as 1.
    """
    mean, target_mean = values.mean((2, 3), True), targets.mean((2, 3), True)
    deviation = values.std((2, 3), correction=0, keepdim=True)
    target = targets.std((2, 3), correction=0, keepdim=True)
    flat = deviation < 1e-12
    ratio = torch.where(flat, 1.0, target / torch.where(flat, 1.0, deviation))
    return ratio * (values - mean) + target_mean


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
    summary="Mean and spread of each channel of a perceptual colour space become the style's.",
)
