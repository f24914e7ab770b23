"""Liao, Yao, Yuan, Hua & Kang 2017, Deep Image Analogy: A : A' :: B : B' by two dense fields.

From coarse to fine every position of the content A finds a match in the style B' and the other
way round; what a level knows of the missing A' and B is handed to the next by warping. The paper
deconvolves the warped features with VGG-19; here the next level's own features of B' are warped
with the enlarged field, which needs no deconvolution. The pyramid's bands carry no colour, as
VGG-19's maps do, so with it every level sees the reduced picture too, the content in the style's
colours. Figures are those of the authors' code.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from stylize import encoders
from stylize.encoders.base import Encoder, names
from stylize.losses.loop import recoloured
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers import patchmatch
from stylize.solvers.wls import refined

# Fine to coarse. The coarsest level of a picture searches everywhere, and takes A's features for
# those of A'.
PATCHES = (5, 5, 3, 3, 3)
RADII = (4, 4, 6, 6)
BLENDS = {"1": (0.0, 0.5, 0.6, 0.7), "2": (0.1, 0.6, 0.7, 0.8), "3": (0.2, 0.7, 0.8, 0.9)}
SMALLEST_NORM = 1e-8
VOTE = 3
CHANNELS, VECTOR = 16, 32  # principal axes of the maps, of their patches


@dataclass(frozen=True)
class Parameters:
    """The authors' code, where no other source is named."""

    blend: str = parameter(
        "3", choices=("1", "2", "3"),
        help="How long the content's own structure counts; the authors: 3, from a style to a "
        "photograph 2.",
    )  # fmt: skip
    threshold: float = parameter(
        0.05, low=0.0, high=1.0, help="Response from which the content's structure counts (τ)."
    )
    colour_weight: float = parameter(
        0.5, low=0.0, high=10.0, help="Of the colours in a match, pyramid only; not in the paper."
    )
    iterations: int = parameter(10, low=0, high=100, help="Of PatchMatch at every level.")
    refine: bool = parameter(
        False, help="Only the smooth part of the change, for two photographs (WLS)."
    )


@dataclass(frozen=True)
class Level:
    """A picture's maps at one scale.

    Args:
        bands: (C, h, w) features.
        colours: (3, h, w), or (0, h, w) where the bands know colour.
    """

    bands: Tensor
    colours: Tensor

    @property
    def size(self) -> tuple[int, int]:
        return self.bands.shape[1], self.bands.shape[2]

    def warped(self, field: Tensor) -> "Level":
        """What the level's matches have."""
        return Level(*(_copied(maps, field) for maps in (self.bands, self.colours)))

    def blended(self, other: "Level", share: Tensor) -> "Level":
        """`share` of this level, the rest of the other."""
        return Level(
            torch.lerp(other.bands, self.bands, share),
            torch.lerp(other.colours, self.colours, share),
        )

    def normalised(self, colour_weight: float) -> Tensor:
        """(C + 3, h, w): bands of length 1 at every position, colours weighted."""
        length = self.bands.norm(dim=0, keepdim=True)
        return torch.cat([self.bands / (length + SMALLEST_NORM), colour_weight * self.colours])


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """A' of every pair, (B, 3, H, W): the style's pixels in the content's order."""
    encoder = encoders.get(run.encoder, run.device)
    results = []
    for index in range(len(contents)):
        part = run.part(index / len(contents), (index + 1) / len(contents))
        content, style = contents[index : index + 1], styles[index : index + 1]
        field, _ = fields(encoder.fitted(content, style), content, style, parameters, part)
        made = patchmatch.voted(style[0].permute(1, 2, 0), field, VOTE).permute(2, 0, 1)[None]
        results.append(refined(content, made) if parameters.refine else made)
    return torch.cat(results)


def fields(
    encoder: Encoder, content: Tensor, style: Tensor, parameters: Parameters, run: Run
) -> tuple[Tensor, Tensor]:
    """The matches between the pixels of two pictures, both ways.

    Args:
        encoder: fitted to the pair.
        content, style: (1, 3, H, W) and (1, 3, h, w) sRGB in [0, 1].
        run: its seed draws the search.

    Returns:
        (H, W, 2) and (h, w, 2) int64: row and column in the other picture.
    """
    generator = torch.Generator().manual_seed(run.seed)
    ours = levels(encoder, recoloured(encoder, content, style))
    theirs = levels(encoder, style)
    forth = patchmatch.linear_field(ours[-1].size, theirs[-1].size, str(content.device))
    back = patchmatch.linear_field(theirs[-1].size, ours[-1].size, str(content.device))
    costs = [each.bands[0].numel() for each in ours]
    for depth in reversed(range(len(ours))):
        a, b = ours[depth], theirs[depth]
        if depth == len(ours) - 1:
            a_made, b_made, radius = a, b, max(*a.size, *b.size)
        else:
            forth = patchmatch.enlarged(forth, a.size, b.size, 2)
            back = patchmatch.enlarged(back, b.size, a.size, 2)
            share, radius = BLENDS[parameters.blend][depth], RADII[depth]
            a_made = a.blended(b.warped(forth), share * _responds(a, parameters.threshold))
            b_made = b.blended(a.warped(back), share * _responds(b, parameters.threshold))
        first, second = _vectors((a, a_made), (b_made, b), PATCHES[depth], parameters)
        forth, _ = patchmatch.patchmatch(
            first, second, forth, radius, parameters.iterations, generator
        )
        run.progress((sum(costs[depth + 1 :]) + 0.5 * costs[depth]) / sum(costs))
        back, _ = patchmatch.patchmatch(
            second, first, back, radius, parameters.iterations, generator
        )
        run.progress(sum(costs[depth:]) / sum(costs))
    return forth, back


def levels(encoder: Encoder, image: Tensor) -> list[Level]:
    """The style layers of a picture (1, 3, H, W), fine to coarse."""
    planes = encoder.enter(image)
    height, width = planes.shape[2:]
    features = encoder.features(planes)
    colourless = bool(names(encoder, "base", height, width))
    found = []
    for name in names(encoder, "style", height, width):
        bands = features[name][0]
        grid = bands.shape[1], bands.shape[2]
        colours = functional.adaptive_avg_pool2d(planes, grid)[0]
        found.append(Level(bands, colours if colourless else colours[:0]))
    return found


def _copied(maps: Tensor, field: Tensor) -> Tensor:
    return patchmatch.warped(maps.permute(1, 2, 0), field).permute(2, 0, 1)


def _responds(level: Level, threshold: float) -> Tensor:
    """1 where the squared length of the features, from 0 to 1 over the picture, is τ or more."""
    response = level.bands.square().sum(0)
    span = (response.max() - response.min()).clamp(min=SMALLEST_NORM)
    return ((response - response.min()) / span >= threshold).to(response.dtype)


def _vectors(
    first: tuple[Level, Level], second: tuple[Level, Level], size: int, parameters: Parameters
) -> tuple[Tensor, Tensor]:
    """Patches of A with A', and of B with B', as vectors on common principal axes."""
    stacks = [
        torch.cat([each.normalised(parameters.colour_weight) for each in pair]).permute(1, 2, 0)
        for pair in (first, second)
    ]
    reduced = patchmatch.compressed(stacks[0], stacks[1], CHANNELS)
    one, other = (patchmatch.patches(maps.permute(2, 0, 1), size) for maps in reduced)
    return patchmatch.compressed(one, other, VECTOR)


METHOD = Method(
    key="image_analogy",
    title="Deep Image Analogy",
    citation=Citation(
        authors=("Jing Liao", "Yuan Yao", "Lu Yuan", "Gang Hua", "Sing Bing Kang"),
        year=2017,
        title="Visual Attribute Transfer through Deep Image Analogy",
        venue="ACM Transactions on Graphics 36 (4), 120 (SIGGRAPH)",
        identifier="10.1145/3072959.3073683",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="Every pixel is taken from the style, where the style means what the content means.",
)
