"""E1, our reading of the CSIQ procedure for placements on lines without ends (statistics.md 3.3).

Every scroll becomes z-scores, since its origin and unit are its participant's own. The scene scrolls then order each
scene's pictures; the agreement scroll, in which all scenes meet, says by a straight line per scene where each scene lies.
"""

from dataclasses import dataclass

import numpy as np

from studies.analysis.checks import Flags, Indices, Reals
from studies.analysis.data import Placements

LEAST_SHARED = 2  # agreement images of a scene that fix its line
FLAT = 1e-12  # a spread of z-scores that is rounding only


@dataclass(frozen=True, eq=False)
class Scores:
    """z-scores summed per participant and image; image = scene * recipes + recipe, I of them.

    scenes, recipes: how many. within, shared: float64[G, I], sums over the scene scrolls and over the agreement
    scrolls. within_n, shared_n: float64[G, I], how many placements. unusable: scrolls without spread. reason: why
    scenes cannot be put on one scale, empty where they can, as far as the design goes.
    """

    scenes: int
    recipes: int
    within: Reals
    within_n: Reals
    shared: Reals
    shared_n: Reals
    unusable: int
    reason: str


@dataclass(frozen=True, eq=False)
class Aligned:
    """Qualities of I images from B sets of participants.

    quality: float64[B, I], mean 0 and sd 1 (ddof 0) over the images; NaN where an image has no placement or its
    scene no line. intercept, slope: float64[B, C], of each scene's line.
    """

    quality: Reals
    intercept: Reals
    slope: Reals


def scores(placements: Placements) -> Scores:
    """z-score every scroll (ddof 1) and sum per participant and image.

    Args:
        placements: n placements.
    Returns:
        Scores; G counts the participants who have a usable scene scroll or agreement scroll.
    """
    _, scroll = np.unique(placements.scroll, return_inverse=True)
    z, usable = z_scores(placements.position, scroll)
    kept = usable[scroll]
    present, participant = np.unique(placements.participant[kept], return_inverse=True)
    recipes = len(placements.recipes)
    image = (placements.scene * recipes + placements.recipe)[kept]
    images, agreement = recipes * len(placements.scenes), placements.agreement[kept]

    def summed(rows: Flags, weight: Reals) -> Reals:
        cell = participant[rows] * images + image[rows]
        flat = np.bincount(cell, weight[rows], len(present) * images)
        return flat.reshape(len(present), images).astype(np.float64)

    one = np.ones(len(image))
    return Scores(
        scenes=len(placements.scenes),
        recipes=recipes,
        within=summed(~agreement, z[kept]),
        within_n=summed(~agreement, one),
        shared=summed(agreement, z[kept]),
        shared_n=summed(agreement, one),
        unusable=int((~usable).sum()),
        reason=_design_fault(placements),
    )


def z_scores(position: Reals, scroll: Indices) -> tuple[Reals, Flags]:
    """z of each placement within its scroll (ddof 1), and which scrolls have two different positions at least.

    Args:
        position: float64[n]; scroll: intp[n], 0 to S - 1, none without a placement.
    Returns:
        float64[n], 0 in an unusable scroll, and bool[S].
    """
    count = np.bincount(scroll)
    mean = np.bincount(scroll, position) / count
    gap = position - mean[scroll]
    low, high = np.full(len(count), np.inf), np.full(len(count), -np.inf)
    np.minimum.at(low, scroll, position)
    np.maximum.at(high, scroll, position)
    usable: Flags = high > low
    square = np.bincount(scroll, gap * gap)
    sd = np.sqrt(square / np.maximum(count - 1, 1))
    z: Reals = gap / np.where(usable, sd, 1.0)[scroll]
    return z, usable


def means(total: Reals, count: Reals) -> Reals:
    """Sums and counts to means.

    Args:
        total, count: float64[...].
    Returns:
        float64[...], NaN where the count is zero.
    """
    mean: Reals = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0.5)
    return mean


def by_scene(values: Reals, scenes: int) -> Reals:
    """Columns of images as a table of scenes and recipes.

    Args:
        values: float64[B, I]; scenes: C > 0, dividing I.
    Returns:
        float64[B, C, I / C].
    """
    return values.reshape(len(values), scenes, values.shape[1] // scenes)


def without_each(values: Reals) -> Reals:
    """Sums over all participants but one, for each.

    Args:
        values: float64[G, I].
    Returns:
        float64[G, I].
    """
    rest: Reals = values.sum(axis=0) - values
    return rest


def align(within: Reals, shared: Reals, scenes: int) -> Aligned:
    """Put scenes on one scale: per scene the least-squares line of shared on within, over its agreement images.

    Args:
        within, shared: float64[B, I], mean z per image in scene and agreement scrolls; NaN where there is none.
        scenes: C, dividing I.
    Returns:
        Aligned.
    """
    x, y = by_scene(within, scenes), by_scene(shared, scenes)
    both = np.isfinite(x) & np.isfinite(y)
    count = both.sum(axis=2)
    middle_x = means(np.where(both, x, 0.0).sum(axis=2), count)
    middle_y = means(np.where(both, y, 0.0).sum(axis=2), count)
    dx = np.where(both, x - middle_x[:, :, None], 0.0)
    dy = np.where(both, y - middle_y[:, :, None], 0.0)
    spread = (dx * dx).sum(axis=2)
    fixed = (count >= LEAST_SHARED) & (spread > FLAT)
    slope = np.where(fixed, (dx * dy).sum(axis=2), np.nan) / np.where(fixed, spread, 1.0)
    intercept = middle_y - slope * middle_x
    quality = (intercept[:, :, None] + slope[:, :, None] * x).reshape(within.shape)
    return Aligned(quality=standardised(quality), intercept=intercept, slope=slope)


def centred_by_scene(quality: Reals, scenes: int) -> Reals:
    """Each scene's images with their mean taken off.

    Args:
        quality: float64[B, I], NaN where missing; scenes: C, dividing I.
    Returns:
        float64[B, I].
    """
    table = by_scene(quality, scenes)
    present = np.isfinite(table)
    total = np.where(present, table, 0.0).sum(axis=2, keepdims=True)
    centred: Reals = table - means(total, present.sum(axis=2, keepdims=True))
    return centred.reshape(quality.shape)


def standardised(quality: Reals) -> Reals:
    """To mean 0 and standard deviation 1 (ddof 0) over the images that have a number.

    Args:
        quality: float64[B, I], NaN where missing.
    Returns:
        float64[B, I]; NaN throughout a row without spread.
    """
    present = np.isfinite(quality)
    count = present.sum(axis=1, keepdims=True).astype(np.float64)
    mean = means(np.where(present, quality, 0.0).sum(axis=1, keepdims=True), count)
    gap = np.where(present, quality - mean, 0.0)
    sd = np.sqrt(means((gap * gap).sum(axis=1, keepdims=True), count))
    sd = np.where(sd > FLAT, sd, np.nan)
    result: Reals = (quality - mean) / sd
    return result


def low_to_high(quality: Reals, count: int) -> list[int]:
    """Some of a scene's images, from the lowest to the highest in even steps of rank.

    Args:
        quality: float64[n], larger is better.
        count: how many, up to n.
    Returns:
        Indices into quality, the lowest first; of equal ones the first.
    """
    order = np.argsort(quality, kind="stable")
    steps = np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(np.intp)
    return [int(order[step]) for step in steps]


def jackknife_se(replicates: Reals) -> Reals:
    """Delete-one-participant jackknife: sqrt((G - 1)/G sum (q_(-g) - mean)^2) (Efron & Tibshirani 1993, 11.5).

    Args:
        replicates: float64[G, I], estimates without each participant.
    Returns:
        float64[I]; NaN where a replicate is.
    """
    groups = len(replicates)
    if groups < 2:
        return np.full(replicates.shape[1], np.nan)
    gap = replicates - replicates.mean(axis=0)
    se: Reals = np.sqrt((groups - 1) / groups * (gap * gap).sum(axis=0))
    return se


def _design_fault(placements: Placements) -> str:
    """Why the agreement scrolls cannot join the scenes, empty where they can: one set of images, once per person."""
    rows = placements.agreement
    if not rows.any():
        return "there is no agreement scroll"
    people, scrolls = placements.participant[rows], placements.scroll[rows]
    if len(np.unique(np.stack([people, scrolls]), axis=1).T) > len(np.unique(people)):
        return "a participant has several agreement scrolls, whose z-scores cannot be compared"
    # An image stands once in a scroll, so equal sets are sets as large as their union.
    image = (placements.scene * len(placements.recipes) + placements.recipe)[rows]
    _, sizes = np.unique(scrolls, return_counts=True)
    if (sizes != len(np.unique(image))).any():
        return "the agreement scrolls do not all show the same images"
    return ""
