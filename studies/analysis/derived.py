"""Pairs that nobody was asked, read out of choices and placements; they feed a Bradley-Terry ranking beside the own model.

Pairs of one answer hang together: only intervals clustered by participant mean anything on them.
"""

import numpy as np

from studies.analysis.checks import Indices
from studies.analysis.data import Choices, Placements, Votes


def from_choices(choices: Choices) -> Votes:
    """The chosen picture over each other one shown.

    Args:
        choices: n answers with up to m options.
    Returns:
        Votes without sides, left the chosen one; up to n (m - 1) of them.
    """
    rows = np.arange(len(choices.chosen))
    winner = choices.options[rows, choices.chosen]
    others = choices.options >= 0
    others[rows, choices.chosen] = False
    row, slot = np.nonzero(others)
    return Votes(
        items=choices.items,
        participants=choices.participants,
        scenes=choices.scenes,
        participant=choices.participant[row],
        scene=choices.scene[row],
        left=winner[row],
        right=choices.options[row, slot],
        left_won=np.ones(len(row), dtype=np.bool_),
        skips=choices.skips,
        sided=False,
        trial=row,
    )


def from_placements(placements: Placements) -> Votes:
    """All pairs within a scene's scroll, the higher position preferred; equal positions are ties, left out and counted.

    The agreement scrolls are left out: they show the same pictures to the same people again.

    Args:
        placements: n placements.
    Returns:
        Votes without sides, left the preferred one.
    """
    scene_rows = np.flatnonzero(~placements.agreement)
    first, second = _pairs_within(placements.scroll[scene_rows])
    first, second = scene_rows[first], scene_rows[second]
    gap = placements.position[first] - placements.position[second]
    better = np.where(gap > 0, first, second)[gap != 0]
    worse = np.where(gap > 0, second, first)[gap != 0]
    return Votes(
        items=placements.recipes,
        participants=placements.participants,
        scenes=placements.scenes,
        participant=placements.participant[better],
        scene=placements.scene[better],
        left=placements.recipe[better],
        right=placements.recipe[worse],
        left_won=np.ones(len(better), dtype=np.bool_),
        ties=int((gap == 0).sum()),
        sided=False,
        trial=placements.scroll[better],
    )


def _pairs_within(group: Indices) -> tuple[Indices, Indices]:
    """Rows of every pair of rows that share a group, each pair once."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    first, second = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)]
    for members in np.split(order, starts[1:]):
        one, other = np.triu_indices(len(members), k=1)
        first.append(members[one])
        second.append(members[other])
    return np.concatenate(first), np.concatenate(second)
