"""Jing et al. 2018: the size of the strokes is that of the style picture the loss looks at.

The paper trains one branch of a network per size and mixes their features; here the statistics
of the sizes are mixed.
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised, pull
from stylize.losses.sizes import at_longest, stroke
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter

SIZES = (0.5, 1.0, 1.5)  # 256, 512 and 768 px of the paper's 512


@dataclass(frozen=True)
class Parameters(Loop):
    """Sizes are in longer sides of the content: of the paper's 512 px."""

    stroke: float = parameter(
        2.0, low=0.0, high=2.0, help="0 fine, 1 middle, 2 broad, as the paper; between them mixed."
    )
    style_weight: float = pull(5.0)


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Statistics of the style at the wanted size; (B, 3, H, W), unclipped."""
    # Here, so that the loop reduces style and content alike and no detail is lost twice.
    largest = at_longest(styles, max(SIZES) * max(contents.shape[2:])).clamp(0, 1)
    prepare = stroke(SIZES, parameters.stroke)
    terms = (Term(prepare, parameters.style_weight, "stroke", scaled=True),)
    return optimised(contents, largest, terms, parameters, run)


METHOD = Method(
    key="stroke",
    title="Stroke size (Jing)",
    citation=Citation(
        authors=(
            "Yongcheng Jing",
            "Yang Liu",
            "Yezhou Yang",
            "Zunlei Feng",
            "Yizhou Yu",
            "Dacheng Tao",
            "Mingli Song",
        ),
        year=2018,
        title="Stroke Controllable Fast Style Transfer with Adaptive Receptive Fields",
        venue="European Conference on Computer Vision (ECCV)",
        identifier="arXiv:1802.07101",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="The width of the strokes is a control: the style is looked at in another size.",
)
