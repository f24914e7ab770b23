"""Gatys, Ecker & Bethge 2016: optimise a picture that has the content's structure, the style's
statistics.

The paper's Gram matrices of VGG-19 became centred covariances within and between the scales of
the encoder, which the weightless `pyramid` needs (Brochard, Zhang & Mallat 2022); its noise start
became the content (as in the authors' later code), its single resolution coarse to fine (as in
Gatys et al. 2017).
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses.base import Loss, Sight, Term
from stylize.losses.histogram import quantile_loss, quantile_targets
from stylize.losses.loop import Loop, optimised, style_loss
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """The style's weight is 1: E_style of `losses.moments`."""

    quantile_weight: float = parameter(
        0.04, low=0.0, high=10.0, help="Of the style's colour distribution; not in the paper."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """E_style + weighted quantiles, content, gamut and grain; (B, 3, H, W), unclipped."""
    terms = (Term(style_loss, 1.0), Term(_quantiles, parameters.quantile_weight))
    return optimised(contents, styles, terms, parameters, run)


def _quantiles(sight: Sight) -> Loss:
    colours = quantile_targets(sight.style[0], sight.content[0, 0].numel())
    return lambda planes, features: quantile_loss(planes[0], colours)


METHOD = Method(
    key="gatys",
    title="Gatys",
    citation=Citation(
        authors=("Leon A. Gatys", "Alexander S. Ecker", "Matthias Bethge"),
        year=2016,
        title="Image Style Transfer Using Convolutional Neural Networks",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="10.1109/CVPR.2016.265",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="A picture is optimised until it has the content's structure and the style's texture.",
)
