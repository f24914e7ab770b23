"""Which items can be ranked against each other at all: components of the win graph (statistics.md 3.0)."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from studies.analysis.checks import Indices, Reals
from studies.analysis.result import Connectivity


def components(wins: Reals, *, strong: bool) -> list[Indices]:
    """Groups of items that are linked by comparisons.

    Args:
        wins: float64[K, K], wins[i, j] > 0 where i was ever preferred to j.
        strong: True: reachable by wins in both directions; False: by any comparison.
    Returns:
        Indices of the items of each group, ascending; the largest group first, equal ones by their first item.
    Raises:
        ValueError: when wins is not square.
    """
    if wins.ndim != 2 or wins.shape[0] != wins.shape[1]:
        raise ValueError(f"wins: must be square, got shape {wins.shape}")
    if not len(wins):
        return []
    number, label = connected_components(
        csr_array((wins > 0).astype(np.float64)),
        directed=True,
        connection="strong" if strong else "weak",
    )
    groups: list[Indices] = [np.flatnonzero(label == one) for one in range(number)]
    return sorted(groups, key=lambda group: (-len(group), int(group[0])))


def describe(names: Sequence[str], wins: Reals) -> Connectivity:
    """The connectivity of a study, by name.

    Args:
        names: K item names.
        wins: float64[K, K], wins of row over column.
    Returns:
        Components (weak and strong) and the items that were shown and never won, or never lost.
    Raises:
        ValueError: when the shapes do not fit.
    """
    if wins.shape != (len(names), len(names)):
        raise ValueError(f"wins: must be {len(names)} x {len(names)}, got shape {wins.shape}")
    won, lost = wins.sum(axis=1), wins.sum(axis=0)

    def named(group: Indices) -> tuple[str, ...]:
        return tuple(names[index] for index in group)

    return Connectivity(
        weak=tuple(named(group) for group in components(wins, strong=False)),
        strong=tuple(named(group) for group in components(wins, strong=True)),
        never_won=named(np.flatnonzero((won == 0) & (lost > 0))),
        never_lost=named(np.flatnonzero((lost == 0) & (won > 0))),
    )
