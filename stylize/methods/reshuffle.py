"""Gu, Chen, Liao & Yuan 2018: patches as in CNN-MRF, each of the style's used about equally often.

The paper moves features and decodes them; here they are the targets of a picture that is
optimised. Where every piece is used exactly once, the picture has the style's Gram matrix: the
bridge from patches to statistics.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised, pull
from stylize.losses.markov import SIZE, Rule, patch_field
from stylize.losses.reshuffle import ROUNDS, evenly_used, exactly_shared
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """Of the matches and their usage."""

    content_weight: float = parameter(
        0.4, low=0.0, high=10.0, help="Of the content's features; here the style pulls harder."
    )
    grain_weight: float = parameter(
        0.03, low=0.0, high=10.0,
        help="Against more pixel noise than the style's, which the means of matches invite.",
    )  # fmt: skip
    style_weight: float = pull(1.0)
    usage_weight: float = parameter(
        0.05, low=0.0, high=10.0,
        help="Cost of a piece as often used as usual, in correlation; the authors' code: 0.05.",
    )  # fmt: skip
    rounds: int = parameter(
        ROUNDS, low=1, high=50, help="Of matching, each with the usage so far; the code: 5."
    )
    usage: str = parameter(
        "penalty", choices=("penalty", "exact"),
        help="Exact: no piece oftener than needed; its time grows with the cube of the area.",
    )  # fmt: skip
    rematch_every: int = parameter(
        20, low=1, high=1000, help="Evaluations between two matchings; not in the paper."
    )
    carried_weight: float = parameter(
        1.0, low=0.0, high=10.0,
        help="Of finer layers and pixels that follow the matches; the code reshuffles them too.",
    )  # fmt: skip
    colour_in_match: float = parameter(
        1.0, low=0.0, high=10.0,
        help="Energy of the cells' colours beside the features' in the match; the paper: 0.",
    )  # fmt: skip


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Evenly used patches + weighted content, gamut and grain; (B, 3, H, W), unclipped."""

    def match(wanted: Tensor, offered: Sequence[Tensor]) -> Tensor:
        if parameters.usage == "exact":
            return exactly_shared(wanted, offered, SIZE)
        return evenly_used(wanted, offered, SIZE, parameters.usage_weight, parameters.rounds)

    rule = Rule(
        every=parameters.rematch_every,
        carry=parameters.carried_weight,
        colour=parameters.colour_in_match,
        match=match,
    )
    term = Term(patch_field(rule), parameters.style_weight, "evenly used patches", scaled=True)
    return optimised(contents, styles, [term], parameters, run)


METHOD = Method(
    key="reshuffle",
    title="Feature reshuffle",
    citation=Citation(
        authors=("Shuyang Gu", "Congliang Chen", "Jing Liao", "Lu Yuan"),
        year=2018,
        title="Arbitrary Style Transfer with Deep Feature Reshuffle",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="10.1109/CVPR.2018.00858",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="Pieces of the style are rearranged, each used about equally often.",
)
