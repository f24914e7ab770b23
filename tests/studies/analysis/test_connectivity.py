"""What can be compared with what: small graphs by hand, and data known to fall apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis import bradley_terry, connectivity
from tests.studies.analysis import reference, simulate


def test_components_of_a_chain_of_wins_are_one_weak_and_many_strong() -> None:
    wins = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=float)
    assert [group.tolist() for group in connectivity.components(wins, strong=False)] == [[0, 1, 2]]
    assert len(connectivity.components(wins, strong=True)) == 3


def test_components_come_largest_first() -> None:
    wins = np.zeros((5, 5))
    wins[0, 4] = wins[1, 2] = wins[2, 3] = wins[3, 1] = 1
    groups = [group.tolist() for group in connectivity.components(wins, strong=False)]
    assert groups == [[1, 2, 3], [0, 4]]
    strong = [group.tolist() for group in connectivity.components(wins, strong=True)]
    assert strong == [[1, 2, 3], [0], [4]]


def test_description_names_who_never_won_and_never_lost_but_not_who_never_played() -> None:
    wins = np.array([[0, 2, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=float)
    told = connectivity.describe(("a", "b", "c", "d"), wins)
    assert told.weak == (("a", "b", "c"), ("d",))
    assert told.never_won == ("c",)
    assert told.never_lost == ("a",)


def test_nothing_compared_has_no_groups_of_nothing() -> None:
    assert connectivity.components(np.zeros((0, 0)), strong=True) == []


def test_matrix_when_not_square_or_not_the_names_is_refused() -> None:
    with pytest.raises(ValueError, match="wins: must be square"):
        connectivity.components(np.zeros((2, 3)), strong=False)
    with pytest.raises(ValueError, match="wins: must be 3 x 3"):
        connectivity.describe(("a", "b", "c"), np.zeros((2, 2)))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_strong_components_are_those_of_mutual_reachability(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wins = (rng.random((6, 6)) < 0.25) * 1.0
    np.fill_diagonal(wins, 0)
    reach = np.linalg.matrix_power(np.eye(6) + wins, 6) > 0
    mutual = reach & reach.T
    for group in connectivity.components(wins, strong=True):
        assert mutual[np.ix_(group, group)].all()
        others = np.setdiff1d(np.arange(6), group)
        assert not mutual[np.ix_(group, others)].any()


def test_flatlizards_are_diagnosed() -> None:
    # Whiting et al. 2006, the data of BradleyTerry2: 77 animals, no two of which are strongly linked.
    contests = reference.rows("a_bradley_terry/flatlizards_contests.csv")
    expected = reference.results("a_bradley_terry/flatlizards_diagnostics.json")
    lizards = sorted({row[side] for row in contests for side in ("winner", "loser")})
    wins = np.zeros((len(lizards), len(lizards)), dtype=int)
    for row in contests:
        wins[lizards.index(row["winner"]), lizards.index(row["loser"])] += 1
    ranking = bradley_terry.fit(simulate.votes_from_wins(wins.tolist()))
    told = ranking.connectivity
    assert len(told.strong) == expected["strongly_connected_components"]
    assert len(told.strong[0]) == expected["largest_scc"]
    assert len(told.weak) == expected["weakly_connected_components"]
    assert len(told.never_won) == expected["items_never_won"]
    assert len(told.never_lost) == expected["items_never_lost"]
    assert all(item.mle is None for item in ranking.items)
    assert all(item.estimate is not None for item in ranking.items)
    assert max(item.component for item in ranking.items) == 4
    assert any("groups that were never compared" in warning for warning in ranking.warnings)
    assert any("not finite" in warning for warning in ranking.warnings)
