"""Champandard 2016: patches as in CNN-MRF, matched within the same label of two masks.

The masks count in the match alone, the loss is on the features. Both labels and features are
compared position by position, as in his code. His doodle mode, where the content is a mask
without a picture, is not offered: a scene has a content.
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised, pull
from stylize.losses.markov import Rule, by_product, check_labels_are_shared, patch_field
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """Of the random field and its masks."""

    content_weight: float = parameter(
        0.4, low=0.0, high=10.0, help="Of the content's features; here the style pulls harder."
    )
    grain_weight: float = parameter(
        0.03, low=0.0, high=10.0,
        help="Against more pixel noise than the style's, which the means of matches invite.",
    )  # fmt: skip
    style_weight: float = pull(1.0)
    semantic_weight: float = parameter(
        10.0, low=0.0, high=100.0,
        help="Of the masks in the match; above 1 the label decides; the code: 10.",
    )  # fmt: skip
    rematch_every: int = parameter(
        10, low=1, high=1000, help="Evaluations between two matchings; the author's code: 1."
    )
    carried_weight: float = parameter(
        1.0, low=0.0, high=10.0,
        help="Of finer layers and pixels that follow the matches; the paper, on VGG: 0.",
    )  # fmt: skip
    colour_in_match: float = parameter(
        1.0, low=0.0, high=10.0,
        help="Energy of the cells' colours beside the features' in the match; the paper: 0.",
    )  # fmt: skip


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Patches of equal labels + weighted content, gamut and grain; (B, 3, H, W), unclipped."""
    check_labels_are_shared(run.guides)
    rule = Rule(
        every=parameters.rematch_every,
        overlap="sum",
        carry=parameters.carried_weight,
        colour=parameters.colour_in_match,
        match=by_product,
        label_weight=parameters.semantic_weight,
    )
    term = Term(patch_field(rule), parameters.style_weight, "patches by label", scaled=True)
    return optimised(contents, styles, [term], parameters, run)


METHOD = Method(
    key="semantic",
    title="Semantic style transfer (neural doodle)",
    citation=Citation(
        authors=("Alex J. Champandard",),
        year=2016,
        title="Semantic Style Transfer and Turning Two-Bit Doodles into Fine Artworks",
        venue="arXiv",
        identifier="arXiv:1603.01768",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True, masks=True),
    summary="Every region of the content takes its pieces from the style's region of that label.",
)
