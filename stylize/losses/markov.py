"""The random field of `losses.patches` over an encoder's patch layers, as a loss of the loop.

Windows are matched on the layers with the role `patch`. What lies below the finest of them, finer
layers and the picture itself, is carried along by its matches: windows of VGG's maps hold fine
strokes and colours, those of the pyramid's coarse bands do not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from stylize.losses.base import Features, Prepare, Sight
from stylize.losses.patches import Matched, assembled, by_position, nearest, patch_loss
from stylize.losses.regions import averaged
from stylize.losses.turned import turned
from stylize.record import Guides, Labels

SIZE = 3  # of a window, as in Li & Wand's paper and Champandard's
SMALLEST = 1e-8  # of a map's mean square: a constant style has none

Match = Callable[[Tensor, Sequence[Tensor]], Tensor]  # maps of a picture and of the style → index


def by_correlation(wanted: Tensor, offered: Sequence[Tensor]) -> Tensor:
    """The matches of Li & Wand 2016."""
    return nearest(wanted, offered, SIZE)


def by_product(wanted: Tensor, offered: Sequence[Tensor]) -> Tensor:
    """The matches of Champandard 2016, of maps `by_position`."""
    return nearest(wanted, offered, SIZE, whole=False)


@dataclass(frozen=True)
class Rule:
    """How windows are matched and what their matches are to do.

    Args:
        every: evaluations between two matchings.
        overlap: as of `patch_loss`.
        carry: weight of what is carried along, beside the patch layers' 1.
        colour: energy of the grid's mean colours in the match, beside the layer's 1.
        match: which window suits which.
        rotations, scales: of the style, as of `turned`.
        label_weight: of the masks in the match, which is then by position; None without masks.
    """

    every: int
    overlap: str = "mean"
    carry: float = 1.0
    colour: float = 1.0
    match: Match = by_correlation
    rotations: int = 0
    scales: int = 0
    label_weight: float | None = None


@dataclass(frozen=True)
class Grid:
    """The grid of one patch layer.

    Args:
        layer: its name.
        stride: of the layer, in px.
        finer: names and strides of the layers that it carries.
        carries: whether it carries those and the picture.
    """

    layer: str
    stride: int
    finer: tuple[tuple[str, int], ...]
    carries: bool

    def parts(self, planes: Tensor, features: Features) -> list[Tensor]:
        """The layer's map and all that it carries, (·, h, w) each."""
        own = _at_least(features[self.layer][0])
        if not self.carries:
            return [own]
        size = own.shape[1], own.shape[2]
        finer = [_cells(features[name][0], self.stride // step, *size) for name, step in self.finer]
        return [own, *finer, _cells(planes[0], self.stride, *size)]

    def colours(self, planes: Tensor, features: Features, mean: Tensor) -> Tensor:
        """Mean colour of every cell, above and below `mean` apart: (6, h, w), not negative."""
        height, width = _at_least(features[self.layer][0]).shape[1:]
        cells = _cells(planes[0], self.stride, height, width)
        apart = cells.reshape(3, -1, height, width).mean(1) - mean[:, None, None]
        return torch.cat([apart.clamp(min=0), (-apart).clamp(min=0)])


@dataclass
class GridField:
    """The style on one grid, and the matches of the picture.

    Args:
        grid: of both.
        rule: of the matches.
        offered: maps of the style to compare with, one per turned style.
        stacks: all parts of the style, in the order and units of `factors`.
        factors: by which the parts of a picture are multiplied.
        mean: (3,) colour of the style.
        tint: by which colours are multiplied in the match.
        labels: (L, h, w) of the picture.
        matched: the present targets.
    """

    grid: Grid
    rule: Rule
    offered: list[Tensor]
    stacks: list[Tensor]
    factors: list[float]
    mean: Tensor
    tint: float
    labels: Tensor | None
    matched: Matched

    def stack(self, planes: Tensor, features: Features) -> Tensor:
        """All parts of a picture, (C, h, w), in units of the style's."""
        return _stacked(self.grid.parts(planes, features), self.factors)

    def loss(self, planes: Tensor, features: Features) -> Tensor:
        """The relative error to the matches, per position or per window over it."""
        count = self.matched.count
        units = count.sum() if self.rule.overlap == "sum" else count.numel() / 2
        found = patch_loss(self.stack(planes, features), self.matched, self.rule.overlap)
        return found / units

    def renew(self, planes: Tensor, features: Features) -> None:
        """Match the picture anew."""
        colours = self.tint * self.grid.colours(planes, features, self.mean)
        wanted = _compared(features[self.grid.layer][0], colours, self.labels, self.rule)
        index = self.rule.match(wanted, self.offered)
        self.matched = assembled(index, self.stacks, SIZE, *wanted.shape[1:])


@dataclass
class PatchField:
    """The loss: the mean over the patch layers' grids."""

    every: int
    grids: list[GridField] = field(default_factory=list)

    def __call__(self, planes: Tensor, features: Features) -> Tensor:
        return torch.stack([grid.loss(planes, features) for grid in self.grids]).mean()

    def renew(self, planes: Tensor, features: Features) -> None:
        for grid in self.grids:
            grid.renew(planes, features)


def patch_field(rule: Rule) -> Prepare:
    """The loss whose targets are the matches of the picture; at first those of the content."""

    @torch.no_grad()
    def prepare(sight: Sight) -> PatchField:
        copies = turned(sight.style, rule.rotations, rule.scales)
        styles = [(each, sight.encoder.features(each)) for each in copies]
        grids = grids_of(sight, rule.carry > 0)
        made = PatchField(rule.every, [_grid_field(grid, rule, sight, styles) for grid in grids])
        made.renew(sight.content, sight.content_features)
        return made

    return prepare


def grids_of(sight: Sight, carry: bool = True) -> list[Grid]:
    """Those of the patch layers, fine to coarse; the first carries what is finer."""
    layers = sight.layers("patch")
    known = sight.encoder.layers(*sight.content.shape[2:])
    strides = {each.name: each.stride for each in known}
    finer = tuple(
        (name, strides[name])
        for name in sight.layers("style")
        if strides[name] < strides[layers[0]]
    )
    return [
        Grid(name, strides[name], finer if carry else (), carry and name == layers[0])
        for name in layers
    ]


def factors_of(parts: Sequence[Tensor], carry: float) -> list[float]:
    """By what to multiply parts so that the first counts 1 and all others together `carry`."""
    shares = [1.0] + [carry / max(1, len(parts) - 1)] * (len(parts) - 1)
    return [
        (share / ((float(part.square().mean()) + SMALLEST) * len(part))) ** 0.5
        for share, part in zip(shares, parts, strict=True)
    ]


def check_labels_are_shared(guides: Guides) -> None:
    """Refuse masks that leave a part of the content without any match in the style.

    Raises:
        ValueError: naming `masks` and the labels.
    """
    if guides.content_labels is None or guides.style_labels is None:
        raise ValueError("masks: came none, must be one of the content and one of the style")
    missing = sorted(set(_numbers(guides.content_labels)) - set(_numbers(guides.style_labels)))
    if missing:
        listed = ", ".join(map(str, missing))
        raise ValueError(f"masks: the style's lacks label {listed}, must have all of the content's")


def _grid_field(
    grid: Grid, rule: Rule, sight: Sight, styles: list[tuple[Tensor, Features]]
) -> GridField:
    """Without matches yet. A turned style too small for the layer is left out."""
    usable = [each for each in styles if grid.layer in each[1]]
    planes, features = usable[0]
    mean = planes[0].mean((1, 2))
    parts = grid.parts(planes, features)
    factors = factors_of(parts, rule.carry)
    own = _at_least(sight.content_features[grid.layer][0])
    labels, style_labels = _label_maps(rule, sight.guides, own, parts[0])
    energy = float(grid.colours(planes, features, mean).square().sum(0).mean())
    tint = (rule.colour * float(parts[0].square().sum(0).mean()) / (energy + SMALLEST)) ** 0.5
    offered, stacks = [], []
    for each, maps in usable:
        tinted = tint * grid.colours(each, maps, mean)
        offered.append(_compared(maps[grid.layer][0], tinted, style_labels, rule))
        stacks.append(_stacked(grid.parts(each, maps), factors))
    none = Matched(planes, planes, planes)
    return GridField(grid, rule, offered, stacks, factors, mean, tint, labels, none)


def _compared(own: Tensor, colours: Tensor, labels: Tensor | None, rule: Rule) -> Tensor:
    """The map that is matched."""
    maps = torch.cat([_at_least(own), colours]) if rule.colour > 0 else _at_least(own)
    if rule.label_weight is None:
        return maps
    return by_position(maps, SIZE, labels, rule.label_weight)


def _stacked(parts: Sequence[Tensor], factors: Sequence[float]) -> Tensor:
    return torch.cat([factor * part for factor, part in zip(factors, parts, strict=True)])


def _cells(maps: Tensor, ratio: int, height: int, width: int) -> Tensor:
    """A finer map's cells on a grid: (C · ratio², height, width)."""
    beyond = max(0, ratio * width - maps.shape[2]), max(0, ratio * height - maps.shape[1])
    longer = functional.pad(maps[None], (0, beyond[0], 0, beyond[1]), mode="replicate")
    inside = longer[..., : ratio * height, : ratio * width]
    return functional.pixel_unshuffle(inside, ratio)[0]


def _at_least(maps: Tensor) -> Tensor:
    """Maps (C, h, w), continued where they are smaller than a window."""
    beyond = max(0, SIZE - maps.shape[2]), max(0, SIZE - maps.shape[1])
    if beyond == (0, 0):
        return maps
    return functional.pad(maps[None], (0, beyond[0], 0, beyond[1]), mode="replicate")[0]


def _label_maps(
    rule: Rule, guides: Guides, content: Tensor, style: Tensor
) -> tuple[Tensor, Tensor] | tuple[None, None]:
    """The masks on the grids of two maps, one channel per label, where the rule asks for them."""
    both = guides.content_labels, guides.style_labels
    if rule.label_weight is None or both[0] is None or both[1] is None:
        return None, None
    numbers = _numbers(both[0])
    return _shares(both[0], numbers, content), _shares(both[1], numbers, style)


def _numbers(labels: Labels) -> list[int]:
    return sorted({int(each) for each in labels.flat})


def _shares(labels: Labels, numbers: list[int], like: Tensor) -> Tensor:
    """The share of every label in the cells of a map (·, h, w): (L, h, w)."""
    height, width = like.shape[1:]
    known = torch.from_numpy(labels).to(like.device)
    small = min(height, known.shape[0]), min(width, known.shape[1])
    shares = [averaged((known == number).to(like.dtype), *small) for number in numbers]
    beyond = (0, width - small[1], 0, height - small[0])
    return functional.pad(torch.stack(shares)[None], beyond, mode="replicate")[0]
