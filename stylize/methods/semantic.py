"""Champandard 2016: patches as in CNN-MRF, matched within the same label of two masks.

The masks count in the match alone, the loss is on the features. Both labels and features are
compared position by position, as in his code. In his doodle mode the content is a mask without a
picture: of the scene's content nothing but the size and the labels is looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised, pull
from stylize.losses.markov import Rule, by_product, check_labels_are_shared, patch_field
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """Of the random field and its masks."""

    doodle: bool = parameter(
        False,
        help="Paint the content's mask and forget its picture: start from noise, without "
        "content_weight, recolour and start; size and labels are all that is kept.",
    )
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
    if parameters.doodle:
        contents = noise_of(styles, contents.shape[2:], run.seed)
        parameters = replace(parameters, content_weight=0.0, recolour=False, start="content")
    term = Term(patch_field(rule), parameters.style_weight, "patches by label", scaled=True)
    return optimised(contents, styles, [term], parameters, run)


def noise_of(styles: Tensor, size: Sequence[int], seed: int) -> Tensor:
    """Pixels of each style drawn at random, (B, 3, *size): noise whose colours need no change.

    The paper starts from uniform noise, which would have its say in the encoder's colours.
    """
    generator = torch.Generator().manual_seed(seed)
    pixels = styles.flatten(2)
    drawn = torch.randint(pixels.shape[2], tuple(size), generator=generator)
    return pixels[:, :, drawn.to(pixels.device)]


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
