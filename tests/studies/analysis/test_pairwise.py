"""The Bradley-Terry fits against published tables, other software, and the definition of their maximum."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis import connectivity, pairwise, tally
from studies.analysis.checks import Reals
from studies.analysis.data import Votes
from studies.analysis.tally import Sample
from tests.studies.analysis import reference, simulate

# Citations between four journals of statistics, 1987-89 (Stigler 1994, Statistical Science 9: 94-108), row cited by
# column. Order: Biometrika, Communications in Statistics, JASA, JRSS-B.
CITATIONS = [[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]]
# Abilities against Biometrika and their errors as the vignette of R's BradleyTerry2 prints them (Turner & Firth 2012,
# Journal of Statistical Software 48(9), section 2).
CITATIONS_ABILITY = [0.0, -2.94907, -0.47957, 0.26895]
CITATIONS_ERROR = [0.0, 0.10255, 0.06059, 0.07083]

# American League, eastern division, 1987 (Agresti 2002, Categorical Data Analysis, 2nd ed., table 10.10, p. 438):
# wins at home of the row team over the column team, and the games that it lost at home.
# Order: Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore.
BASEBALL_WON = [
    [0, 4, 4, 4, 6, 4, 6],
    [3, 0, 4, 4, 6, 6, 4],
    [2, 4, 0, 2, 4, 4, 6],
    [3, 5, 2, 0, 4, 4, 6],
    [5, 2, 3, 4, 0, 5, 6],
    [2, 3, 3, 4, 4, 0, 2],
    [2, 1, 1, 2, 1, 3, 0],
]
BASEBALL_LOST = [
    [0, 3, 2, 3, 1, 2, 0],
    [3, 0, 2, 3, 0, 1, 3],
    [5, 3, 0, 4, 3, 2, 0],
    [3, 1, 5, 0, 3, 2, 1],
    [1, 5, 3, 2, 0, 2, 0],
    [5, 3, 4, 3, 2, 0, 4],
    [5, 5, 6, 4, 6, 4, 0],
]
# The same fit in Agresti's table and in the printout of BradleyTerry2: effect of home 0.3023 (0.1309); abilities
# against Baltimore, in the order above.
BASEBALL_HOME = (0.3023, 0.1309)
BASEBALL_ABILITY = [1.6196, 1.4754, 1.3271, 1.2813, 1.1438, 0.7047, 0.0]
BASEBALL_ERROR = [0.3474, 0.3446, 0.3403, 0.3404, 0.3378, 0.3350, 0.0]


def counted(left_wins: Reals, right_wins: Reals | None = None) -> Sample:
    """A sample of counts alone, fractions allowed: enough for everything but clustering."""
    none = np.empty(0, dtype=np.intp)
    other = np.zeros_like(left_wins) if right_wins is None else right_wins
    return Sample(none, none, none.astype(float), none, 0, left_wins, other)


def against_first(fit: pairwise.Fit, first: int = 0) -> tuple[Reals, Reals]:
    """Abilities and standard errors with one item held at zero."""
    own = np.diag(fit.bread)[: len(fit.theta)]
    cross = fit.bread[first, : len(fit.theta)]
    return fit.theta - fit.theta[first], np.sqrt(np.maximum(own + own[first] - 2 * cross, 0))


def finite(fit: pairwise.Fit | None) -> pairwise.Fit:
    assert fit is not None
    return fit


def test_citations_are_as_published() -> None:
    fit = finite(pairwise.maximum_likelihood(counted(np.array(CITATIONS, float)), with_side=False))
    ability, error = against_first(fit)
    np.testing.assert_allclose(ability, CITATIONS_ABILITY, atol=6e-6)
    np.testing.assert_allclose(error, CITATIONS_ERROR, atol=6e-6)


def test_baseball_with_home_effect_is_as_published() -> None:
    data = counted(np.array(BASEBALL_WON, float), np.array(BASEBALL_LOST, float))
    fit = finite(pairwise.maximum_likelihood(data, with_side=True))
    assert fit.side == pytest.approx(BASEBALL_HOME[0], abs=6e-5)
    assert np.sqrt(fit.bread[-1, -1]) == pytest.approx(BASEBALL_HOME[1], abs=6e-5)
    ability, error = against_first(fit, first=6)
    np.testing.assert_allclose(ability, BASEBALL_ABILITY, atol=6e-5)
    np.testing.assert_allclose(error, BASEBALL_ERROR, atol=6e-5)


def test_citations_agree_with_the_reference() -> None:
    expected = reference.results("a_bradley_terry/citations_reference.json")
    fit = finite(pairwise.maximum_likelihood(counted(np.array(CITATIONS, float)), with_side=False))
    np.testing.assert_allclose(fit.theta, expected["ability_centred"], atol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.bread)), expected["se_centred"], atol=1e-6)
    np.testing.assert_allclose(fit.bread, expected["vcov_centred"], atol=1e-6)


@pytest.mark.parametrize("with_side", [False, True])
def test_baseball_agrees_with_the_reference(with_side: bool) -> None:
    kind = "order" if with_side else "noorder"
    expected = reference.results(f"a_bradley_terry/baseball_{kind}_reference.json")
    index = {team: number for number, team in enumerate(expected["items"])}
    won, lost = np.zeros((7, 7)), np.zeros((7, 7))
    for row in reference.rows("a_bradley_terry/baseball_counts.csv"):
        cell = index[row["first"]], index[row["second"]]
        won[cell] += float(row["first_wins"])
        lost[cell] += float(row["second_wins"])
    fit = finite(pairwise.maximum_likelihood(counted(won, lost), with_side=with_side))
    np.testing.assert_allclose(fit.theta, expected["ability_centred"], atol=1e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.bread))[:7], expected["se_centred"], atol=1e-5)
    if with_side:
        assert fit.side == pytest.approx(expected["order_effect"], abs=1e-5)
        assert np.sqrt(fit.bread[-1, -1]) == pytest.approx(expected["order_effect_se"], abs=1e-5)


@pytest.mark.parametrize(
    "case",
    [
        "item0_wins_all",
        "item2_loses_all",
        "one_way_bridge",
        "single_comparison_each",
        "citations",
    ],
)
def test_firth_agrees_with_brglm2(case: str) -> None:
    expected = reference.results("a_bradley_terry/firth_separation_reference.json")[case]
    wins = np.array(expected["W"], dtype=float)
    for fit in (pairwise.firth_by_choix(wins), pairwise.firth(counted(wins), with_side=False)):
        np.testing.assert_allclose(fit.theta, expected["firth_ability_centred"], atol=1e-6)
        np.testing.assert_allclose(
            np.sqrt(np.diag(fit.bread)), expected["firth_se_centred"], atol=1e-6
        )
    exists = pairwise.maximum_likelihood(counted(wins), with_side=False) is not None
    assert exists == (case == "citations")


def test_ties_as_half_wins_agree_with_the_reference() -> None:
    expected = reference.results("a_bradley_terry/cems_halfwins_reference.json")
    index = {item: number for number, item in enumerate(expected["items"])}
    wins = np.zeros((6, 6))
    for row in reference.rows("b_ties/cems_counts.csv"):
        names = list(row.values())
        one, other = index[names[0]], index[names[1]]
        wins[one, other] += float(row["wins_i"]) + 0.5 * float(row["ties"])
        wins[other, one] += float(row["wins_j"]) + 0.5 * float(row["ties"])
    fit = finite(pairwise.maximum_likelihood(counted(wins), with_side=False))
    np.testing.assert_allclose(fit.theta, expected["ability_centred"], atol=1e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.bread)), expected["se_centred"], atol=1e-5)


def test_ice_hockey_agrees_with_the_reference() -> None:
    expected = reference.results("a_bradley_terry/icehockey_noorder_reference.json")
    index = {item: number for number, item in enumerate(expected["items"])}
    wins = np.zeros((len(index), len(index)))
    for row in reference.rows("a_bradley_terry/icehockey_games.csv"):
        one, other = index[row["visitor"]], index[row["opponent"]]
        wins[one, other] += float(row["result_visitor"])
        wins[other, one] += 1 - float(row["result_visitor"])
    fit = finite(pairwise.maximum_likelihood(counted(wins), with_side=False))
    np.testing.assert_allclose(fit.theta, expected["ability_centred"], atol=1e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.bread)), expected["se_centred"], atol=1e-5)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.booleans())
@settings(max_examples=40, deadline=None)
def test_firth_maximises_the_penalised_likelihood(seed: int, size: int, with_side: bool) -> None:
    rng = np.random.default_rng(seed)
    data = connected(rng, size, mean=1.0)
    with_side = with_side and pairwise.side_is_identified(data)
    fit = pairwise.firth(data, with_side=with_side)
    best = penalised(data, fit.theta, fit.side)
    for _ in range(6):
        moved = fit.theta + 1e-3 * rng.standard_normal(size)
        side = None if fit.side is None else fit.side + 1e-3 * rng.standard_normal()
        assert penalised(data, moved - moved.mean(), side) <= best + 1e-9


@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.floats(0.3, 20))
@settings(max_examples=40, deadline=None)
def test_choix_and_newton_agree_when_the_side_effect_is_zero(
    seed: int, size: int, mean: float
) -> None:
    data = connected(np.random.default_rng(seed), size, mean)
    by_choix = pairwise.firth_by_choix(data.wins)
    by_newton = pairwise.firth(data, with_side=False)
    np.testing.assert_allclose(by_choix.theta, by_newton.theta, atol=1e-8)
    np.testing.assert_allclose(by_choix.bread, by_newton.bread, atol=1e-7)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.floats(0.1, 3))
@settings(max_examples=60, deadline=None)
def test_maximum_exists_exactly_when_the_win_graph_is_strongly_connected(
    seed: int, size: int, mean: float
) -> None:
    data = connected(np.random.default_rng(seed), size, mean)
    strong = len(connectivity.components(data.wins, strong=True)) == 1
    assert (pairwise.maximum_likelihood(data, with_side=False) is not None) == strong


def test_maximum_when_one_side_always_wins_does_not_exist_but_firth_does() -> None:
    wins = np.array([[0.0, 5, 4], [6, 0, 5], [4, 5, 0]])
    data = counted(wins)
    assert pairwise.maximum_likelihood(data, with_side=False) is not None
    assert pairwise.maximum_likelihood(data, with_side=True) is None
    fit = pairwise.firth(data, with_side=True)
    assert fit.side is not None
    assert 2 < fit.side < 8


def test_maximum_of_very_unequal_pairs_is_found() -> None:
    wins = np.array([[0.0, 1e6], [1.0, 0.0]])
    fit = finite(pairwise.maximum_likelihood(counted(wins), with_side=False))
    assert fit.theta[0] - fit.theta[1] == pytest.approx(np.log(1e6), abs=1e-8)


def test_firth_of_one_pair_is_the_half_vote_estimate() -> None:
    # Haldane-Anscombe: log((w + 1/2) / (l + 1/2)).
    for fit in (
        pairwise.firth_by_choix(np.array([[0.0, 7], [0, 0]])),
        pairwise.firth(counted(np.array([[0.0, 7], [0, 0]])), with_side=False),
    ):
        assert fit.theta[0] - fit.theta[1] == pytest.approx(np.log(7.5 / 0.5), abs=1e-9)


def test_side_is_not_identified_when_one_item_always_stood_left() -> None:
    assert not pairwise.side_is_identified(counted(np.array([[0.0, 3], [0, 0]])))
    assert pairwise.side_is_identified(counted(np.array([[0.0, 3], [1, 0]])))
    # In a circle a over b over c over a, no strengths can imitate a side effect.
    assert pairwise.side_is_identified(counted(np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])))
    assert not pairwise.side_is_identified(counted(np.array([[0.0, 1, 0], [0, 0, 1], [0, 0, 0]])))


def test_scores_are_the_derivative_of_the_likelihood() -> None:
    rng = np.random.default_rng(8)
    data = tally.sample(simulate.votes(rng, [1.0, 0, -1], 6, 9), np.arange(3))
    fit = pairwise.firth(data, with_side=True)
    assert fit.side is not None
    scores = pairwise.estimate(data, fit).scores.sum(axis=0)
    for k in range(4):
        step = np.zeros(4)
        step[k] = 1e-6
        up = likelihood(data, fit.theta + step[:3], fit.side + step[3])
        down = likelihood(data, fit.theta - step[:3], fit.side - step[3])
        assert scores[k] == pytest.approx((up - down) / 2e-6, abs=1e-6)


def test_choix_when_differences_are_beyond_its_range_says_so() -> None:
    wins = np.zeros((30, 30))
    for k in range(29):
        wins[k, k + 1], wins[k + 1, k] = 999, 1
    with pytest.raises(ArithmeticError, match="choix"):
        pairwise.firth_by_choix(wins)
    fit = pairwise.firth(counted(wins), with_side=False)
    np.testing.assert_allclose(-np.diff(fit.theta), np.log(999.5 / 1.5), atol=1e-6)


def test_sample_when_a_vote_leaves_the_component_is_refused() -> None:
    votes = simulate.votes_from_wins([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    with pytest.raises(ValueError, match="members: must be a whole component"):
        tally.sample(votes, np.array([0, 1]))


def test_tallies_count_an_answer_once_however_many_pairs_came_from_it() -> None:
    votes = simulate.votes_from_wins([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
    every, one = tally.tallies(votes), tally.tallies(replace(votes, trial=np.zeros(3, dtype=int)))
    assert [column.tolist() for column in every] == [[2, 2, 2], [2, 1, 0], [0, 1, 2]]
    assert [column.tolist() for column in one] == [[1, 1, 1], [1, 1, 0], [0, 1, 1]]


def test_win_matrix_does_not_ask_for_the_side() -> None:
    votes = Votes(
        ("a", "b"),
        ("p",),
        ("s",),
        [0, 0],
        [0, 0],
        [0, 1],
        [1, 0],
        [True, False],  # type: ignore[arg-type]
    )
    assert tally.win_matrix(votes).tolist() == [[0, 2], [0, 0]]


def connected(rng: np.random.Generator, size: int, mean: float) -> Sample:
    """Random counts on a weakly connected graph."""
    left, right = rng.poisson(mean, (2, size, size)) * (rng.random((2, size, size)) < 0.6)
    for k in range(size - 1):
        left[k, k + 1] += 1
    for table in (left, right):
        np.fill_diagonal(table, 0)
    return counted(left.astype(float), right.astype(float))


def likelihood(data: Sample, theta: Reals, side: float | None) -> float:
    logit = theta[:, None] - theta[None, :] + (side or 0.0)
    return float(
        -(data.left_wins * np.logaddexp(0, -logit)).sum()
        - (data.right_wins * np.logaddexp(0, logit)).sum()
    )


def penalised(data: Sample, theta: Reals, side: float | None) -> float:
    """The likelihood with half the log-determinant of the information, from the design matrix written out."""
    size = len(theta)
    rows, weights = [], []
    p = 1 / (1 + np.exp(-(theta[:, None] - theta[None, :] + (side or 0.0))))
    for i in range(size):
        for j in range(size):
            row = np.zeros(size)
            row[i], row[j] = row[i] + 1, row[j] - 1
            free = row[1:]  # the first item held at zero
            rows.append(free if side is None else np.append(free, 1.0))
            weights.append((data.left_wins + data.right_wins)[i, j] * p[i, j] * (1 - p[i, j]))
    design, weight = np.array(rows), np.array(weights)
    information = design.T @ (weight[:, None] * design)
    return likelihood(data, theta, side) + 0.5 * float(np.linalg.slogdet(information)[1])
