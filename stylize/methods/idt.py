"""Pitié, Kokaram & Dahyot 2005 and 2007: transfer of the whole colour distribution, then regrain.

Both clouds of colours are projected on random axes again and again, and matched axis by axis;
the grain that this leaves is taken out by giving the result the content's gradients.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.losses.guidance import paired_masks
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import space_for
from stylize.solvers.recolour import Recolour, covered, recoloured
from stylize.solvers.regrain import regrain
from stylize.solvers.transport import match_1d, match_1d_bins

# The authors' axes (colour_transfer_IDT.m): unit rows, and the columns have A^T A = 2.
AXES = (
    (1.0, 0.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.0, 0.0, 1.0),
    (2 / 3, 2 / 3, -1 / 3),
    (2 / 3, -1 / 3, 2 / 3),
    (-1 / 3, 2 / 3, 2 / 3),
)


@dataclass(frozen=True)
class Parameters(Recolour):
    """Defaults of the authors' demo, but for the matching of one axis."""

    iterations: int = parameter(
        10, low=1, high=100, help="10 in the authors' demo, up to 20 in the paper's figures."
    )
    match: str = parameter(
        "sort",
        choices=("sort", "bins"),
        help="One axis: exact quantiles (sort), or 300-bin histograms as in the authors' code.",
    )
    relaxation: float = parameter(1.0, low=0.01, high=1.0, help="Step; 1 in the authors' code.")
    regrain: bool = parameter(True, help="Give the result the content's gradients.")
    smoothness: float = parameter(
        1.0, low=0.0, high=100.0, help="Of the regraining; 1 in the authors' code."
    )
    regrain_init: str = parameter(
        "correction",
        choices=("correction", "authors"),
        help="What coarse levels hand on; the authors' way softens edges.",
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Transfer each pair's colour distribution, regrain; (B, 3, H, W), unclipped."""

    def move(values: Tensor, targets: Tensor, part: Run) -> Tensor:
        return transfer(values[0], targets[0], parameters, part)[None]

    space, masks = space_for("rgb", parameters.channels), paired_masks(run)
    result = recoloured(contents, styles, space, parameters.channels, masks, move, run)
    if parameters.regrain:
        result = regrain(contents.double(), result, parameters.smoothness, parameters.regrain_init)
        result = torch.where(covered(contents, masks), result, contents.double())
    return torch.lerp(contents.double(), result, parameters.strength)


def transfer(cloud: Tensor, target: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Iterative distribution transfer of (C, N) float64 towards (C, M) float64.

    Colours (C = 3) are matched on the authors' axes, luminance (C = 1) on itself.

    The axes of every picture come from `run.seed` alone, whatever batch it is in.
    """
    generator = torch.Generator().manual_seed(run.seed)
    axes = torch.tensor(AXES if len(cloud) == 3 else ((1.0,),), dtype=torch.float64)
    for iteration in range(parameters.iterations):
        turned = axes
        if iteration:
            random = torch.randn(len(cloud), len(cloud), generator=generator, dtype=torch.float64)
            turned = axes @ torch.linalg.qr(random).Q
        turned = turned.to(cloud.device)
        here, there = turned @ cloud, turned @ target
        step = _matched(here, there, parameters) - here
        cloud = cloud + parameters.relaxation * (torch.linalg.pinv(turned) @ step)
        run.progress((iteration + 1) / parameters.iterations)
    return cloud


def _matched(here: Tensor, there: Tensor, parameters: Parameters) -> Tensor:
    if parameters.match == "sort":
        return match_1d(here, there)
    pairs = zip(here, there, strict=True)
    return torch.stack([match_1d_bins(one, other, bins=300) for one, other in pairs])


METHOD = Method(
    key="idt",
    title="IDT + regrain",
    citation=Citation(
        authors=("François Pitié", "Anil Kokaram", "Rozenn Dahyot"),
        year=2007,
        title="Automated colour grading using colour distribution transfer",
        venue="Computer Vision and Image Understanding 107(1–2):123–137",
        identifier="10.1016/j.cviu.2006.11.011",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(guided=True),
    summary="The whole distribution of colours becomes the style's; the content's grain is kept.",
)
