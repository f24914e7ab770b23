"""The loop of every method that optimises a picture: losses are summed, sizes go coarse to fine."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stylize import encoders
from stylize.encoders.base import Encoder
from stylize.losses.base import Loss, Renewed, Sight, Term
from stylize.losses.gamut import gamut_loss
from stylize.losses.grain import alternation, grain_loss
from stylize.losses.guidance import style_planes
from stylize.losses.moments import relative_error, style_terms, terms_of
from stylize.losses.regions import shared_regions
from stylize.record import Guides, Run, parameter
from stylize.solvers.coarse_to_fine import coarse_to_fine
from stylize.solvers.colour import mean_and_covariance
from stylize.solvers.optimize import OPTIMIZERS, minimise
from stylize.solvers.transport import linear_map

COARSEST = 192  # px


@dataclass(frozen=True)
class Loop:
    """Parameters that every optimising method has.

    Weights are of relative errors, so they do not compare with the papers' α and β.
    """

    content_weight: float = parameter(
        0.03, low=0.0, high=10.0, help="Of the content's features; 0.01 keeps little, 0.3 much."
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
    start: str = parameter("content", choices=("content", "noise"), help="What is optimised first.")
    coarse_evaluations: int = parameter(
        120, low=0, high=5000, help="At the coarsest size; Gatys' code: 500."
    )
    fine_evaluations: int = parameter(
        40, low=0, high=5000, help="At every finer size; Gatys' code: 200."
    )
    optimizer: str = parameter("lbfgs", choices=OPTIMIZERS, help="Gatys' code: L-BFGS.")
    history: int = parameter(30, low=1, high=200, help="Pairs that L-BFGS keeps.")
    bf16: bool = parameter(
        False, help="Networks on CUDA convolve in bfloat16, less exactly; not in the paper."
    )


def pull(default: float) -> float:
    """The field `style_weight` of methods whose style term is scaled to E_style's gradient."""
    return parameter(
        default, low=0.0, high=100.0,
        help="1: the pull of E_style on the content; not in the paper.",
    )  # fmt: skip


def optimised(
    contents: Tensor, styles: Tensor, terms: Sequence[Term], parameters: Loop, run: Run,
    coarsest: int = COARSEST, weights: Sequence[float] | None = None,
) -> Tensor:  # fmt: skip
    """Optimise each picture on its own under `terms` and those that `parameters` weigh.

    Args:
        contents, styles: (B, 3, H, W) and (B, 3, h, w) sRGB in [0, 1].
        terms: what the method is about; content, gamut and grain are added here.
        coarsest: the longer side is halved until it is no more, in px.
        weights: of the styles, with sum 1, where the masks and further styles of `run` count;
            None where they do not.

    Returns:
        (B, 3, H, W), unclipped.
    """
    encoder = encoders.get(run.encoder, run.device, parameters.bf16)
    if parameters.bf16 and (encoders.weights_of(run.encoder) is None or run.device == "cpu"):
        run.notes.append("bfloat16 is for networks on CUDA; this was computed in float32.")

    def solve(
        start: Tensor | None, content: Tensor, style: Tensor, count: int, part: Run
    ) -> Tensor:
        return _solve(encoder, start, content, style, terms, parameters, weights, count, part)

    budgets = (parameters.coarse_evaluations, parameters.fine_evaluations)
    results = []
    for index in range(len(contents)):
        part = run.part(index / len(contents), (index + 1) / len(contents))
        pair = contents[index : index + 1], styles[index : index + 1]
        results.append(coarse_to_fine(*pair, coarsest, budgets, part, solve))
    return torch.cat(results)


def _solve(
    encoder: Encoder, start: Tensor | None, content: Tensor, style: Tensor, terms: Sequence[Term],
    parameters: Loop, weights: Sequence[float] | None, evaluations: int, run: Run,
) -> Tensor:  # fmt: skip
    """One size of one picture."""
    fitted = encoder.fitted(content, style)
    target = content
    if parameters.recolour:
        guides = Guides() if weights is None else run.guides
        target = recoloured(fitted, content, style, guides, weights or (1.0,))
    if start is None:
        start = target if parameters.start == "content" else _noise(content, run.seed)
    sight = Sight(fitted, fitted.enter(target), fitted.enter(style), run.guides, run.seed)
    losses = _weighted(terms, sight, run) + _common(parameters, sight)

    def total(planes: Tensor) -> Tensor:
        features = fitted.features(planes)
        return torch.stack([weight * loss(planes, features) for weight, loss in losses]).sum()

    looking = [loss for _, loss in losses if isinstance(loss, Renewed)]

    def renew(planes: Tensor) -> None:
        with torch.no_grad():
            features = fitted.features(planes)
            for loss in looking:
                loss.renew(planes, features)

    best = minimise(
        total, fitted.enter(start), evaluations, run, parameters.history, parameters.optimizer,
        min((loss.every for loss in looking), default=0), renew if looking else None,
    )  # fmt: skip
    return fitted.leave(best)


def _common(parameters: Loop, sight: Sight) -> list[tuple[float, Loss]]:
    weighted = (
        (parameters.content_weight, content_loss),
        (parameters.gamut_weight, _gamut),
        (parameters.grain_weight, _grain),
    )
    return [(weight, prepare(sight)) for weight, prepare in weighted if weight > 0]


def _weighted(terms: Sequence[Term], sight: Sight, run: Run) -> list[tuple[float, Loss]]:
    losses = []
    for term in terms:
        if term.weight > 0:
            loss = term.prepare(sight)
            scale = _scale(loss, sight) if term.scaled else 1.0
            if term.scaled:
                run.figures[f"scale of {term.name}, {sight.content.shape[3]} px wide"] = scale
            losses.append((term.weight * scale, loss))
    return losses


def _scale(loss: Loss, sight: Sight) -> float:
    """By which `loss` has, at the content, the gradient norm of E_style; 1 where it has none."""
    reference, own = _gradient_norm(style_loss(sight), sight), _gradient_norm(loss, sight)
    return reference / own if reference > 0 and own > 0 else 1.0


def _gradient_norm(loss: Loss, sight: Sight) -> float:
    planes = sight.content.detach().clone().requires_grad_()
    value = loss(planes, sight.encoder.features(planes))
    if not value.requires_grad:
        return 0.0
    return float(torch.autograd.grad(value, planes, allow_unused=True)[0].norm())


def style_loss(sight: Sight) -> Loss:
    """E_style of `losses.moments`."""
    with torch.no_grad():
        wanted = style_terms(sight.encoder, sight.style)
    return lambda planes, features: relative_error(
        terms_of(sight.encoder, features, planes), wanted
    )


def content_loss(sight: Sight) -> Loss:
    """E_content: mean over content layers of Σ(F - F_c)² / ΣF_c²."""
    layers = sight.layers("content")
    kept = [sight.content_features[layer] for layer in layers]
    return lambda planes, features: relative_error([features[layer] for layer in layers], kept)


def _gamut(sight: Sight) -> Loss:
    return lambda planes, features: gamut_loss(sight.encoder.leave(planes))


def _grain(sight: Sight) -> Loss:
    most = alternation(sight.style)
    return lambda planes, features: grain_loss(planes, most)


def recoloured(
    encoder: Encoder, content: Tensor, style: Tensor, guides: Guides | None = None,
    weights: Sequence[float] = (1.0,),
) -> Tensor:  # fmt: skip
    """The content with the style's mean and covariance of colours (Gatys et al. 2017, reversed).

    Args:
        content, style: (1, 3, H, W) and (1, 3, h, w) sRGB in [0, 1].
        guides: with masks every region gets those of its styles, what has none stays; of several
            styles it gets the mean.
        weights: of the styles, with sum 1.

    Returns:
        (1, 3, H, W) sRGB, unclipped.
    """
    sight = Sight(encoder, encoder.enter(content), encoder.enter(style), guides or Guides(), 0)
    moved = sight.content.double()
    styles = [each.double() for each in style_planes(sight)]
    for region in shared_regions(sight.guides, [sight.content, *styles]):
        inside = region.content > 0
        values = moved[..., inside]
        mean, covariance = mean_and_covariance(values)
        wanted = [
            [share * each for each in mean_and_covariance(planes[..., mask > 0])]
            for share, planes, mask in zip(
                region.shares(weights), styles, region.styles, strict=True
            )
            if share > 0 and mask is not None
        ]
        if wanted:
            target_mean, target = (torch.stack(each).sum(0) for each in zip(*wanted, strict=True))
            moved[..., inside] = linear_map(covariance, target) @ (values - mean) + target_mean
    return encoder.leave(moved.to(content.dtype))


def _noise(like: Tensor, seed: int) -> Tensor:
    """Grey with noise of the CPU's generator, so that every device starts alike."""
    generator = torch.Generator().manual_seed(seed)
    noise = 0.5 + 0.1 * torch.randn(like.shape, generator=generator)
    return noise.to(like.device, like.dtype)
