"""Gatys, Ecker & Bethge 2016: optimise a picture that has the content's structure, the style's
statistics; with the controls of Gatys et al. 2017 over colour, space and scale.

The paper's Gram matrices of VGG-19 became centred covariances within and between the scales of
the encoder, which the weightless `pyramid` needs (Brochard, Zhang & Mallat 2022); its noise start
became the content (as in the authors' later code), its single resolution coarse to fine (as in
Gatys et al. 2017).
"""

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from stylize.imaging import resize_labels
from stylize.losses.base import Loss, Sight, Term
from stylize.losses.guidance import (
    MOST_STYLES,
    PROPAGATIONS,
    guided_quantile_loss,
    guided_style_loss,
    note_masks,
    shares,
)
from stylize.losses.histogram import quantile_loss, quantile_targets
from stylize.losses.loop import Loop, optimised, style_loss
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.coarse_to_fine import resized
from stylize.solvers.colour import YIQ, mean_and_covariance, symmetric_power

RIDGE = 1e-5  # on colour covariances, as in the authors' match_color
FINE_LAYERS = 2  # finest style layers that are the fine scale


@dataclass(frozen=True)
class Parameters(Loop):
    """The style's weight is 1: E_style of `losses.moments`."""

    quantile_weight: float = parameter(
        0.04, low=0.0, high=10.0, help="Of the style's colour distribution; not in the paper."
    )
    colour: str = parameter(
        "style",
        choices=("style", "luminance", "match"),
        help="Colours of the style, or of the content: by luminance-only transfer, or by matching "
        "the style's colours to them first (Gatys et al. 2017, section 5).",
    )
    propagation: str = parameter(
        "simple",
        choices=PROPAGATIONS,
        help="Of masks to the layers: their share in a cell, or only cells whose filters look at "
        "nothing else (Gatys et al. 2017, section 4).",
    )
    several: str = parameter(
        "average",
        choices=("average", "scales"),
        help="Further styles are averaged with the first, or one gives it its fine scale "
        "(Gatys et al. 2017, section 6).",
    )
    style_weights: str = parameter(
        "",
        help='Of averaged styles, as "3, 1"; empty: all equal. Only their ratios count, in a region of '
        "the masks among the styles that have its label, whole styles without a mask included.",
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """E_style + weighted quantiles, content, gamut and grain; (B, 3, H, W), unclipped."""
    note_masks(run)
    results = []
    for index in range(len(contents)):
        part = run.part(index / len(contents), (index + 1) / len(contents))
        pair = contents[index : index + 1], styles[index : index + 1]
        results.append(_stylized(*pair, parameters, part))
    return torch.cat(results)


def _stylized(content: Tensor, style: Tensor, parameters: Parameters, run: Run) -> Tensor:
    smallest = min(*content.shape[2:], *style.shape[2:])
    exemplars = [torch.from_numpy(each)[None].to(style) for each in run.guides.exemplars]
    pictures = [style, *(at_least(each, smallest) for each in exemplars)]
    painted = content
    if parameters.colour == "match":
        pictures = [colour_matched(each, content) for each in pictures]
    elif parameters.colour == "luminance":
        painted = luminance(content).expand_as(content)
        pictures = [luminance_matched(each, content) for each in pictures]
    if parameters.several == "scales" and len(pictures) > 1:
        pictures = [with_fine_scale(*pictures, parameters=parameters, run=run.part(0.0, 0.5))]
        run = run.part(0.5, 1.0)
    result = _optimised(painted, pictures, parameters, run)
    if parameters.colour == "luminance":
        result = content + (result.mean(1, keepdim=True) - luminance(content))
    return result


def _optimised(content: Tensor, styles: list[Tensor], parameters: Parameters, run: Run) -> Tensor:
    weights = shares(parameters.style_weights, len(styles))
    more = styles[1:]
    maps = [
        None if labels is None else resize_labels(labels, *picture.shape[2:])
        for labels, picture in zip(run.guides.exemplar_labels, more, strict=False)
    ]
    guides = replace(
        run.guides,
        exemplars=tuple(each[0].cpu().numpy() for each in more),
        exemplar_labels=tuple(maps),
    )
    run = replace(run, guides=guides)
    if guides.content_labels is None and not more:
        terms = (Term(style_loss, 1.0), Term(_quantiles, parameters.quantile_weight))
        return optimised(content, styles[0], terms, parameters, run)
    terms = (
        Term(partial(guided_style_loss, weights=weights, propagation=parameters.propagation), 1.0),
        Term(partial(guided_quantile_loss, weights=weights), parameters.quantile_weight),
    )
    return optimised(content, styles[0], terms, parameters, run, weights=weights)


def _quantiles(sight: Sight) -> Loss:
    colours = quantile_targets(sight.style[0], sight.content[0, 0].numel())
    return lambda planes, features: quantile_loss(planes[0], colours)


def with_fine_scale(
    coarse: Tensor, fine: Tensor, *others: Tensor, parameters: Parameters, run: Run
) -> Tensor:
    """The style picture `coarse` with the fine scale of another one, as a new style picture.

    Args:
        coarse, fine: (1, 3, h, w) and (1, 3, ·, ·) sRGB in [0, 1].
        others: must be none.
        parameters: of the optimisation; `coarse` is its content.

    Returns:
        Like `coarse`.

    Raises:
        ValueError: when there are others.
    """
    if others:
        raise ValueError(f"styles: came {2 + len(others)}, must be 2 for several = scales")
    run = replace(run, guides=type(run.guides)())
    terms = (Term(partial(guided_style_loss, weights=(1.0,), finest=FINE_LAYERS), 1.0),)
    made = optimised(coarse, fine, terms, replace(parameters, recolour=False, start="content"), run)
    return made.clamp(0, 1)


def at_least(images: Tensor, shortest: int) -> Tensor:
    """(1, 3, h, w), enlarged until its short side has `shortest` px: an encoder's scales fit it."""
    factor = shortest / min(images.shape[2:])
    if factor <= 1:
        return images
    return resized(images, *(max(shortest, round(s * factor)) for s in images.shape[2:])).clamp(
        0, 1
    )


def luminance(images: Tensor) -> Tensor:
    """Y of YIQ, (B, 1, H, W)."""
    return (images * images.new_tensor(YIQ[0])[:, None, None]).sum(1, keepdim=True)


def luminance_matched(style: Tensor, content: Tensor) -> Tensor:
    """The style in grey, with the content's mean and deviation of luminance; clipped to [0, 1].

    Gatys et al. 2017, section 5.1.
    """
    here, there = luminance(style), luminance(content)
    ratio = there.std(correction=0) / here.std(correction=0).clamp(min=1e-6)
    return (ratio * (here - here.mean()) + there.mean()).clamp(0, 1).expand_as(style)


def colour_matched(style: Tensor, content: Tensor) -> Tensor:
    """The style with the content's mean and covariance of colours; clipped to [0, 1].

    Gatys et al. 2017, section 5.2, by symmetric roots (`pca` in the authors' code).
    """
    values = style.double().flatten(2)
    mean, covariance = mean_and_covariance(values)
    target_mean, target = mean_and_covariance(content.double().flatten(2))
    ridge = RIDGE * torch.eye(3, dtype=torch.float64, device=style.device)
    none = torch.zeros(1, dtype=torch.float64, device=style.device)
    root = symmetric_power(target + ridge, 0.5, none)
    matrix = root @ symmetric_power(covariance + ridge, -0.5, none + RIDGE)
    moved = matrix @ (values - mean) + target_mean
    return moved.reshape(style.shape).clamp(0, 1).to(style.dtype)


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
    needs=Needs(encoder=True, guided=True, styles=MOST_STYLES),
    summary="A picture is optimised until it has the content's structure and the style's texture.",
)
