"""Luan, Paris, Shechtman & Bala 2017: style transfer whose result stays a photograph.

Two stages as in the authors' code: the style of each region, then the same with a penalty on
whatever is no locally affine recolouring of the content. Two things that their VGG-19 sees and the
weightless `pyramid` does not are added: the regions' distributions of colour, and as the start (and
what the content is held against) the content in the colours of each region's pair.
"""

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from stylize.losses.augmented import style_of_regions
from stylize.losses.base import Loss, Sight, Term
from stylize.losses.guidance import guided_quantile_loss, paired_masks
from stylize.losses.layers import maps_of
from stylize.losses.loop import COARSEST, Loop, optimised
from stylize.losses.matting import matting_energy, matting_laplacian
from stylize.losses.moments import relative_error
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.colour import mean_and_covariance, space_for
from stylize.solvers.guided import guided
from stylize.solvers.recolour import Masks, recoloured
from stylize.solvers.transport import linear_map


@dataclass(frozen=True)
class Parameters(Loop):
    """The style's weight is 1, of a relative error, so Γ = 100 of the paper does not compare."""

    content_weight: float = parameter(
        0.1, low=0.0, high=10.0, help="Of the content's features, relative to the style's."
    )
    photorealism_weight: float = parameter(
        3000.0, low=0.0, high=1e8, help="λ, of the energy per pixel; the paper: 1e4 of its sum."
    )
    quantile_weight: float = parameter(
        0.3, low=0.0, high=10.0, help="Of the regions' colour distributions; not in the paper."
    )
    refined: bool = parameter(
        True,
        help="Last, replace the result by affine maps of the content's colours in windows "
        "(guided filter); the authors' code fits and smooths such maps likewise.",
    )
    refine_radius: int = parameter(
        4, low=1, high=100, help="Of those windows in px; the authors' code: 7."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Both stages and the refinement; (B, 3, H, W), unclipped. Other labels keep the content."""
    masks = paired_masks(run)
    results = []
    for index in range(len(contents)):
        part = run.part(index / len(contents), (index + 1) / len(contents))
        pair = contents[index : index + 1], styles[index : index + 1]
        results.append(_stylized(*pair, masks, parameters, part))
    return torch.cat(results)


def _stylized(
    content: Tensor, style: Tensor, masks: Masks | None, parameters: Parameters, run: Run
) -> Tensor:
    start = _recoloured(content, style, masks, run) if parameters.recolour else content
    terms = (
        Term(style_of_regions, 1.0),
        Term(partial(guided_quantile_loss, weights=(1.0,)), parameters.quantile_weight),
    )
    first = replace(parameters, recolour=False)
    result = optimised(start, style, terms, first, run.part(0.0, 0.5)).clamp(0, 1)
    last = replace(
        first,
        start="content",  # of this stage: the result of the first
        content_weight=0.0,
        coarse_evaluations=parameters.fine_evaluations,
    )
    more = (
        Term(partial(_kept, start), parameters.content_weight),
        Term(partial(_photorealism, content), parameters.photorealism_weight),
    )
    coarsest = max(COARSEST, *content.shape[2:])
    result = optimised(result, style, terms + more, last, run.part(0.5, 1.0), coarsest)
    if parameters.refined:
        result = guided(result[0], content[0], parameters.refine_radius)[None].to(result.dtype)
    return result


def _photorealism(content: Tensor, sight: Sight) -> Loss:
    matrix = matting_laplacian(content[0])
    return lambda planes, features: matting_energy(sight.encoder.leave(planes)[0], matrix)


def _kept(target: Tensor, sight: Sight) -> Loss:
    """E_content of the loop, against another picture than the one that the stage starts from."""
    layers = sight.layers("content")
    with torch.no_grad():
        kept = maps_of(sight.encoder.encode(target), layers)
    return lambda planes, features: relative_error(maps_of(features, layers), kept)


def _recoloured(content: Tensor, style: Tensor, masks: Masks | None, run: Run) -> Tensor:
    """Mean and covariance of colours become those of each region's pair."""

    def move(values: Tensor, targets: Tensor, part: Run) -> Tensor:
        mean, covariance = mean_and_covariance(values)
        target_mean, target = mean_and_covariance(targets)
        return linear_map(covariance, target) @ (values - mean) + target_mean

    quiet = replace(run, progress=lambda fraction: None)
    moved = recoloured(content, style, space_for("rgb", "all"), "all", masks, move, quiet)
    return moved.clamp(0, 1).to(content.dtype)


METHOD = Method(
    key="deep_photo",
    title="Deep Photo Style Transfer",
    citation=Citation(
        authors=("Fujun Luan", "Sylvain Paris", "Eli Shechtman", "Kavita Bala"),
        year=2017,
        title="Deep Photo Style Transfer",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="arXiv:1703.07511",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True, guided=True),
    summary="The style of each region, under a penalty on whatever would no longer be a photograph.",
)
