"""How sure: covariance clustered by participant, t-intervals, and the rule for items with few reversals.

Votes of one participant are not independent; taken as independent their intervals are too short by a factor of
1.2 to 4 on real data (statistics.md 0 and 1.4).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit  # Student's t; scipy.stats takes seconds to import

from studies.analysis.checks import Flags, Reals
from studies.analysis.result import Item, number

LEAST_PARTICIPANTS = 5
FEW = 10
LEVEL = 0.95
TOLERANCE = 1e-9  # estimates nearer than this share a rank


@dataclass(frozen=True, eq=False)
class Intervals:
    """Standard errors and limits of K estimates; NaN throughout where there are too few participants."""

    se: Reals
    low: Reals
    high: Reals


@dataclass(frozen=True, eq=False)
class Estimate:
    """A fitted model, as far as intervals need it; the first K of its P parameters are the items.

    theta: float64[K], sum zero. others: float64[P - K], side or slot effects. bread: float64[P, P], inverse
    information of the unpenalised likelihood at the estimate. scores: float64[G, P], each participant's score there.
    """

    theta: Reals
    others: Reals
    bread: Reals
    scores: Reals

    @property
    def participants(self) -> int:
        """G, the number of clusters."""
        return len(self.scores)

    def se_naive(self) -> Reals:
        """float64[P], as if every answer came from another person."""
        return np.sqrt(np.maximum(np.diag(self.bread), 0.0))

    def se_clustered(self) -> Reals:
        """float64[P], plain CR1; NaN throughout below five participants."""
        if self.participants < LEAST_PARTICIPANTS:
            return np.full(len(self.bread), np.nan)
        covariance = clustered_covariance(self.bread, self.scores)
        return np.sqrt(np.maximum(np.diag(covariance), 0.0))


def clustered_covariance(bread: Reals, scores: Reals, *, small_sample: bool = True) -> Reals:
    """Sandwich covariance clustered by participant: CR1 = G/(G-1) V (sum_g s_g s_g') V (Liang & Zeger 1986).

    Args:
        bread: float64[P, P], inverse information of the unpenalised likelihood.
        scores: float64[G, P], each participant's summed score at the estimate.
        small_sample: False leaves the factor G/(G-1) out (CR0).
    Returns:
        float64[P, P]; zeros for no participant, NaN for CR1 of a single one.
    Raises:
        ValueError: when the shapes do not fit.
    """
    if scores.ndim != 2 or bread.shape != (scores.shape[1], scores.shape[1]):
        raise ValueError(f"scores: must be (G, P) for a P x P bread, got {scores.shape}")
    half = scores @ bread
    covariance: Reals = half.T @ half
    if not small_sample:
        return covariance
    groups = len(scores)
    return covariance * (groups / (groups - 1) if groups > 1 else np.nan)


def quantile(participants: int, level: float = LEVEL) -> float:
    """The two-sided t quantile with G - 1 degrees of freedom.

    Args:
        participants: G, the number of clusters.
        level: coverage, in (0, 1).
    Returns:
        The quantile; NaN below five participants, from whom nothing is inferred about others.
    """
    if participants < LEAST_PARTICIPANTS:
        return float("nan")
    return float(stdtrit(participants - 1, 0.5 + level / 2))


def p_value(estimate: float, se: float, participants: int) -> float:
    """The two-sided p-value of an estimate against zero by t with G - 1 degrees of freedom.

    Args:
        estimate, se: in the same unit, se > 0.
        participants: G.
    Returns:
        p in [0, 1]; NaN below five participants or without a positive se.
    """
    if participants < LEAST_PARTICIPANTS or not se > 0:
        return float("nan")
    return float(2 * stdtr(participants - 1, -abs(estimate) / se))


def few_reversals(wins: Reals, losses: Reals) -> Flags:
    """Items whose clustered variance collapses: fewer than ten wins or fewer than ten losses (statistics.md 1.4).

    Args:
        wins, losses: float64[K], counts.
    Returns:
        bool[K].
    """
    few: Flags = (wins < FEW) | (losses < FEW)
    return few


def contrast_variance(contrasts: Reals, clustered: Reals, model: Reals, few: Flags) -> Reals:
    """Variances of contrasts of items; the larger of the two where an item of the contrast has few reversals.

    Args:
        contrasts: float64[C, K], weights of the items.
        clustered, model: float64[K, K], CR1 and model-based covariance of the items.
        few: bool[K], from `few_reversals`.
    Returns:
        float64[C].
    """
    by_cluster = np.einsum("ck,kl,cl->c", contrasts, clustered, contrasts)
    by_model = np.einsum("ck,kl,cl->c", contrasts, model, contrasts)
    touched = (contrasts[:, few] != 0).any(axis=1)
    variance: Reals = np.where(touched, np.maximum(by_cluster, by_model), by_cluster)
    return variance


def item_intervals(fitted: Estimate, few: Flags) -> Intervals:
    """95 % intervals of items against their mean: estimate +- t(G-1) se, by the few-reversals rule.

    Args:
        fitted: K items among its parameters.
        few: bool[K], from `few_reversals`.
    Returns:
        Intervals of K items.
    """
    # Every item enters the mean that is taken off, yet only the row's own reversals count here: with one
    # item of six at +3.5 logits this covers 93-97 % for every item (600 simulated studies, G = 15 and 30),
    # widening all rows covers 96-99 %.
    size = len(fitted.theta)
    clustered, naive = fitted.se_clustered()[:size], fitted.se_naive()[:size]
    se = np.where(few, np.maximum(clustered, naive), clustered)
    return intervals(fitted.theta, se, fitted.participants)


def intervals(estimate: Reals, se: Reals, participants: int) -> Intervals:
    """Estimates and standard errors to t-intervals.

    Args:
        estimate, se: float64[K]; a NaN in se stays one.
        participants: G; below five every number is NaN.
    Returns:
        Intervals of K estimates.
    """
    width = quantile(participants) * se
    shown: Reals = np.where(np.isnan(width), np.nan, se)
    return Intervals(se=shown, low=estimate - width, high=estimate + width)


def rank(value: float, among: Reals) -> int:
    """1 for the largest; equal estimates share the better rank.

    Args:
        value: an estimate. among: float64[K], finite, all that it is ranked with.
    Returns:
        1 + how many are larger.
    """
    return 1 + int((among > value + TOLERANCE).sum())


@dataclass(frozen=True, eq=False)
class Group:
    """Items that were compared with each other, and how often.

    names: K. n, wins, losses: float64[K], trials shown, won, lost. component: 1, 2, ...
    """

    names: tuple[str, ...]
    n: Reals
    wins: Reals
    losses: Reals
    component: int = 1


def rows(group: Group, headline: Estimate, mle: Estimate | None) -> list[Item]:
    """The table of one group.

    Args:
        group: names and counts.
        headline: what is ranked.
        mle: the unpenalised fit, None where it is infinite.
    Returns:
        K items, ranked among themselves.
    """
    few = few_reversals(group.wins, group.losses)
    shown = item_intervals(headline, few)
    naive = None if mle is None else mle.se_naive()
    clustered = None if mle is None else mle.se_clustered()
    return [
        Item(
            name=name,
            n=int(group.n[k]),
            wins=int(group.wins[k]),
            losses=int(group.losses[k]),
            estimate=float(headline.theta[k]),
            se=told(shown.se, k),
            low=told(shown.low, k),
            high=told(shown.high, k),
            rank=rank(float(headline.theta[k]), headline.theta),
            few_reversals=bool(few[k]),
            component=group.component,
            mle=None if mle is None else told(mle.theta, k),
            mle_se_naive=told(naive, k),
            mle_se_clustered=told(clustered, k),
        )
        for k, name in enumerate(group.names)
    ]


def unranked(name: str, component: int, n: int = 0) -> Item:
    """The row of an item that was compared with nothing.

    Args:
        name, component: of the item.
        n: trials in which it was shown.
    Returns:
        An item without estimate and rank.
    """
    return Item(name=name, n=n, wins=0, losses=0, component=component)


def told(values: Reals | None, index: int) -> float | None:
    """One value of a column for a result record.

    Args:
        values: float64[K], or None where there is no such column.
        index: of the row.
    Returns:
        The value; None for NaN and for a missing column.
    """
    return None if values is None else number(float(values[index]))
