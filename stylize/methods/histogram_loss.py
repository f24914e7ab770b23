"""Risser, Wilmot & Barnes 2017: Gram matrices leave the features' histograms open; match them too.

The histograms are matched by ranks, not in bins, and their weight is set once, not rebalanced
while optimising.
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses import gram
from stylize.losses.base import Term
from stylize.losses.histogram import histograms
from stylize.losses.loop import Loop, optimised, pull
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """The style's statistics beside the histograms are plain Gram matrices, as in the paper."""

    style_weight: float = pull(5.0)
    histogram_weight: float = parameter(
        5.0, low=0.0, high=100.0, help="1: the pull of E_style on the content; not in the paper."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Gram matrices and histograms; (B, 3, H, W), unclipped."""
    terms = (
        Term(gram.plain, parameters.style_weight, "Gram", scaled=True),
        Term(histograms, parameters.histogram_weight, "histograms", scaled=True),
    )
    return optimised(contents, styles, terms, parameters, run)


METHOD = Method(
    key="histogram_loss",
    title="Histogram loss (Risser)",
    citation=Citation(
        authors=("Eric Risser", "Pierre Wilmot", "Connelly Barnes"),
        year=2017,
        title="Stable and Controllable Neural Texture Synthesis and Style Transfer Using Histogram Losses",
        venue="arXiv",
        identifier="arXiv:1701.08893",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="Gram matrices, and beside them the histogram of every feature channel.",
)
