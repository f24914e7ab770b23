"""E2, the joint maximum-likelihood scale of placements on lines without ends (statistics.md 3.3).

Every scroll s has an origin and a unit of its own, every image u one quality for all: z = g_s x + a_s - q_u is noise of
one size. All scrolls enter alike, so participants may have several agreement scrolls, or sets of their own.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from studies.analysis import alignment
from studies.analysis.checks import Indices, Reals
from studies.analysis.data import Placements

STEPS_MAX = 200
CLOSE = 1e-12  # a squared Newton decrement that ends the search
RIDGE = 1e-9  # per placement: bounds the gains of scrolls without noise, and fixes the common shift


@dataclass(frozen=True, eq=False)
class _Lines:
    """The likelihood of S scrolls and I images: sum n_s log g_s - 1/2 t'Mt, with t the S gains, then the S origins.

    Given t an image lies at the mean of its placements, so the images are eliminated: M is quadratic and made once,
    and the whole concave. size: float64[S], placements per scroll. person: intp[S], from 0. table: float64[I, 2S],
    the placements by image: z-scores, then ones. placed: float64[I], placements per image. matrix: float64[2S, 2S], M.
    """

    size: Reals
    person: Indices
    table: Reals
    placed: Reals
    matrix: Reals

    def without(self, person: int) -> "_Lines":
        """The likelihood without one participant's scrolls; only images that he placed change their mean."""
        stay = np.flatnonzero(self.person != person)
        columns = np.concatenate([stay, len(self.size) + stay])
        gone = np.flatnonzero(self.person == person)
        fewer = self.placed - self.table[:, len(self.size) + gone].sum(axis=1)
        touched = np.flatnonzero(fewer < self.placed)
        table = self.table[:, columns]
        more = _inverse(fewer[touched]) - _inverse(self.placed[touched])
        matrix = self.matrix[np.ix_(columns, columns)]
        matrix = matrix - table[touched].T @ (more[:, None] * table[touched])
        return _Lines(self.size[stay], self.person[stay], table, fewer, matrix)

    def start(self) -> Reals:
        """Equal gains at their best common size, all origins at zero."""
        gains = np.concatenate([np.ones(len(self.size)), np.zeros(len(self.size))])
        noise = float(gains @ self.matrix @ gains) + RIDGE * self.size.sum()
        start: Reals = gains * np.sqrt(self.size.sum() / noise)
        return start

    def quality(self, lines: Reals) -> Reals:
        """The images' qualities under given gains and origins, standardised; NaN for an image that has no placement."""
        mean = alignment.means(self.table @ lines, self.placed)
        quality: Reals = alignment.standardised(mean[None])[0]
        return quality


def fault(placements: Placements) -> str:
    """Why the scrolls do not put all images on one scale, empty where they do.

    Args:
        placements: n placements.
    Returns:
        A clause: scrolls hang together where they have two images in common, and all must.
    """
    _, scroll = np.unique(placements.scroll, return_inverse=True)
    image = placements.scene * len(placements.recipes) + placements.recipe
    shows = csr_array((np.ones(len(image)), (scroll, image)))
    joined = (shows @ shows.T >= alignment.LEAST_SHARED).astype(np.float64)
    groups, _ = connected_components(joined, directed=False)
    if groups <= 1:
        return ""
    return f"the scrolls fall into {groups} groups that have fewer than two images in common"


def fit(placements: Placements) -> tuple[Reals, Reals]:
    """The images' qualities on one scale, from all participants and without each in turn.

    Args:
        placements: n placements whose scrolls hang together (see `fault`); scrolls whose pictures lie on one spot are
            left out.
    Returns:
        float64[I] and float64[G, I], I = scenes * recipes (image = scene * recipes + recipe), G the participants with
        a usable scroll, in the order of their indices; mean 0 and sd 1 (ddof 0) over the images placed, NaN for others.
    Raises:
        ArithmeticError: when the search does not end.
    """
    lines = _lines(placements)
    best = _search(lines, lines.start())
    people = int(lines.person.max(initial=-1)) + 1
    without = np.empty((people, len(lines.placed)))
    for person in range(people):
        rest = lines.without(person)
        kept = np.tile(lines.person != person, 2)
        without[person] = rest.quality(_search(rest, best[kept]))
    return lines.quality(best), without


def _lines(placements: Placements) -> _Lines:
    _, scroll = np.unique(placements.scroll, return_inverse=True)
    z, usable = alignment.z_scores(placements.position, scroll)
    kept = usable[scroll]
    _, first, scroll = np.unique(scroll[kept], return_index=True, return_inverse=True)
    _, person = np.unique(placements.participant[kept][first], return_inverse=True)
    image = (placements.scene * len(placements.recipes) + placements.recipe)[kept]
    images, scrolls = len(placements.scenes) * len(placements.recipes), len(first)
    table = np.zeros((images, 2 * scrolls))
    table[image, scroll] = z[kept]
    table[image, scrolls + scroll] = 1.0
    placed = table[:, scrolls:].sum(axis=1)
    size = np.bincount(scroll, minlength=scrolls).astype(np.float64)
    # z-scores: their squares sum to n - 1, and they are orthogonal to the ones.
    matrix = np.diag(np.concatenate([size - 1, size])) - table.T @ (
        _inverse(placed)[:, None] * table
    )
    return _Lines(size, person, table, placed, matrix)


def _search(lines: _Lines, at: Reals) -> Reals:
    """Newton's method with halved steps, from a point whose gains are positive."""
    scrolls = len(lines.size)
    matrix = lines.matrix + np.diag(RIDGE * np.tile(lines.size, 2))
    zeros = np.zeros(scrolls)

    def height(point: Reals) -> float:
        gains = point[:scrolls]
        if (gains <= 0).any():
            return -np.inf
        return float(lines.size @ np.log(gains) - point @ matrix @ point / 2)

    for _ in range(STEPS_MAX):
        gains = at[:scrolls]
        slope = np.concatenate([lines.size / gains, zeros]) - matrix @ at
        step = np.linalg.solve(
            matrix + np.diag(np.concatenate([lines.size / gains**2, zeros])), slope
        )
        rise = float(slope @ step)
        if rise < CLOSE:
            return at
        length, here = 1.0, height(at)
        while height(at + length * step) < here + 1e-4 * length * rise:
            length /= 2
            if length < 1e-12:  # no higher point can be told from this one
                return at
        at = at + length * step
    raise ArithmeticError(f"E2: no maximum found in {STEPS_MAX} steps over {scrolls} scrolls")


def _inverse(counts: Reals) -> Reals:
    one: Reals = np.divide(1.0, counts, out=np.zeros(len(counts)), where=counts > 0.5)
    return one
