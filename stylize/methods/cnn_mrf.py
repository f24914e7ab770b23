"""Li & Wand 2016: every small window of the picture's features resembles a window of the style's.

The match is that of highest normalised correlation. Patches keep what a Gram matrix mixes: whole
eyes, whole strokes. It needs a style of similar shapes, seen alike. In the paper it is done anew
at every evaluation; here every few, so that line searches see one function.

The pyramid's patch layers are coarse and colourless, so that its matches also look at the mean
colours of their cells and carry the finer layers and the picture along; VGG's need neither.
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised, pull
from stylize.losses.markov import Rule, patch_field
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """Of the random field."""

    content_weight: float = parameter(
        0.4, low=0.0, high=10.0, help="Of the content's features; here the style pulls harder."
    )
    grain_weight: float = parameter(
        0.03, low=0.0, high=10.0,
        help="Against more pixel noise than the style's, which the means of matches invite.",
    )  # fmt: skip
    style_weight: float = pull(1.0)
    rematch_every: int = parameter(
        10, low=1, high=1000,
        help="Evaluations between two matchings; the authors' code: 1, which is slower and comes "
        "about as near.",
    )  # fmt: skip
    overlap: str = parameter(
        "mean", choices=("mean", "sum"),
        help="Towards the mean of the windows over a position, as the authors' code, or towards "
        "each, as the paper: they differ at the border.",
    )  # fmt: skip
    rotations: int = parameter(
        0, low=0, high=2, help="Copies of the style turned by 7.5° steps each way; the paper: 2."
    )
    scales: int = parameter(
        0, low=0, high=3, help="Copies of the style resized by 5 % steps each way; the paper: 3."
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
    """Patches + weighted content, gamut and grain; (B, 3, H, W), unclipped."""
    rule = Rule(
        every=parameters.rematch_every,
        overlap=parameters.overlap,
        carry=parameters.carried_weight,
        colour=parameters.colour_in_match,
        rotations=parameters.rotations,
        scales=parameters.scales,
    )
    term = Term(patch_field(rule), parameters.style_weight, "patches", scaled=True)
    return optimised(contents, styles, [term], parameters, run)


METHOD = Method(
    key="cnn_mrf",
    title="CNN-MRF (patches)",
    citation=Citation(
        authors=("Chuan Li", "Michael Wand"),
        year=2016,
        title="Combining Markov Random Fields and Convolutional Neural Networks for Image Synthesis",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="10.1109/CVPR.2016.272",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="Every small piece of the picture is drawn to the most alike piece of the style.",
)
