"""Li, Wang, Liu & Hou 2017: style is a distribution of features, style transfer its matching.

Three kernels of the maximum mean discrepancy, and batch normalisation's statistics. The layers
count in units of the style's own statistic, and the whole has at the start the gradient of
E_style: the paper's weights belong to its network. The Gaussian kernel is estimated by random
frequencies (Rahimi & Recht 2007), not by the authors' random pairs: as fast, and smooth.
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses import mmd, normalisation
from stylize.losses.base import Prepare, Term
from stylize.losses.loop import Loop, optimised, pull
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter

CITATION = Citation(
    authors=("Yanghao Li", "Naiyan Wang", "Jiaying Liu", "Xiaodi Hou"),
    year=2017,
    title="Demystifying Neural Style Transfer",
    venue="International Joint Conference on Artificial Intelligence (IJCAI)",
    identifier="arXiv:1701.01036",
)


@dataclass(frozen=True)
class Parameters(Loop):
    """Of the linear kernel and of batch normalisation's statistics."""

    style_weight: float = pull(5.0)


@dataclass(frozen=True)
class PolynomialParameters(Loop):
    """Of the polynomial kernel (a·b + c)²."""

    style_weight: float = pull(5.0)
    offset: float = parameter(
        0.0,
        low=0.0,
        high=10.0,
        help="c, in mean squared lengths of a feature; the paper's code: 0.",
    )


@dataclass(frozen=True)
class GaussianParameters(Loop):
    """Of the Gaussian kernel."""

    style_weight: float = pull(5.0)
    width: float = parameter(
        1.0, low=0.1, high=10.0, help="Of the kernel, in root mean squared distances, as the code."
    )
    frequencies: int = parameter(
        128, low=16, high=1024, help="Random ones that estimate the kernel; not in the paper."
    )


def linear(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Means; (B, 3, H, W), unclipped."""
    return _matched(mmd.linear, "linear MMD", contents, styles, parameters, run)


def polynomial(
    contents: Tensor, styles: Tensor, parameters: PolynomialParameters, run: Run
) -> Tensor:
    """Second moments, and means as much as `offset` says; (B, 3, H, W), unclipped."""
    prepare = mmd.polynomial(parameters.offset)
    return _matched(prepare, "polynomial MMD", contents, styles, parameters, run)


def gaussian(contents: Tensor, styles: Tensor, parameters: GaussianParameters, run: Run) -> Tensor:
    """Whole distributions; (B, 3, H, W), unclipped."""
    prepare = mmd.gaussian(parameters.width, parameters.frequencies)
    return _matched(prepare, "Gaussian MMD", contents, styles, parameters, run)


def statistics(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Mean and deviation of every channel; (B, 3, H, W), unclipped."""
    prepare = normalisation.statistics
    return _matched(prepare, "BN statistics", contents, styles, parameters, run)


def _matched(
    prepare: Prepare, name: str, contents: Tensor, styles: Tensor,
    parameters: Parameters | PolynomialParameters | GaussianParameters, run: Run,
) -> Tensor:  # fmt: skip
    term = Term(prepare, parameters.style_weight, name, scaled=True)
    return optimised(contents, styles, [term], parameters, run)


LINEAR = Method(
    key="mmd_linear",
    title="MMD, linear kernel",
    citation=CITATION,
    parameters=Parameters,
    stylize=linear,
    needs=Needs(encoder=True),
    summary="Only the mean of every feature channel is matched.",
)

POLYNOMIAL = Method(
    key="mmd_polynomial",
    title="MMD, polynomial kernel",
    citation=CITATION,
    parameters=PolynomialParameters,
    stylize=polynomial,
    needs=Needs(encoder=True),
    summary="Second moments of the features: with offset 0 the same as plain Gram matrices.",
)

GAUSSIAN = Method(
    key="mmd_gaussian",
    title="MMD, Gaussian kernel",
    citation=CITATION,
    parameters=GaussianParameters,
    stylize=gaussian,
    needs=Needs(encoder=True),
    summary="The whole distribution of the features is matched, not only its first moments.",
)

STATISTICS = Method(
    key="bn_statistics",
    title="BN statistics",
    citation=CITATION,
    parameters=Parameters,
    stylize=statistics,
    needs=Needs(encoder=True),
    summary="Mean and deviation of every feature channel are matched, no two channels together.",
)
