"""Luan, Paris, Shechtman & Bala 2018, Deep Painterly Harmonization: an element that was pasted
into a painting is painted anew.

The content is the naive composite, the style the painting, label 1 of the content's mask the
element. Pass 1 matches every patch on its own, pass 2 makes the matches of neighbours agree and
compares finer layers. With the pyramid the layers are its scales, Gram matrices became centred
moments, and the colours, which its bands lack, take part as a layer. Figures are those of the
authors' code; its total variation in pass 1 has a weight of another unit and is left out.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from stylize import encoders
from stylize.encoders.base import Encoder, names
from stylize.losses.base import Features, Loss
from stylize.losses.harmony import UnitGradients, coherent, matched, moment_loss, style_set
from stylize.losses.histogram import quantile_loss, quantile_targets
from stylize.losses.moments import relative_error
from stylize.losses.regions import averaged
from stylize.losses.variation import total_variation
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers import patchmatch
from stylize.solvers.compositing import cleaned, dilated, element, laid_over, of_one_size
from stylize.solvers.optimize import minimise

LEVELS = {"realism": 1.0, "impressionism": 5.0, "expressionism": 10.0}
CONTENT_1, STYLE_1, CONTENT_2 = 5.0, 100.0, 1.0  # weights of the two passes
VARIATION = 0.0005  # ours: with the code's 1 a smooth painting's element is nothing but blur
SMALLEST = 1e-8
CHUNK = 20  # evaluations between two looks at the gradients' lengths


Terms = dict[str, tuple[float, Loss]]


@dataclass(frozen=True)
class Parameters:
    """The authors' code runs 1000 evaluations in each pass."""

    movement: str = parameter(
        "impressionism", choices=tuple(LEVELS),
        help="Of the painting: realism (Baroque to Romanticism) 1, impressionism 5, expressionism "
        "and cubism 10 times the weight of the style.",
    )  # fmt: skip
    coarse_evaluations: int = parameter(40, low=0, high=5000, help="In the first pass.")
    fine_evaluations: int = parameter(60, low=0, high=5000, help="In the second pass.")
    clean: bool = parameter(
        True, help="Rebuild the element from patches of the painting, and smooth its colours."
    )


@dataclass(frozen=True)
class Canvas:
    """One composite and its painting, as the encoder sees them.

    Args:
        composite, painting: planes (1, 3, H, W).
        tight: (H, W) bool, the element.
        moving: (H, W) in [0, 1], the dilated mask: what may change.
    """

    encoder: Encoder
    composite: Tensor
    painting: Tensor
    tight: Tensor
    moving: Tensor

    def features(self) -> tuple[Features, Features]:
        """Of the composite and of the painting."""
        with torch.no_grad():
            return self.encoder.features(self.composite), self.encoder.features(self.painting)

    def layers(self) -> tuple[str, ...]:
        """The style layers, fine to coarse."""
        return names(self.encoder, "style", *self.composite.shape[2:])

    @property
    def colourless(self) -> bool:
        """Whether the layers lack the colours."""
        return bool(names(self.encoder, "base", *self.composite.shape[2:]))

    def placed(self, variable: Tensor) -> Tensor:
        """The composite with what may change taken from `variable`."""
        return self.composite + self.moving * (variable - self.composite)

    def enlarged(self, field: Tensor, layer: str) -> Tensor:
        """A layer's matches for every pixel."""
        height, width = self.composite.shape[2:]
        return patchmatch.enlarged(field, (height, width), (height, width), self.stride(layer))

    def stride(self, layer: str) -> int:
        """Pixels per step of a layer."""
        layers = self.encoder.layers(*self.composite.shape[2:])
        (stride,) = (each.stride for each in layers if each.name == layer)
        return stride

    def inside(self, maps: Tensor) -> Tensor:
        """The cells (h, w) of a layer that are half covered by the element, or most of all."""
        share = averaged(self.tight.to(maps.dtype), maps.shape[-2], maps.shape[-1])
        return share >= min(0.5, float(share.max()))


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """The painting with the element in its manner, (B, 3, H, W); equal to it elsewhere."""
    styles = of_one_size(contents, styles, run)
    tight = element(contents, run)
    results = []
    for index in range(len(contents)):
        part = run.part(index / len(contents), (index + 1) / len(contents))
        composite, painting = contents[index : index + 1], styles[index : index + 1]
        result = _painted(composite, painting, tight, parameters, part)
        if parameters.clean:
            result = cleaned(result, composite, painting, run.seed)
        results.append(laid_over(result, painting, tight))
    return torch.cat(results)


def _painted(
    composite: Tensor, painting: Tensor, tight: Tensor, parameters: Parameters, run: Run
) -> Tensor:
    """Both passes; (1, 3, H, W) sRGB."""
    encoder = encoders.get(run.encoder, run.device).fitted(composite, painting)
    planes = encoder.enter(composite), encoder.enter(painting)
    canvas = Canvas(encoder, *planes, tight, dilated(tight))
    level, grain = LEVELS[parameters.movement], variation_weight(noise(painting))
    run.figures["style level"], run.figures["variation weight"] = level, grain * level
    middle = parameters.coarse_evaluations / max(
        1, parameters.coarse_evaluations + parameters.fine_evaluations
    )
    first = solved(
        canvas, pass_1(canvas), parameters.coarse_evaluations, run.part(0, 0.95 * middle)
    )
    terms = pass_2(canvas, first, level, grain)
    second = solved(canvas, terms, parameters.fine_evaluations, run.part(0.95 * middle, 0.95))
    return encoder.leave(second).clamp(0, 1)


def pass_1(canvas: Canvas) -> Terms:
    """Every patch of the element matched on its own, on the three coarsest layers."""
    own, theirs = canvas.features()
    layers = canvas.layers()[-3:]
    fields = {
        layer: matched(own[layer][0], theirs[layer][0], canvas.inside(own[layer]))
        for layer in layers
    }
    targets = [
        _at(theirs[layer][0], fields[layer])[:, canvas.inside(own[layer])] for layer in layers
    ]
    if canvas.colourless:
        pixels = canvas.enlarged(fields[layers[0]], layers[0])
        targets.append(_at(canvas.painting[0], pixels)[:, canvas.tight])

    def style(planes: Tensor, features: Features) -> Tensor:
        found = [features[layer][0][:, canvas.inside(features[layer])] for layer in layers]
        colours = [planes[0][:, canvas.tight]] if canvas.colourless else []
        return moment_loss(found + colours, targets)

    return {"content": (CONTENT_1, _kept(canvas, own)), "style": (STYLE_1, style)}


def pass_2(canvas: Canvas, first: Tensor, level: float, grain: float) -> Terms:
    """Matches that agree with their neighbours', carried to the finer layers.

    Args:
        first: planes of pass 1, whose features are matched.
        level, grain: weights of the style and of the total variation.
    """
    with torch.no_grad():
        seen = canvas.encoder.features(first)
    own, theirs = canvas.features()
    layers = canvas.layers()[:4]
    last = layers[-1]
    cells = canvas.inside(own[last])
    grid = cells.shape[0], cells.shape[1]
    colours = functional.adaptive_avg_pool2d(canvas.encoder.leave(canvas.painting), grid)
    field = coherent(matched(seen[last][0], theirs[last][0], cells), colours[0], cells)
    pixels = canvas.enlarged(field, last)
    used = {layer: _used(canvas, pixels, layer, own[layer]) for layer in layers}
    targets = [theirs[layer][0][:, used[layer]] for layer in layers]
    chosen = style_set(pixels, canvas.tight)
    if canvas.colourless:
        targets.append(canvas.painting[0][:, chosen])
    bars = [
        quantile_targets(canvas.painting[0][:, chosen], int(canvas.tight.sum())),
        quantile_targets(theirs[last][0][:, used[last]], int(cells.sum())),
    ]

    def style(planes: Tensor, features: Features) -> Tensor:
        found = [features[layer][0][:, canvas.inside(features[layer])] for layer in layers]
        colours = [planes[0][:, canvas.tight]] if canvas.colourless else []
        return moment_loss(found + colours, targets)

    def histogram(planes: Tensor, features: Features) -> Tensor:
        found = planes[0][:, canvas.tight], features[last][0][:, cells]
        losses = [
            quantile_loss(each, bar) / (bar.square().mean() + SMALLEST)
            for each, bar in zip(found, bars, strict=True)
        ]
        return torch.stack(losses).mean()

    def variation(planes: Tensor, features: Features) -> Tensor:
        return total_variation(canvas.encoder.leave(planes))

    return {
        "content": (CONTENT_2, _kept(canvas, own)),
        "style": (level, style),
        "histogram": ((10 - grain) * level, histogram),
        "variation": (VARIATION * grain * level, variation),
    }


def _at(maps: Tensor, field: Tensor) -> Tensor:
    return patchmatch.warped(maps.permute(1, 2, 0), field).permute(2, 0, 1)


def _used(canvas: Canvas, pixels: Tensor, layer: str, maps: Tensor) -> Tensor:
    """The cells of a layer that hold matches of the element, dilated by one."""
    step = canvas.stride(layer)
    field = pixels[::step, ::step] // step
    return style_set(field, canvas.inside(maps))


def _kept(canvas: Canvas, features: Features) -> Loss:
    """The composite's features on its content layers, the base left out: it has the colours."""
    size = canvas.composite.shape[2:]
    base = names(canvas.encoder, "base", *size)
    layers = [each for each in names(canvas.encoder, "content", *size) if each not in base]
    kept = [features[layer] for layer in layers]
    return lambda planes, found: relative_error([found[layer] for layer in layers], kept)


def solved(canvas: Canvas, terms: Terms, evaluations: int, run: Run) -> Tensor:
    """Planes (1, 3, H, W) that meet the terms, from the composite on."""

    def look(variable: Tensor) -> tuple[Tensor, Features]:
        planes = canvas.placed(variable)
        return planes, canvas.encoder.features(planes)

    if evaluations == 0:
        run.progress(1.0)
        return canvas.composite
    generator = torch.Generator().manual_seed(run.seed)
    grain = 0.3 * torch.randn(canvas.composite.shape, generator=generator)
    total = UnitGradients(terms, look, canvas.composite + grain.to(canvas.composite.device))
    best = minimise(total, canvas.composite, evaluations, run, every=CHUNK, renew=total.renew)
    return canvas.placed(best)


def noise(painting: Tensor) -> float:
    """n: the median over pixels and channels of (dx² + dy²) / 2, of sRGB in [0, 1]."""
    across = painting[..., 1:, 1:] - painting[..., 1:, :-1]
    down = painting[..., 1:, 1:] - painting[..., :-1, 1:]
    return float(((across.square() + down.square()) / 2).median())


def variation_weight(noise: float) -> float:
    """Less for a painting that is rough itself: 10 / (1 + exp(10⁴ n - 25))."""
    return 10 / (1 + math.exp(min(1e4 * noise - 25, 500.0)))


METHOD = Method(
    key="harmonization",
    title="Painterly harmonization",
    citation=Citation(
        authors=("Fujun Luan", "Sylvain Paris", "Eli Shechtman", "Kavita Bala"),
        year=2018,
        title="Deep Painterly Harmonization",
        venue="Computer Graphics Forum 37 (4) (EGSR)",
        identifier="arXiv:1804.03189",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True, masks=True, aligned=True),
    summary="An element pasted into a painting (label 1 of the content's mask) is painted anew.",
)
