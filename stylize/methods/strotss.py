"""Kolkin, Salavon & Shakhnarovich 2019: style transfer by relaxed optimal transport and
self-similarity (STROTSS).

Hypercolumns are of the encoder's style layers, each divided by its root mean square over the
style, where the paper has nine raw layers of VGG-16. The authors' code shuffles rows and columns
of the samples apart, so that they leave their region; here a position is drawn as one. Its steps
are RMSprop's on samples that change each time; ours are an optimiser's of `solvers.optimize` on
samples that change every few evaluations.
"""

import itertools
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from stylize import encoders
from stylize.encoders.base import Encoder
from stylize.losses.regions import SMALLEST_REGION, dropped, regions
from stylize.losses.strotss import (
    combined,
    hypercolumns,
    moment_loss,
    moments,
    relaxed_emd,
    self_similarities,
    self_similarity_loss,
)
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Guides, Run, parameter
from stylize.solvers.coarse_to_fine import coarse_to_fine
from stylize.solvers.laplacian_pyramid import composed, decomposed, finest_band, sizes_of
from stylize.solvers.optimize import OPTIMIZERS, minimise

COARSEST = 64  # px
FIRST_CONTENT_WEIGHT = 16.0  # α at the coarsest size, halved at every finer one
BANDS = 5  # of the Laplacian pyramid that is optimised
FLATTEST = 1e-3  # of a layer's root mean square: a flat style has none


@dataclass(frozen=True)
class Parameters:
    """As in the authors' code where a help says nothing else."""

    content_weight: float = parameter(
        0.25,
        low=0.01,
        high=100.0,
        help="Times α, which is 16 at 64 px and halved at every finer size; authors' code: 1.",
    )
    samples: int = parameter(
        512, low=16, high=4096, help="Positions of the picture that are compared; code: 1024."
    )
    style_samples: int = parameter(
        1024, low=16, high=20000, help="Positions of the style per region; authors' code: 5000."
    )
    resample_every: int = parameter(
        10, low=1, high=1000, help="Evaluations between two draws of positions; authors' code: 1."
    )
    coarse_evaluations: int = parameter(
        80, low=0, high=5000, help="At 64 px; authors' code: 250 steps."
    )
    fine_evaluations: int = parameter(
        60, low=0, high=5000, help="At every finer size; authors' code: 250 steps."
    )
    optimizer: str = parameter("lbfgs", choices=OPTIMIZERS, help="Authors' code: RMSprop.")
    history: int = parameter(10, low=1, high=200, help="Pairs that L-BFGS keeps.")


@dataclass(frozen=True)
class View:
    """A picture as hypercolumns are read from it: the colours that the encoder sees, and its maps."""

    maps: list[Tensor]
    strides: list[int]

    def at(self, positions: Tensor) -> Tensor:
        return hypercolumns(self.maps, self.strides, positions)


@dataclass
class Site:
    """A region of the content and what the style has for it.

    Args:
        positions: (N, 2) of the content, row and column.
        style: hypercolumns (m, d).
        colours: (m, 3) sRGB.
        drawn: (n, 2) of `positions`, as compared now.
        kept: self-similarities (n, n) of the content there.
    """

    positions: Tensor
    style: Tensor
    colours: Tensor
    style_moments: tuple[Tensor, Tensor] = field(init=False)
    drawn: Tensor = field(init=False)
    kept: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.style_moments = moments(self.style)

    def draw(self, content: View, count: int, generator: torch.Generator) -> None:
        self.drawn = some(self.positions, count, generator)
        self.kept = self_similarities(content.at(self.drawn))

    def loss(self, view: View, image: Tensor, weight: float) -> Tensor:
        values = view.at(self.drawn)
        colours = hypercolumns([around(image)], [1], self.drawn)
        return combined(
            self_similarity_loss(values, self.kept),
            moment_loss(values, self.style_moments),
            relaxed_emd(values, self.style),
            relaxed_emd(colours, self.colours, "euclidean"),
            weight,
        )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Every picture on its own, coarse to fine; (B, 3, H, W), unclipped."""
    encoder = encoders.get(run.encoder, run.device)
    left = dropped(run.guides)
    if left:
        run.notes.append(
            f"The content's labels {', '.join(map(str, left))} are not in the style's mask; "
            "there, the whole style was taken."
        )
    results = []
    for index in range(len(contents)):
        part = run.part(index / len(contents), (index + 1) / len(contents))
        pair = contents[index : index + 1], styles[index : index + 1]
        results.append(_coarse_to_fine(encoder, *pair, parameters, part))
    return torch.cat(results)


def _coarse_to_fine(
    encoder: Encoder, content: Tensor, style: Tensor, parameters: Parameters, run: Run
) -> Tensor:
    sizes_done = itertools.count()

    def solve(start: Tensor | None, small: Tensor, style: Tensor, count: int, part: Run) -> Tensor:
        first = FIRST_CONTENT_WEIGHT * parameters.content_weight
        weight = first / 2 ** next(sizes_done)
        last = small.shape == content.shape
        begin = begun(start, small, style, last)
        return _solve(encoder, begin, small, style, weight, parameters, count, part)

    budgets = (parameters.coarse_evaluations, parameters.fine_evaluations)
    return coarse_to_fine(content, style, COARSEST, budgets, run, solve)


def begun(result: Tensor | None, content: Tensor, style: Tensor, last: bool) -> Tensor:
    """Where a size starts: the result so far, or the style's mean colour, with the content's edges.

    Args:
        result: (1, 3, H, W) enlarged from the size before; None at the coarsest.
        content, style: (1, 3, H, W) and (1, 3, h, w) sRGB.
        last: whether it is the full size, which adds no edges to a result.
    """
    if last and result is not None:
        return result
    base = style.mean((2, 3), keepdim=True) if result is None else result
    height, width = content.shape[2:]
    return base + finest_band(content, sizes_of(height, width, 1)[1])


def _solve(
    encoder: Encoder, start: Tensor, content: Tensor, style: Tensor, weight: float,
    parameters: Parameters, evaluations: int, run: Run,
) -> Tensor:  # fmt: skip
    """One size of one picture."""
    fitted = encoder.fitted(content, style)
    generator = torch.Generator().manual_seed(run.seed)
    with torch.no_grad():
        style_view = _view(fitted, style, None)
        scales = [each.square().mean().sqrt().clamp(min=FLATTEST) for each in style_view.maps]
        style_view = _view(fitted, style, scales)
        content_view = _view(fitted, content, scales)
    sites = [
        Site(positions, style_view.at(places), hypercolumns([style], [1], places))
        for positions, places in _pairs(content, style, run.guides, parameters, generator)
    ]
    sizes = sizes_of(content.shape[2], content.shape[3], BANDS)

    def renew(vector: Tensor) -> None:
        with torch.no_grad():
            for site in sites:
                site.draw(content_view, parameters.samples, generator)

    def total(vector: Tensor) -> Tensor:
        image = composed(vector, sizes, (1, 3))
        view = _view(fitted, image, scales)
        return torch.stack([site.loss(view, image, weight) for site in sites]).mean()

    best = minimise(
        total, decomposed(start, sizes), evaluations, run, parameters.history,
        parameters.optimizer, parameters.resample_every, renew,
    )  # fmt: skip
    return composed(best, sizes, (1, 3))


def _view(encoder: Encoder, image: Tensor, scales: list[Tensor] | None) -> View:
    planes = encoder.enter(image)
    features = encoder.features(planes)
    layers = [layer for layer in encoder.layers(*image.shape[2:]) if "style" in layer.roles]
    maps = [around(planes)] + [features[layer.name] for layer in layers]
    if scales is not None:
        maps = [each / scale for each, scale in zip(maps, scales, strict=True)]
    return View(maps, [1] + [layer.stride for layer in layers])


def around(images: Tensor) -> Tensor:
    """Mean of every pixel and its neighbours: pulled at alone, a drawn pixel becomes a speck."""
    return functional.avg_pool2d(images, 3, 1, 1, count_include_pad=False)


def _pairs(
    content: Tensor, style: Tensor, guides: Guides, parameters: Parameters,
    generator: torch.Generator,
) -> list[tuple[Tensor, Tensor]]:  # fmt: skip
    """Positions of the content and drawn ones of the style, (N, 2) and (m, 2), per region.

    What lies in no region that both pictures have is one more, and takes the whole style.
    """
    rest, whole = torch.ones_like(content[0, 0]), torch.ones_like(style[0, 0])
    pairs = []
    for region in regions(guides, str(content.device)):
        pairs.append((region.content, region.style))
        rest = rest - region.content
    if not pairs or rest.sum() >= SMALLEST_REGION:
        pairs.append((rest, whole))
    return [
        (here.nonzero(), some(there.nonzero(), parameters.style_samples, generator))
        for here, there in pairs
    ]


def some(positions: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """At most `count` of the rows of (N, 2), each once; drawn on the CPU, alike for all devices."""
    if len(positions) <= count:
        return positions
    chosen = torch.randperm(len(positions), generator=generator)[:count]
    return positions[chosen.to(positions.device)]


METHOD = Method(
    key="strotss",
    title="STROTSS",
    citation=Citation(
        authors=("Nicholas Kolkin", "Jason Salavon", "Gregory Shakhnarovich"),
        year=2019,
        title="Style Transfer by Relaxed Optimal Transport and Self-Similarity",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="arXiv:1904.12785",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True, guided=True),
    summary="Features are transported from the style; distances among them stay as in the content.",
)
