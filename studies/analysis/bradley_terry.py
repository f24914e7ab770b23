"""The two-up ranking: Firth's Bradley-Terry estimate with the side effect, clustered by participant (statistics.md 3.1)."""

from dataclasses import dataclass

import numpy as np

from studies.analysis import choix_ranking, connectivity, inference, pairwise, tally, wording
from studies.analysis.checks import Indices
from studies.analysis.data import Votes
from studies.analysis.inference import Estimate
from studies.analysis.result import Counts, Item, Ranking, SideEffect, number
from studies.analysis.tally import Sample


@dataclass(frozen=True)
class _Part:
    """One component's rows, side effect and warnings."""

    rows: tuple[Item, ...]
    side: SideEffect | None
    warnings: tuple[str, ...]


def fit(votes: Votes, *, side_effect: bool = True) -> Ranking:
    """Rank the recipes of a two-up study, and the pictures of each scene.

    The headline is the Firth estimate with the side effect, by Newton's method; `bradley_terry` is the one through
    choix without it. Derived pairs (`votes.sided` false) and side_effect=False have the latter only. Items that were
    never linked are ranked apart; thin data give warnings in place of numbers, not an exception.

    Args:
        votes: n votes on K items, n and K from 0 up.
        side_effect: False leaves the side effect out of the headline.
    Returns:
        Ranking with K items, estimates in logits with sum zero within each component.
    Raises:
        ArithmeticError: when a fit that has a finite answer does not find it.
    """
    wins = tally.win_matrix(votes)
    connected = connectivity.describe(votes.items, wins)
    by_choix = choix_ranking.rank(votes)
    images, thin = choix_ranking.rank_images(votes)
    with_side = side_effect and votes.sided
    rows = {item.name: item for item in by_choix.items}
    parts = [
        _with_side(votes, members, number)
        if with_side
        else _without_side(votes, members, tuple(rows[votes.items[k]] for k in members))
        for number, members in enumerate(choix_ranking.groups(votes), start=1)
        if len(members) > 1
    ]
    rows |= {item.name: item for part in parts for item in part.rows}
    warnings = [sentence for part in parts for sentence in part.warnings]
    if with_side and len(parts) > 1:
        warnings.append(wording.SIDE_APART)
    return Ranking(
        protocol="two-up",
        items=tuple(rows[name] for name in votes.items),
        n=_counts(votes),
        pairs=tuple(tuple(int(count) for count in row) for row in wins),
        connectivity=connected,
        bradley_terry=by_choix,
        images=images,
        side_effect=parts[0].side if len(parts) == 1 else None,
        warnings=wording.unique([*wording.apart(connected), *warnings, *by_choix.warnings, *thin]),
    )


def _counts(votes: Votes) -> Counts:
    return Counts(
        participants=len(votes.participants),
        trials=len(votes.left),
        scenes=len(votes.scenes),
        items=len(votes.items),
        skips=votes.skips,
        ties=votes.ties,
    )


def _without_side(votes: Votes, members: Indices, rows: tuple[Item, ...]) -> _Part:
    """The choix ranking as headline."""
    participants = len(np.unique(votes.participant[np.isin(votes.left, members)]))
    return _Part(rows, None, wording.of_rows(rows, participants))


def _with_side(votes: Votes, members: Indices, component: int) -> _Part:
    """Newton's fit with the side effect, where the sides were exchanged."""
    data = tally.sample(votes, members)
    identified = pairwise.side_is_identified(data)
    headline = pairwise.estimate(data, pairwise.firth(data, with_side=identified))
    mle = choix_ranking.unpenalised(data, with_side=identified)
    group = choix_ranking.group_of(votes, members, tally.tallies(votes), component)
    rows = tuple(inference.rows(group, headline, mle))
    warnings = wording.of_rows(rows, data.participants)
    if not identified:
        return _Part(rows, None, (*warnings, wording.SIDE_UNKNOWN))
    return _Part(rows, _side_effect(data, headline, mle), warnings)


def _side_effect(data: Sample, headline: Estimate, mle: Estimate | None) -> SideEffect:
    groups, estimate = headline.participants, headline.others[0]
    naive, clustered = headline.se_naive()[-1], headline.se_clustered()[-1]
    # Who always takes the left one leaves no residuals: the same rule as for items.
    few = inference.few_reversals(data.left_wins.sum(), data.right_wins.sum())
    se = max(naive, clustered) if few else clustered
    width = inference.quantile(groups) * se
    return SideEffect(
        estimate=float(estimate),
        se_naive=float(naive),
        se_clustered=number(clustered),
        low=number(estimate - width),
        high=number(estimate + width),
        p=number(inference.p_value(estimate, se, groups)),
        mle=None if mle is None else float(mle.others[0]),
        mle_se_naive=None if mle is None else float(mle.se_naive()[-1]),
        mle_se_clustered=None if mle is None else number(mle.se_clustered()[-1]),
    )
