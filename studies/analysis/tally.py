"""Votes as count matrices: the aggregation that makes every fit independent of how many votes there are."""

from dataclasses import dataclass

import numpy as np

from studies.analysis.checks import Indices, Reals
from studies.analysis.data import Votes


@dataclass(frozen=True, eq=False)
class Sample:
    """Votes on K items that are linked, items and participants renumbered from 0.

    left, right, left_won, participant: columns of n votes. participants: G. left_wins, right_wins: float64[K, K],
    counts at [left, right] of the votes that the left, or the right one, won.
    """

    left: Indices
    right: Indices
    left_won: Reals
    participant: Indices
    participants: int
    left_wins: Reals
    right_wins: Reals

    @property
    def wins(self) -> Reals:
        """float64[K, K], wins of row over column whatever the side."""
        return self.left_wins + self.right_wins.T


def win_matrix(votes: Votes) -> Reals:
    """Wins of each item over each other.

    Args:
        votes: n votes on K items.
    Returns:
        float64[K, K], wins of row over column.
    """
    size = len(votes.items)
    winner = np.where(votes.left_won, votes.left, votes.right)
    loser = np.where(votes.left_won, votes.right, votes.left)
    return _counted(winner, loser, size)


def tallies(votes: Votes) -> tuple[Reals, Reals, Reals]:
    """In how many answers each item was compared, won at least once, and lost at least once.

    Several pairs derived from one answer are no more evidence against chance than one: they count once.

    Args:
        votes: n votes on K items.
    Returns:
        n, wins, losses: float64[K] each.
    """
    if votes.trial is None:
        wins = win_matrix(votes)
        return wins.sum(axis=1) + wins.sum(axis=0), wins.sum(axis=1), wins.sum(axis=0)
    size = len(votes.items)
    _, answer = np.unique(votes.trial, return_inverse=True)
    winner = np.where(votes.left_won, votes.left, votes.right)
    loser = np.where(votes.left_won, votes.right, votes.left)

    def once(answers: Indices, items: Indices) -> Reals:
        seen = np.unique(answers * size + items) if size else answers
        return np.bincount(seen % max(size, 1), minlength=size).astype(np.float64)

    both = once(np.concatenate([answer, answer]), np.concatenate([winner, loser]))
    return both, once(answer, winner), once(answer, loser)


def sample(votes: Votes, members: Indices) -> Sample:
    """The votes among some items.

    Args:
        votes: n votes on K items.
        members: intp[k], the items; no vote may link them to another.
    Returns:
        A sample over k items.
    Raises:
        ValueError: when a vote compares a member with another item.
    """
    place = np.full(len(votes.items), -1, dtype=np.intp)
    place[members] = np.arange(len(members))
    left, right = place[votes.left], place[votes.right]
    if ((left < 0) != (right < 0)).any():
        raise ValueError("members: must be a whole component, a vote links one to another item")
    kept = left >= 0
    left, right, won = left[kept], right[kept], votes.left_won[kept]
    present, participant = np.unique(votes.participant[kept], return_inverse=True)
    return Sample(
        left=left,
        right=right,
        left_won=won.astype(np.float64),
        participant=participant.astype(np.intp),
        participants=len(present),
        left_wins=_counted(left[won], right[won], len(members)),
        right_wins=_counted(left[~won], right[~won], len(members)),
    )


def _counted(row: Indices, column: Indices, size: int) -> Reals:
    flat = np.bincount(row * size + column, minlength=size * size)
    return flat.reshape(size, size).astype(np.float64)
