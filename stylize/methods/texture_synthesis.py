"""Gatys, Ecker & Bethge 2015: optimise noise until it has the statistics of a texture.

The paper's Gram matrices of VGG-19 became E_style of `losses.moments`, centred covariances within
and between scales, and the distribution of colours; its single resolution became coarse to fine;
its white noise became the texture's own pixels, shuffled.
Box bounds, which the authors' code has, became the loss against values that cannot be shown.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.losses.base import Loss, Sight, Term
from stylize.losses.histogram import quantile_loss, quantile_targets
from stylize.losses.loop import Loop, optimised, style_loss
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.optimize import OPTIMIZERS
from stylize.solvers.transport import match_1d


@dataclass(frozen=True)
class Parameters:
    """There is no content, so `losses.loop.Loop` would offer too much."""

    quantile_weight: float = parameter(
        0.04, low=0.0, high=10.0, help="Of the texture's colour distribution; not in the paper."
    )
    gamut_weight: float = parameter(
        20.0, low=0.0, high=1e4, help="Against values that cannot be shown; authors' code: bounds."
    )
    grain_weight: float = parameter(
        0.005, low=0.0, high=10.0, help="Against more pixel noise than the texture's; not in it."
    )
    match_histogram: bool = parameter(
        False,
        help="Match every channel to the texture's at the end; authors' code: yes, paper: no.",
    )
    coarse_evaluations: int = parameter(
        150, low=0, high=5000, help="At the coarsest size; authors' code: 2000 at the only one."
    )
    fine_evaluations: int = parameter(60, low=0, high=5000, help="At every finer size; ours.")
    optimizer: str = parameter("lbfgs", choices=OPTIMIZERS, help="Authors' code: L-BFGS-B.")
    history: int = parameter(30, low=1, high=200, help="Pairs that L-BFGS keeps; theirs: 20.")


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """As many pixels of the style's texture as the content has; (B, 3, H, W), unclipped."""
    loop = Loop(
        content_weight=0.0,
        gamut_weight=parameters.gamut_weight,
        grain_weight=parameters.grain_weight,
        recolour=False,
        start="content",
        coarse_evaluations=parameters.coarse_evaluations,
        fine_evaluations=parameters.fine_evaluations,
        optimizer=parameters.optimizer,
        history=parameters.history,
    )
    terms = (Term(style_loss, 1.0), Term(_quantiles, parameters.quantile_weight))
    begin = shuffled(styles, contents.shape[2], contents.shape[3], run.seed)
    made = optimised(begin, styles, terms, loop, run)
    return histogram_matched(made, styles) if parameters.match_histogram else made


def shuffled(textures: Tensor, height: int, width: int, seed: int) -> Tensor:
    """The start: pixels of the textures drawn at random, noise that has their colours.

    Args:
        textures: (B, 3, h, w).

    Returns:
        (B, 3, height, width).
    """
    generator = torch.Generator().manual_seed(seed)
    count = textures.shape[2] * textures.shape[3]
    drawn = torch.randint(count, (height * width,), generator=generator).to(textures.device)
    return textures.flatten(2)[..., drawn].reshape(*textures.shape[:2], height, width)


def histogram_matched(images: Tensor, textures: Tensor) -> Tensor:
    """Give every channel the texture's distribution, exactly where the authors' code has 100 bins.

    Args:
        images: (B, 3, H, W) floats.
        textures: (B, 3, h, w) floats.

    Returns:
        (B, 3, H, W); with equal sizes and no ties, the texture's values in another order.
    """
    matched = match_1d(images.flatten(2).double(), textures.flatten(2).double())
    return matched.to(torch.float32).reshape(images.shape)


def _quantiles(sight: Sight) -> Loss:
    colours = quantile_targets(sight.style[0], sight.content[0, 0].numel())
    return lambda planes, features: quantile_loss(planes[0], colours)


METHOD = Method(
    key="texture_synthesis",
    title="Texture synthesis (Gatys)",
    citation=Citation(
        authors=("Leon A. Gatys", "Alexander S. Ecker", "Matthias Bethge"),
        year=2015,
        title="Texture Synthesis Using Convolutional Neural Networks",
        venue="Advances in Neural Information Processing Systems (NeurIPS)",
        identifier="arXiv:1505.07376",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="The style's texture is made anew from noise; of the content only the size counts.",
)
