"""The Gram matrix and its relatives: plain, of shifted maps, mean-subtracted, at several sizes.

Each is its paper's statistic in the loop that all optimising methods share. The layers count in
units of the style's own statistic, and the whole has at the start the gradient of E_style: the
papers' weights belong to their networks.
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses import gram
from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised, pull
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter


@dataclass(frozen=True)
class Parameters(Loop):
    """Of the plain and the mean-subtracted Gram matrix."""

    style_weight: float = pull(5.0)


@dataclass(frozen=True)
class TransformedParameters(Loop):
    """Of the Gram matrices of shifted maps."""

    style_weight: float = pull(5.0)
    shortest_shift: int = parameter(
        4, low=1, high=64, help="In steps of each layer's grid; a known reimplementation: 4."
    )
    shifts: int = parameter(
        2, low=1, high=5, help="Each twice the one before; a known reimplementation: 5 to 2."
    )


@dataclass(frozen=True)
class MultiscaleParameters(Loop):
    """Of the Gram matrices at several sizes."""

    style_weight: float = pull(5.0)
    scales: int = parameter(
        3, low=1, high=5, help="Sizes, each half the one before; the paper names no number."
    )


def plain(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Gram matrices, means and all; (B, 3, H, W), unclipped."""
    term = Term(gram.plain, parameters.style_weight, "Gram", scaled=True)
    return optimised(contents, styles, [term], parameters, run)


def mean_subtracted(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Gram matrices of centred maps; (B, 3, H, W), unclipped."""
    term = Term(gram.mean_subtracted, parameters.style_weight, "mean-subtracted Gram", scaled=True)
    return optimised(contents, styles, [term], parameters, run)


def transformed(
    contents: Tensor, styles: Tensor, parameters: TransformedParameters, run: Run
) -> Tensor:
    """Gram matrices of maps with themselves, shifted; (B, 3, H, W), unclipped."""
    steps = [parameters.shortest_shift * 2**power for power in range(parameters.shifts)]
    prepare = gram.transformed(steps)
    term = Term(prepare, parameters.style_weight, "transformed Gram", scaled=True)
    return optimised(contents, styles, [term], parameters, run)


def multiscale(
    contents: Tensor, styles: Tensor, parameters: MultiscaleParameters, run: Run
) -> Tensor:
    """Gram matrices of the pictures at several sizes; (B, 3, H, W), unclipped."""
    prepare = gram.multiscale([2**power for power in range(parameters.scales)])
    term = Term(prepare, parameters.style_weight, "multi-scale Gram", scaled=True)
    return optimised(contents, styles, [term], parameters, run)


PLAIN = Method(
    key="gram",
    title="Gram matrix, plain (Gatys)",
    citation=Citation(
        authors=("Leon A. Gatys", "Alexander S. Ecker", "Matthias Bethge"),
        year=2015,
        title="A Neural Algorithm of Artistic Style",
        venue="arXiv",
        identifier="arXiv:1508.06576",
    ),
    parameters=Parameters,
    stylize=plain,
    needs=Needs(encoder=True),
    summary="Gatys' formula to the letter, means included: what other losses are compared with.",
)

TRANSFORMED = Method(
    key="transformed_gram",
    title="Transformed Gram (Berger)",
    citation=Citation(
        authors=("Guillaume Berger", "Roland Memisevic"),
        year=2017,
        title="Incorporating Long-Range Consistency in CNN-Based Texture Generation",
        venue="International Conference on Learning Representations (ICLR)",
        identifier="arXiv:1606.01286",
    ),
    parameters=TransformedParameters,
    stylize=transformed,
    needs=Needs(encoder=True),
    summary="Gram matrices of shifted features: patterns that repeat over a distance are kept.",
)

MEAN_SUBTRACTED = Method(
    key="diversified",
    title="Mean-subtracted Gram (Diversified)",
    citation=Citation(
        authors=(
            "Yijun Li",
            "Chen Fang",
            "Jimei Yang",
            "Zhaowen Wang",
            "Xin Lu",
            "Ming-Hsuan Yang",
        ),
        year=2017,
        title="Diversified Texture Synthesis with Feed-forward Networks",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="arXiv:1703.01664",
    ),
    parameters=Parameters,
    stylize=mean_subtracted,
    needs=Needs(encoder=True),
    summary="Gram matrices of features less their means, the loss of the paper's networks.",
)

MULTISCALE = Method(
    key="multiscale_gram",
    title="Multi-scale Gram (Zhang & Dana)",
    citation=Citation(
        authors=("Hang Zhang", "Kristin Dana"),
        year=2017,
        title="Multi-style Generative Network for Real-time Transfer",
        venue="arXiv",
        identifier="arXiv:1703.06953",
    ),
    parameters=MultiscaleParameters,
    stylize=multiscale,
    needs=Needs(encoder=True),
    summary="Gram matrices of the picture at full, half and quarter size at once.",
)
