"""Mahendran & Vedaldi 2015: total variation, here as a regulariser of style transfer."""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised, style_loss
from stylize.losses.variation import variation
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """The style's weight is 1: E_style of `losses.moments`."""

    variation_weight: float = parameter(
        0.02, low=0.0, high=100.0, help="1: the pull of E_style; neural-style, by VGG: 1e-3."
    )
    exponent: float = parameter(
        2.0, low=2.0, high=4.0, help="Of a pixel's slope; the paper and neural-style: 2."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """E_style and total variation; (B, 3, H, W), unclipped."""
    smooth = variation(parameters.exponent)
    terms = (
        Term(style_loss, 1.0),
        Term(smooth, parameters.variation_weight, "total variation", scaled=True),
    )
    return optimised(contents, styles, terms, parameters, run)


METHOD = Method(
    key="total_variation",
    title="Total variation",
    citation=Citation(
        authors=("Aravindh Mahendran", "Andrea Vedaldi"),
        year=2015,
        title="Understanding Deep Image Representations by Inverting Them",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="10.1109/CVPR.2015.7299155",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="Style transfer that pays for every difference between neighbouring pixels.",
)
