"""Li, Xu, Nie & Chua 2017 (Lapstyle): style transfer that keeps the content's Laplacian."""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.laplacian import edges
from stylize.losses.loop import Loop, optimised, style_loss
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """The style's weight is 1: E_style of `losses.moments`, where the paper has Gram matrices."""

    laplacian_weight: float = parameter(
        0.02, low=0.0, high=100.0, help="Of the content's Laplacian; the code, by VGG: 100, 1600."
    )
    pool: int = parameter(4, low=1, high=64, help="px averaged first; the code: 4.")
    second_pool: int = parameter(
        16, low=0, high=64, help="px of a second Laplacian, 0 for none; the code: 16."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """E_style and Laplacians; (B, 3, H, W), unclipped."""
    pools = [pool for pool in (parameters.pool, parameters.second_pool) if pool > 0]
    terms = (Term(style_loss, 1.0), Term(edges(pools), parameters.laplacian_weight))
    return optimised(contents, styles, terms, parameters, run)


METHOD = Method(
    key="lapstyle",
    title="Laplacian loss (Lapstyle)",
    citation=Citation(
        authors=("Shaohua Li", "Xinxing Xu", "Liqiang Nie", "Tat-Seng Chua"),
        year=2017,
        title="Laplacian-Steered Neural Style Transfer",
        venue="ACM Multimedia",
        identifier="arXiv:1707.01253",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="The content's edges, as a Laplacian sees them, are kept while the style comes in.",
)
