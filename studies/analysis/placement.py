"""The rating-scale ranking: placements realigned over scenes, of images and of recipes (statistics.md 3.3: E1 pooled, E2)."""

from dataclasses import dataclass, replace

import numpy as np

from studies.analysis import (
    alignment,
    choix_ranking,
    connectivity,
    derived,
    inference,
    joint_alignment,
    tally,
    wording,
)
from studies.analysis.alignment import Scores
from studies.analysis.checks import Reals
from studies.analysis.data import Placements
from studies.analysis.result import Counts, Item, Ranking


@dataclass(frozen=True, eq=False)
class _Scale:
    """Estimates of I images and of K recipes, NaN where there is none, and with each participant left out in turn.

    images: float64[I]; recipes: float64[K]; *_without: float64[G, .]. estimator: "e1" or "e2" where scenes share one
    scale, else empty.
    """

    images: Reals
    images_without: Reals
    recipes: Reals
    recipes_without: Reals
    estimator: str
    warnings: tuple[str, ...]


def fit(placements: Placements) -> Ranking:
    """Rank the pictures and the recipes of a rating-scale study.

    `images` carry the realigned estimate, mean 0 and sd 1 over all images; `items` the recipes' means over scenes;
    intervals by the delete-one-participant jackknife with t(G - 1). With several agreement scrolls, or sets of the
    participants' own, the estimate is E2 instead of E1. Where the agreement scrolls cannot join the scenes, images are ranked within their scene by mean z (a component each) and recipes by the mean over scenes,
    with the reason as a warning. `bradley_terry` ranks the pairs derived from the scene scrolls.

    Args:
        placements: n placements of K recipes in C scenes, n from 0 up.
    Returns:
        Ranking with K items.
    Raises:
        ArithmeticError: when the derived ranking finds no fit (see `choix_ranking.rank`).
    """
    votes = derived.from_placements(placements)
    wins = tally.win_matrix(votes)
    by_choix = choix_ranking.rank(votes)
    scores = alignment.scores(placements)
    scale = _scale(placements, scores)
    return Ranking(
        protocol="rating-scale",
        items=_recipes(placements, scale, by_choix.items),
        n=_counts(placements, votes.ties),
        pairs=tuple(tuple(int(count) for count in row) for row in wins),
        connectivity=connectivity.describe(placements.recipes, wins),
        bradley_terry=by_choix,
        images=_images(placements, scale, choix_ranking.rank_images(votes)[0]),
        warnings=wording.unique([*scale.warnings, *_thin(placements, scores), *by_choix.warnings]),
    )


def _counts(placements: Placements, ties: int) -> Counts:
    return Counts(
        participants=len(placements.participants),
        trials=len(np.unique(placements.scroll)),
        scenes=len(placements.scenes),
        items=len(placements.recipes),
        ties=ties,
    )


def _thin(placements: Placements, scores: Scores) -> list[str]:
    participants = len(scores.within)
    sentences = [wording.flat_scrolls(scores.unusable)] if scores.unusable else []
    if not participants:
        return [wording.NOTHING, *sentences]
    if participants < inference.LEAST_PARTICIPANTS:
        sentences.append(wording.few_participants(participants))
    never = np.setdiff1d(np.arange(len(placements.recipes)), placements.recipe)
    if never.size:
        sentences.append(wording.never_placed([placements.recipes[k] for k in never]))
    return sentences


def _scale(placements: Placements, scores: Scores) -> _Scale:
    """Realigned where the design and the data allow it, else within scenes, with the reason."""
    if not len(scores.within):
        images, recipes = scores.scenes * scores.recipes, scores.recipes
        none = (np.full(images, np.nan), np.empty((0, images)))
        return _Scale(*none, np.full(recipes, np.nan), np.empty((0, recipes)), "", ())
    if scores.reason and placements.agreement.any() and not joint_alignment.fault(placements):
        scale = _with_recipes(scores, *joint_alignment.fit(placements), "e2")
        return replace(scale, warnings=(wording.joint(scores.reason), *scale.warnings))
    within = alignment.means(scores.within.sum(axis=0), scores.within_n.sum(axis=0))[None]
    shared = alignment.means(scores.shared.sum(axis=0), scores.shared_n.sum(axis=0))[None]
    rest = alignment.means(*map(alignment.without_each, (scores.within, scores.within_n)))
    aligned = alignment.align(within, shared, scores.scenes)
    reason = scores.reason or _line_fault(placements.scenes, within, aligned.slope[0])
    if reason:
        images = alignment.centred_by_scene(within, scores.scenes)[0]
        images_without = alignment.centred_by_scene(rest, scores.scenes)
    else:
        images = aligned.quality[0]
        rest_shared = alignment.means(
            *map(alignment.without_each, (scores.shared, scores.shared_n))
        )
        images_without = alignment.align(rest, rest_shared, scores.scenes).quality
    scale = _with_recipes(scores, images, images_without, "" if reason else "e1")
    if reason and np.isfinite(images).any():
        return replace(scale, warnings=(wording.not_aligned(reason), *scale.warnings))
    return scale


def _line_fault(scenes: tuple[str, ...], within: Reals, slope: Reals) -> str:
    """Which scenes have no line, or one that turns the order round; empty where every scene has one."""
    placed = np.flatnonzero(np.isfinite(alignment.by_scene(within, len(scenes))[0]).any(axis=1))
    unknown = [scenes[k] for k in placed if np.isnan(slope[k])]
    if unknown:
        return f"fewer than two agreement images tell where these scenes lie: {', '.join(unknown)}"
    turned = [scenes[k] for k in placed if slope[k] <= 0]
    if turned:
        return f"the agreement scrolls do not keep the order of these scenes: {', '.join(turned)}"
    return ""


def _with_recipes(scores: Scores, images: Reals, images_without: Reals, estimator: str) -> _Scale:
    """Recipes as means over the scenes in which they have an estimate."""
    warnings = []
    table = alignment.by_scene(np.isfinite(images)[None] * 1.0, scores.scenes)[0]
    weight = alignment.means(table, np.broadcast_to(table.sum(axis=0), table.shape))
    if not table[np.ix_(table.any(axis=1), table.any(axis=0))].all():
        warnings.append(wording.INCOMPLETE if estimator else wording.INCOMPLETE_APART)
        if not estimator:  # means over different scenes without a common scale say nothing
            weight[:] = np.nan

    def over_scenes(values: Reals) -> Reals:
        cells = np.where(table > 0, alignment.by_scene(values, scores.scenes), 0.0)
        mean: Reals = (cells * weight).sum(axis=1)
        return mean

    return _Scale(
        images=images,
        images_without=images_without,
        recipes=over_scenes(images[None])[0],
        recipes_without=over_scenes(images_without),
        estimator=estimator,
        warnings=tuple(warnings),
    )


def _recipes(placements: Placements, scale: _Scale, by_choix: tuple[Item, ...]) -> tuple[Item, ...]:
    shown = np.unique(np.stack([placements.recipe, placements.scroll]), axis=1)[0]
    n = np.bincount(shown, minlength=len(placements.recipes))
    rows = [
        Item(name=item.name, n=int(n[k]), wins=item.wins, losses=item.losses)
        for k, item in enumerate(by_choix)
    ]
    return _estimated(rows, scale.recipes, scale.recipes_without, scale.estimator)


def _images(placements: Placements, scale: _Scale, by_choix: tuple[Item, ...]) -> tuple[Item, ...]:
    """The images that were placed, scene by scene; all in one component, or a component per scene."""
    size = len(placements.recipes)
    n = np.bincount(placements.scene * size + placements.recipe)
    cells = np.flatnonzero(n)
    pairs = {item.name: item for item in by_choix}
    rows = []
    for cell in cells:
        scene, recipe = placements.scenes[cell // size], placements.recipes[cell % size]
        name = f"{scene}/{recipe}"
        row = Item(name=name, n=int(n[cell]), wins=0, losses=0, scene=scene, recipe=recipe)
        if name in pairs:
            row = replace(row, wins=pairs[name].wins, losses=pairs[name].losses)
        rows.append(row if scale.estimator else replace(row, component=int(cell // size) + 1))
    values, replicates = scale.images[cells], scale.images_without[:, cells]
    images = _estimated(rows, values, replicates, scale.estimator)
    return tuple(replace(image, thin=image.se is None) for image in images)


def _estimated(
    rows: list[Item], estimate: Reals, without: Reals, estimator: str
) -> tuple[Item, ...]:
    """Rows with estimate, interval and rank within their component; a row without estimate has none of them."""
    shown = inference.intervals(estimate, alignment.jackknife_se(without), len(without))
    component = np.array([row.component for row in rows])
    result = []
    for k, row in enumerate(rows):
        value = inference.told(estimate, k)
        among = estimate[(component == row.component) & np.isfinite(estimate)]
        result.append(
            replace(
                row,
                estimate=value,
                se=inference.told(shown.se, k),
                low=inference.told(shown.low, k),
                high=inference.told(shown.high, k),
                rank=None if value is None else inference.rank(value, among),
                estimators={"e1": None} | ({estimator: value} if estimator else {}),
            )
        )
    return tuple(result)
