"""Spatial guidance (Gatys et al. 2017, section 4): the statistics of a region come from its pair's."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from stylize.encoders.base import Encoder, names
from stylize.losses.base import Features, Loss, Sight
from stylize.losses.histogram import quantile_loss, quantile_targets
from stylize.losses.moments import relative_error, second_moment, statistics
from stylize.losses.regions import Region, averaged, dropped, regions, shared_regions, style_maps
from stylize.record import Run
from stylize.solvers.colour import Space
from stylize.solvers.recolour import Masks, Move, recoloured

MOST_STYLES = 4  # of a scene
PROPAGATIONS = ("simple", "inside")
# Colours (1, C, N), clouds (1, C, ·) of the styles and their weights with sum 1 → (1, C, N).
MoveBetween = Callable[[Tensor, Sequence[Tensor], Sequence[float], Run], Tensor]
REACH = 2  # cells around a step of the pyramid's maps that its filters look at


@dataclass(frozen=True)
class Patch:
    """Where in a layer a region is, and how much of it.

    Args:
        rows, columns: the smallest box around it with a margin, in which a coarser neighbour's
            cells are whole: the weights beyond are 0, so that nothing outside is looked at.
        weights: (1, h, w) of the positions in the box, with sum 1.
    """

    rows: slice
    columns: slice
    weights: Tensor

    def of(self, maps: Tensor) -> Tensor:
        """(C, h, w), the box of the layer (1, C, ·, ·)."""
        return maps[0, :, self.rows, self.columns]

    def of_coarser(self, maps: Tensor) -> Tensor:
        """(C, ⌈h/2⌉, ⌈w/2⌉), the same box of the layer's coarser neighbour."""
        return maps[0, :, _halved(self.rows), _halved(self.columns)]


def _halved(box: slice) -> slice:
    return slice(box.start // 2, -(-box.stop // 2))


Spread = dict[str, Patch]  # by layer


def paired(run: Run) -> list[Region] | None:
    """The regions of content and first style, None without masks; labels left out are noted."""
    if run.guides.content_labels is None:
        return None
    note_masks(run)
    return regions(run.guides, run.device)


def note_masks(run: Run) -> None:
    """Say which labels of the content no style has, and whether a style has no mask at all."""
    if left := dropped(run.guides):
        names = ", ".join(str(label) for label in left)
        run.notes.append(f"The style's mask lacks these labels, the content stays there: {names}.")
    if run.guides.content_labels is not None and any(
        each is None for each in style_maps(run.guides)
    ):
        run.notes.append("A style without a mask counts whole in every region.")


def paired_masks(run: Run) -> Masks | None:
    """`paired`, as transfers of colour take it."""
    found = paired(run)
    return None if found is None else [(each.content > 0, each.style > 0) for each in found]


def recoloured_by_several(
    contents: Tensor, styles: Sequence[Tensor], weights: Sequence[float], space: Space,
    channels: str, move: MoveBetween, run: Run,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """As `solvers.recolour.recoloured`, in every region towards the styles that are used there.

    Args:
        contents: (B, 3, H, W) sRGB in [0, 1].
        styles: the first (B, 3, h, w), the further ones (1, 3, ·, ·).
        weights: of the styles, with sum 1.
        move: called per picture and region with the colours of its styles and their weights.

    Returns:
        (B, 3, H, W) float64, unclipped, and (H, W) bool: the pixels that were moved.
    """
    result = contents.double()
    covered = contents.new_zeros(contents.shape[2:], dtype=torch.bool)
    areas = shared_regions(run.guides, [contents, *styles])
    for number, area in enumerate(areas):
        own = area.shares(weights)
        used = [(share, picture, mask > 0)
                for share, picture, mask in zip(own, styles, area.styles, strict=True)
                if mask is not None]  # fmt: skip
        if not any(own):
            continue
        first, inside = used[0][1].expand(len(contents), -1, -1, -1), area.content > 0
        more = [space.enter(picture[:1, :, mask].double()) for _, picture, mask in used[1:]]
        toward = _toward(move, more, [share for share, *_ in used])
        part = run.part(number / len(areas), (number + 1) / len(areas))
        pair = [(inside, used[0][2])]
        result = recoloured(result, first, space, channels, pair, toward, part)
        covered |= inside
    return result, covered


def _toward(move: MoveBetween, more: Sequence[Tensor], weights: Sequence[float]) -> Move:
    """A move towards one cloud and `more`, of which no more channels than that one's are read."""

    def moved(values: Tensor, targets: Tensor, part: Run) -> Tensor:
        clouds = [targets, *(each[:, : targets.shape[1]] for each in more)]
        return move(values, clouds, weights, part)

    return moved


def shares(weights: str, count: int) -> list[float]:
    """Weights of several styles with sum 1.

    Args:
        weights: numbers of at least 0, one per style, with commas between; empty: all equal.
        count: of the styles.

    Raises:
        ValueError: naming `style_weights`.
    """
    if not weights.strip():
        return [1 / count] * count
    wanted = f"must be {count} numbers of at least 0 with commas between, not all 0"
    try:
        values = [float(each) for each in weights.split(",")]
    except ValueError:
        raise ValueError(f"style_weights: came {weights!r}, {wanted}") from None
    if len(values) != count or not all(0 <= each < math.inf for each in values) or not any(values):
        raise ValueError(f"style_weights: came {weights!r}, {wanted}")
    return [each / sum(values) for each in values]


def guided_style_loss(
    sight: Sight, weights: Sequence[float], propagation: str = "simple", finest: int | None = None
) -> Loss:
    """E_style per region, averaged over the regions (λ_r = 1/R); without masks there is but one.

    Args:
        sight: in a region of its content the styles count whose mask has the label, there, and
            those without a mask, whole. Where there is none, nothing is asked for.
        weights: of the styles, with sum 1; within a region those of its styles get sum 1.
        propagation: one of `PROPAGATIONS`.
        finest: use so many of the finest style layers and no base; None for all.
    """
    size = (sight.content.shape[2], sight.content.shape[3])
    used = sight.layers("style")[:finest] + (sight.layers("base") if finest is None else ())
    styles = style_planes(sight)
    with torch.no_grad():
        features = [
            sight.style_features if each is sight.style
            else sight.encoder.features(each) if weight > 0 else {}
            for weight, each in zip(weights, styles, strict=True)
        ]  # fmt: skip
    wanted = []
    for region in shared_regions(sight.guides, [sight.content, *styles]):
        here = spread(region.content, sight.content_features, propagation)
        counted = [
            (share, planes, maps, spread(mask, maps, propagation))
            for share, planes, maps, mask in zip(
                region.shares(weights), styles, features, region.styles, strict=True
            )
            if share > 0 and mask is not None
        ]
        patches = [here, *(there for *_, there in counted)]
        shared = [name for name in used if all(name in each for each in patches)]
        if shared and counted:
            targets = _averaged_terms(sight.encoder, counted, shared)
            wanted.append(({name: here[name] for name in shared}, targets))

    def loss(planes: Tensor, maps: Features) -> Tensor:
        errors = [
            relative_error(region_terms(sight.encoder, size, maps, each), targets)
            for each, targets in wanted
        ]
        return torch.stack(errors).mean() if errors else 0 * planes.sum()

    return loss


def _averaged_terms(
    encoder: Encoder, styles: Sequence[tuple[float, Tensor, Features, Spread]], layers: list[str]
) -> list[Tensor]:
    """Weighted sums of what `region_terms` says of each style: its share, planes, features, place."""
    terms = []
    for share, planes, maps, there in styles:
        kept = {name: there[name] for name in layers}
        own = region_terms(encoder, (planes.shape[2], planes.shape[3]), maps, kept)
        terms.append([share * term for term in own])
    return [torch.stack(each).sum(0) for each in zip(*terms, strict=True)]


def guided_quantile_loss(sight: Sight, weights: Sequence[float]) -> Loss:
    """`quantile_loss` per region, averaged; the arguments are those of `guided_style_loss`."""
    styles, wanted = style_planes(sight), []
    for region in shared_regions(sight.guides, [sight.content, *styles]):
        inside = region.content > 0
        count = int(inside.sum())
        parts = [
            share * quantile_targets(planes[0][:, mask > 0], count)
            for share, planes, mask in zip(
                region.shares(weights), styles, region.styles, strict=True
            )
            if share > 0 and mask is not None
        ]
        if parts:
            wanted.append((inside, torch.stack(parts).sum(0)))

    def loss(planes: Tensor, maps: Features) -> Tensor:
        errors = [quantile_loss(planes[0][:, inside], targets) for inside, targets in wanted]
        return torch.stack(errors).mean() if errors else 0 * planes.sum()

    return loss


def style_planes(sight: Sight) -> list[Tensor]:
    """Planes of all styles, the first one first."""
    exemplars = (torch.from_numpy(each)[None].to(sight.style) for each in sight.guides.exemplars)
    return [sight.style, *(sight.encoder.enter(each) for each in exemplars)]


def spread(mask: Tensor, features: Features, propagation: str = "simple") -> Spread:
    """The weights T² / ΣT² of a region's positions in every layer where it has any.

    Args:
        mask: (H, W) float32, 1 inside.
        features: of a picture of that size.
        propagation: "simple": T is the share of the region in a cell; "inside": 1 where the
            filters look at nothing else, else 0 (the picture's border is no other region).
    """
    found = {}
    for layer, maps in features.items():
        share = averaged(mask, *maps.shape[2:]).to(maps.dtype)
        if propagation == "inside":
            outside = (share < 1).to(maps.dtype)[None, None]
            share = 1 - functional.max_pool2d(outside, 2 * REACH + 1, 1, REACH)[0, 0]
        energy = share.square()
        if energy.sum() > 0:
            rows, columns = (_box(energy.sum(axis), energy.shape[1 - axis]) for axis in (1, 0))
            found[layer] = Patch(rows, columns, (energy / energy.sum())[None, rows, columns])
    return found


def _box(energy: Tensor, count: int) -> slice:
    """Around what is not 0, from an even position to an even one or the end of `count`."""
    places = energy.nonzero()
    first, last = int(places.min()), int(places.max())
    return slice(max(0, first // 2 * 2 - 2), min(count, last // 2 * 2 + 4))


def region_terms(
    encoder: Encoder, size: tuple[int, int], features: Features, weights: Spread
) -> list[Tensor]:
    """What `moments.style_terms` has, of one region; layers where it has no weights are left out.

    Args:
        size: of the picture, height and width.
        features: of the picture.
        weights: of the region.
    """
    terms, crosses = [], []
    style = names(encoder, "style", *size)
    for name, coarser in zip(style, (*style[1:], ""), strict=True):
        if name not in weights:
            continue
        patch = weights[name]
        coarse = patch.of_coarser(features[coarser]) if coarser in weights else None
        covariance, mean, cross = statistics(patch.of(features[name]), coarse, patch.weights)
        terms += [covariance, mean]
        crosses += [] if coarse is None else [cross]
    base = [(features[n], weights[n]) for n in names(encoder, "base", *size) if n in weights]
    return terms + crosses + [second_moment(p.of(maps), p.weights) for maps, p in base]
