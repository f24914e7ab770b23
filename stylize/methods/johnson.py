"""Johnson, Alahi & Fei-Fei 2016: perceptual losses, minimised here on the picture itself.

The paper trains a network with them; section 3.2 compares it with this optimisation.
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses import gram
from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised
from stylize.losses.perceptual import perceptual
from stylize.losses.variation import variation
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """Features in place at one layer instead of the loop's content, Gram matrices, variation."""

    content_weight: float = parameter(
        0.0, low=0.0, high=10.0, help="Of the content's features at more layers; not in the paper."
    )
    perceptual_weight: float = parameter(
        0.2, low=0.0, high=10.0, help="Of the features at one layer; the code, by VGG: 1."
    )
    style_weight: float = parameter(
        5.0, low=0.0, high=100.0, help="1: the pull of E_style on the content; the code, by VGG: 5."
    )
    variation_weight: float = parameter(
        0.001, low=0.0, high=100.0, help="1: the pull of E_style; the code, by VGG: 1e-6."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Perceptual, Gram and total variation losses; (B, 3, H, W), unclipped."""
    terms = (
        Term(perceptual, parameters.perceptual_weight),
        Term(gram.plain, parameters.style_weight, "Gram", scaled=True),
        Term(variation(2.0), parameters.variation_weight, "total variation", scaled=True),
    )
    return optimised(contents, styles, terms, parameters, run)


METHOD = Method(
    key="johnson",
    title="Perceptual loss (Johnson)",
    citation=Citation(
        authors=("Justin Johnson", "Alexandre Alahi", "Li Fei-Fei"),
        year=2016,
        title="Perceptual Losses for Real-Time Style Transfer and Super-Resolution",
        venue="European Conference on Computer Vision (ECCV)",
        identifier="arXiv:1603.08155",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="One layer of features holds the content, Gram matrices and total variation do the rest.",
)
