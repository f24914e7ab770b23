"""Spatial guidance (Gatys et al. 2017, section 4): the statistics of a region come from its pair's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from stylize.encoders.base import Encoder, names
from stylize.losses.base import Features, Loss, Sight
from stylize.losses.histogram import quantile_loss, quantile_targets
from stylize.losses.moments import relative_error, second_moment, statistics
from stylize.losses.regions import Region, averaged, dropped, regions
from stylize.record import Run
from stylize.solvers.recolour import Masks

MOST_STYLES = 4  # of a scene
PROPAGATIONS = ("simple", "inside")
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
    """The regions of the run's masks, None without masks; labels left out are noted."""
    if run.guides.content_labels is None:
        return None
    if left := dropped(run.guides):
        names = ", ".join(str(label) for label in left)
        run.notes.append(f"The style's mask lacks these labels, the content stays there: {names}.")
    return regions(run.guides, run.device)


def paired_masks(run: Run) -> Masks | None:
    """`paired`, as transfers of colour take it."""
    found = paired(run)
    return None if found is None else [(each.content > 0, each.style > 0) for each in found]


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
        sight: its masks are of the content and the first style; further styles count whole in
            every region. Without a label in common nothing is asked for.
        weights: of the styles, whose statistics are averaged, with sum 1.
        propagation: one of `PROPAGATIONS`.
        finest: use so many of the finest style layers and no base; None for all.
    """
    size = (sight.content.shape[2], sight.content.shape[3])
    used = sight.layers("style")[:finest] + (sight.layers("base") if finest is None else ())
    styles = [(w, each) for w, each in zip(weights, style_planes(sight), strict=True) if w > 0]
    with torch.no_grad():
        features = [
            sight.style_features if each is sight.style else sight.encoder.features(each)
            for _, each in styles
        ]
    wanted = []
    for content_mask, style_masks in mask_pairs(sight):
        here = spread(content_mask, sight.content_features, propagation)
        masks = [style_masks[index] for index, w in enumerate(weights) if w > 0]
        there = [spread(m, maps, propagation) for m, maps in zip(masks, features, strict=True)]
        shared = [name for name in used if all(name in each for each in (here, *there))]
        terms = []
        for (share, planes), maps, each in zip(styles, features, there, strict=True):
            kept = {name: each[name] for name in shared}
            own = region_terms(sight.encoder, (planes.shape[2], planes.shape[3]), maps, kept)
            terms.append([share * term for term in own])
        if shared:
            targets = [torch.stack(each).sum(0) for each in zip(*terms, strict=True)]
            wanted.append(({name: here[name] for name in shared}, targets))

    def loss(planes: Tensor, maps: Features) -> Tensor:
        errors = [
            relative_error(region_terms(sight.encoder, size, maps, each), targets)
            for each, targets in wanted
        ]
        return torch.stack(errors).mean() if errors else 0 * planes.sum()

    return loss


def guided_quantile_loss(sight: Sight, weights: Sequence[float]) -> Loss:
    """`quantile_loss` per region, averaged; the arguments are those of `guided_style_loss`."""
    styles, wanted = style_planes(sight), []
    for content_mask, style_masks in mask_pairs(sight):
        inside = content_mask > 0
        count = int(inside.sum())
        parts = [
            weight * quantile_targets(planes[0][:, mask > 0], count)
            for weight, planes, mask in zip(weights, styles, style_masks, strict=True)
        ]
        wanted.append((inside, torch.stack(parts).sum(0)))

    def loss(planes: Tensor, maps: Features) -> Tensor:
        errors = [quantile_loss(planes[0][:, inside], targets) for inside, targets in wanted]
        return torch.stack(errors).mean() if errors else 0 * planes.sum()

    return loss


def style_planes(sight: Sight) -> list[Tensor]:
    """Planes of all styles, the first one first."""
    exemplars = (torch.from_numpy(each)[None].to(sight.style) for each in sight.guides.exemplars)
    return [sight.style, *(sight.encoder.enter(each) for each in exemplars)]


def mask_pairs(sight: Sight) -> list[tuple[Tensor, list[Tensor]]]:
    """Masks of the content with those of all styles, region by region."""
    content, style, *more = (
        each.new_ones(each.shape[2:], dtype=torch.float32)
        for each in (sight.content, *style_planes(sight))
    )
    if sight.guides.content_labels is None:
        return [(content, [style, *more])]
    found = regions(sight.guides, str(sight.content.device))
    return [(each.content, [each.style, *more]) for each in found]


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
