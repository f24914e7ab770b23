"""Gatys, Ecker & Bethge 2016: optimise a picture that has the content's structure, the style's
statistics.

The paper's Gram matrices of VGG-19 became centred covariances within and between the scales of
the encoder, which the weightless `pyramid` needs (Brochard, Zhang & Mallat 2022); its noise start
became the content (as in the authors' later code), its single resolution coarse to fine (as in
Gatys et al. 2017).
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from stylize import encoders
from stylize.encoders.base import Encoder, names
from stylize.losses.gamut import gamut_loss
from stylize.losses.grain import alternation, grain_loss
from stylize.losses.histogram import quantile_loss, quantile_targets
from stylize.losses.moments import relative_error, style_terms, terms_of
from stylize.methods.base import MIN_CONTENT_SIDE, Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import mean_and_covariance
from stylize.solvers.optimize import minimise
from stylize.solvers.transport import linear_map

COARSEST = 192  # px: the longer side is halved until it is no more


@dataclass(frozen=True)
class Parameters:
    """Weights are of relative errors, so they do not compare with the paper's α and β."""

    content_weight: float = parameter(
        0.03, low=0.0, high=10.0, help="Of the content's features; 0.01 keeps little, 0.3 much."
    )
    quantile_weight: float = parameter(
        0.04, low=0.0, high=10.0, help="Of the style's colour distribution; not in the paper."
    )
    gamut_weight: float = parameter(
        20.0, low=0.0, high=1e4, help="Against values that cannot be shown; not in the paper."
    )
    grain_weight: float = parameter(
        0.005,
        low=0.0,
        high=10.0,
        help="Against more pixel noise than the style's; not in the paper.",
    )
    recolour: bool = parameter(
        True,
        help="Hold the content against itself in the style's colours; the paper: against itself.",
    )
    coarse_evaluations: int = parameter(
        120, low=0, high=5000, help="At the coarsest size; the authors' code: 500."
    )
    fine_evaluations: int = parameter(
        40, low=0, high=5000, help="At every finer size; the authors' code: 200."
    )
    history: int = parameter(30, low=1, high=200, help="Pairs that L-BFGS keeps.")


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Optimise each picture on its own; (B, 3, H, W), unclipped."""
    encoder = encoders.get(run.encoder, run.device)
    results = []
    for index in range(len(contents)):
        part = run.part(index / len(contents), (index + 1) / len(contents))
        content, style = contents[index : index + 1], styles[index : index + 1]
        results.append(coarse_to_fine(encoder, content, style, parameters, part))
    return torch.cat(results)


def coarse_to_fine(
    encoder: Encoder, content: Tensor, style: Tensor, parameters: Parameters, run: Run
) -> Tensor:
    """One picture: solve small, enlarge, refine. Returns (1, 3, H, W), unclipped."""
    factors = _factors(content.shape[2], content.shape[3])
    budgets = [parameters.coarse_evaluations] + [parameters.fine_evaluations] * (len(factors) - 1)
    costs = [count / factor**2 for count, factor in zip(budgets, factors, strict=True)]
    result, done = None, 0.0
    for factor, budget, cost in zip(factors, budgets, costs, strict=True):
        small, small_style = _reduced(content, factor), _reduced(style, factor)
        fitted = encoder.fitted(small, small_style)
        target = _recoloured(fitted, small, small_style) if parameters.recolour else small
        start = target if result is None else _resized(result, target)
        end = done + cost / max(sum(costs), 1e-9)
        part = run.part(done, min(1.0, end))
        result = _solve(fitted, start, target, small_style, parameters, budget, part)
        done = end
    return content if result is None else result


def _factors(height: int, width: int) -> list[int]:
    """By how much to reduce, coarsest first: powers of 2, the short side staying usable."""
    factors = [1]
    while max(height, width) / factors[0] > COARSEST:
        if min(height, width) / (2 * factors[0]) < 2 * MIN_CONTENT_SIDE:
            break
        factors.insert(0, 2 * factors[0])
    return factors


def _reduced(images: Tensor, factor: int) -> Tensor:
    if factor == 1:
        return images
    size = [max(1, round(side / factor)) for side in images.shape[2:]]
    small = functional.interpolate(images, size=size, mode="bicubic", antialias=True)
    return small.clamp(0, 1)


def _resized(images: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(images, size=like.shape[2:], mode="bicubic")


def _recoloured(encoder: Encoder, content: Tensor, style: Tensor) -> Tensor:
    """The content with the style's mean and covariance of colours (Gatys et al. 2017, reversed)."""
    planes = encoder.enter(content)
    values = planes.double().flatten(2)
    mean, covariance = mean_and_covariance(values)
    style_mean, style_covariance = mean_and_covariance(encoder.enter(style).double().flatten(2))
    moved = linear_map(covariance, style_covariance) @ (values - mean) + style_mean
    return encoder.leave(moved.to(planes.dtype).reshape(planes.shape))


def _solve(
    encoder: Encoder, start: Tensor, content: Tensor, style: Tensor, parameters: Parameters,
    evaluations: int, run: Run,
) -> Tensor:  # fmt: skip
    """One size: E_style + weighted quantiles, excess over [0, 1], grain and E_content."""
    content_planes, style_planes = encoder.enter(content), encoder.enter(style)
    layers = names(encoder, "content", *content.shape[2:])
    with torch.no_grad():
        wanted = style_terms(encoder, style_planes)
        features = encoder.features(content_planes)
        kept = [features[layer] for layer in layers]
        colours = quantile_targets(style_planes.squeeze(0), content[0, 0].numel())
        most = alternation(style_planes)

    def loss(planes: Tensor) -> Tensor:
        features = encoder.features(planes)
        style_loss = relative_error(terms_of(encoder, features, planes), wanted)
        content_loss = relative_error([features[layer] for layer in layers], kept)
        return (
            style_loss
            + parameters.quantile_weight * quantile_loss(planes.squeeze(0), colours)
            + parameters.gamut_weight * gamut_loss(encoder.leave(planes))
            + parameters.grain_weight * grain_loss(planes, most)
            + parameters.content_weight * content_loss
        )

    best = minimise(loss, encoder.enter(start), evaluations, run, parameters.history)
    return encoder.leave(best)


METHOD = Method(
    key="gatys",
    title="Gatys",
    citation=Citation(
        authors=("Leon A. Gatys", "Alexander S. Ecker", "Matthias Bethge"),
        year=2016,
        title="Image Style Transfer Using Convolutional Neural Networks",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="10.1109/CVPR.2016.265",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="A picture is optimised until it has the content's structure and the style's texture.",
)
