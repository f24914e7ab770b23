"""Bradley-Terry numerics on ordered count matrices: P(left wins) = s(theta_left - theta_right + g).

The likelihood is maximised by Newton's method, with the Jeffreys penalty of Firth (1993) on all parameters where
asked: it always has a finite maximum on a connected graph, and less bias. The same penalised fit without g also runs
through choix (statistics.md 1.4); the two agree.
"""

from dataclasses import dataclass

import choix
import numpy as np
from scipy.special import expit

from studies.analysis.checks import Reals
from studies.analysis.inference import Estimate
from studies.analysis.tally import Sample

STEP = 1e-10  # converged when no parameter moves by more, in logits
# A finite maximum is reached in about ten steps. Towards an infinite one every step goes on by about one logit:
# after thirty the numbers still tell the two apart.
PATIENCE = 30
FIRTH_PATIENCE = 2000  # the penalised fit converges linearly, slowly on a handful of votes


@dataclass(frozen=True, eq=False)
class Fit:
    """Parameters and their inverse information: theta float64[K] with sum zero; side g, None in a model without."""

    theta: Reals
    side: float | None
    bread: Reals


def maximum_likelihood(data: Sample, *, with_side: bool) -> Fit | None:
    """The unpenalised fit by Newton's method.

    Args:
        data: votes on K linked items; `side_is_identified` where with_side.
        with_side: fit the side effect g too.
    Returns:
        The fit; None where the likelihood has no finite maximum.
    """
    return _newton(_Model(data.left_wins, data.right_wins, with_side, penalised=False), PATIENCE)


def firth(data: Sample, *, with_side: bool) -> Fit:
    """The fit with half the log-determinant of the information added (Jeffreys; Firth 1993), on all parameters.

    Args:
        data: votes on K linked items; `side_is_identified` where with_side.
        with_side: fit the side effect g too.
    Returns:
        The fit, always finite.
    Raises:
        ArithmeticError: when the iteration does not converge.
    """
    model = _Model(data.left_wins, data.right_wins, with_side, penalised=True)
    fit = _newton(model, FIRTH_PATIENCE)
    if fit is None:
        raise ArithmeticError("the penalised Bradley-Terry fit did not converge")
    return fit


def side_is_identified(data: Sample) -> bool:
    """Whether sides were exchanged enough to tell the side effect from the items.

    Args:
        data: votes on K linked items.
    Returns:
        False where, for instance, of two items one always stood left.
    """
    information = _information(data.left_wins + data.right_wins, with_side=True)
    items, cross, own = information[:-1, :-1], information[:-1, -1], information[-1, -1]
    return bool(own - cross @ np.linalg.solve(items, cross) > 1e-9 * own)


def firth_by_choix(wins: Reals) -> Fit:
    """Firth's Bradley-Terry estimate without side effect, through choix on pseudo-counts (statistics.md 1.4).

    Iterates choix.ilsr_pairwise_dense(W + N h / 2) with h_ij = p (1 - p) (V_ii + V_jj - 2 V_ij) at the current fit.

    Args:
        wins: float64[K, K], wins of row over column, weakly connected, K >= 2.
    Returns:
        theta with sum zero, no side effect, and V.
    Raises:
        ArithmeticError: when choix or the iteration does not converge.
    """
    model = _Model(wins, np.zeros_like(wins), with_side=False, penalised=True)
    beta, shown = np.zeros(len(wins) + 1), wins + wins.T
    for _ in range(FIRTH_PATIENCE):
        half = 0.5 * shown * _leverage(model, beta)
        try:
            with np.errstate(invalid="ignore"):  # a weight that overflowed is refused below
                theta = choix.ilsr_pairwise_dense(wins + half, 0.0, beta[:-1], 1000, 1e-11)
        except (RuntimeError, ValueError) as error:
            raise ArithmeticError(f"choix found no Bradley-Terry fit: {error}") from error
        new = np.append(theta - theta.mean(), 0.0)
        moved, beta = np.abs(new - beta).max(), new
        if moved < STEP:
            return _fit(model, beta)
    raise ArithmeticError("the Firth fit through choix did not converge")


def estimate(data: Sample, fit: Fit) -> Estimate:
    """A fit with each participant's score, ready for clustered intervals.

    Args:
        data: the votes that were fitted.
        fit: at which scores of the unpenalised likelihood are taken.
    Returns:
        P = K parameters, K + 1 with a side effect (the last).
    """
    size, groups = len(fit.theta), data.participants
    logit = fit.theta[data.left] - fit.theta[data.right] + (fit.side or 0.0)
    residual = data.left_won - expit(logit)
    first = np.bincount(data.participant * size + data.left, residual, groups * size)
    second = np.bincount(data.participant * size + data.right, residual, groups * size)
    scores: Reals = (first - second).reshape(groups, size).astype(np.float64)
    others = np.empty(0)
    if fit.side is not None:
        others = np.array([fit.side])
        scores = np.column_stack([scores, np.bincount(data.participant, residual, groups)])
    return Estimate(theta=fit.theta, others=others, bread=fit.bread, scores=scores)


@dataclass(frozen=True, eq=False)
class _Model:
    left_wins: Reals
    right_wins: Reals
    with_side: bool
    penalised: bool


def _logits(beta: Reals) -> Reals:
    """[left, right]; the last parameter is g, zero in a model without it."""
    logits: Reals = beta[:-1, None] - beta[None, :-1] + beta[-1]
    return logits


def _spread(model: _Model, beta: Reals) -> Reals:
    """N p (1 - p) at [left, right]."""
    p = expit(_logits(beta))
    spread: Reals = (model.left_wins + model.right_wins) * p * (1 - p)
    return spread


def _information(spread: Reals, *, with_side: bool) -> Reals:
    """Fisher information [K + 1, K + 1]; 1/K on the items makes it regular, a 1 stands for an absent g."""
    size = len(spread)
    information = np.zeros((size + 1, size + 1))
    information[:-1, :-1] = 1.0 / size - spread - spread.T
    information[:-1, :-1] += np.diag(spread.sum(axis=0) + spread.sum(axis=1))
    information[-1, -1] = 1.0
    if with_side:
        cross = spread.sum(axis=1) - spread.sum(axis=0)
        information[-1, :-1] = information[:-1, -1] = cross
        information[-1, -1] = spread.sum()
    return information


def _bread(model: _Model, beta: Reals) -> Reals:
    """Inverse information of centred items and g; zeros for an absent g."""
    information = _information(_spread(model, beta), with_side=model.with_side)
    bread = np.linalg.inv(information).astype(np.float64)
    bread[:-1, :-1] -= 1.0 / (len(bread) - 1)
    if not model.with_side:
        bread[-1, :] = bread[:, -1] = 0.0
    return bread


def _leverage(model: _Model, beta: Reals) -> Reals:
    """h at [left, right]: p (1 - p) times the variance of the logit."""
    p, bread = expit(_logits(beta)), _bread(model, beta)
    own = np.diag(bread)[:-1] + 2 * bread[:-1, -1]
    other = np.diag(bread)[:-1] - 2 * bread[:-1, -1]
    variance = own[:, None] + other[None, :] - 2 * bread[:-1, :-1] + bread[-1, -1]
    leverage: Reals = p * (1 - p) * variance
    return leverage


def _newton(model: _Model, patience: int) -> Fit | None:
    beta = np.zeros(len(model.left_wins) + 1)
    for _ in range(patience):
        score, information = _derivatives(model, beta)
        try:
            step = np.linalg.solve(information, score).astype(np.float64)
        except np.linalg.LinAlgError:
            return None
        beta = _uphill(model, beta, step)
        if np.abs(step).max() < STEP:
            return _fit(model, beta)
    return None


def _derivatives(model: _Model, beta: Reals) -> tuple[Reals, Reals]:
    """Score [K + 1] and the information to step with; the penalty is h/2 pseudo-votes for either side."""
    shown, p = model.left_wins + model.right_wins, expit(_logits(beta))
    residual, spread = model.left_wins - shown * p, shown * p * (1 - p)
    if model.penalised:
        leverage = _leverage(model, beta)
        residual = residual + shown * leverage * (0.5 - p)
        spread = spread * (1 + leverage)
    side = residual.sum() if model.with_side else 0.0
    score = np.append(residual.sum(axis=1) - residual.sum(axis=0), side)
    return score, _information(spread, with_side=model.with_side)


def _objective(model: _Model, beta: Reals) -> float:
    logits = _logits(beta)
    value = -(model.left_wins * np.logaddexp(0, -logits)).sum()
    value -= (model.right_wins * np.logaddexp(0, logits)).sum()
    if model.penalised:
        information = _information(_spread(model, beta), with_side=model.with_side)
        value += 0.5 * np.linalg.slogdet(information)[1]
    return float(value)


def _uphill(model: _Model, beta: Reals, step: Reals) -> Reals:
    """The step, halved while it leads down; what rounding takes is let pass."""
    before = _objective(model, beta)
    slack = 1e-9 * (1 + abs(before))
    for _ in range(30):
        if _objective(model, beta + step) >= before - slack:
            break
        step = np.ldexp(step, -1)
    return beta + step


def _fit(model: _Model, beta: Reals) -> Fit:
    bread, theta = _bread(model, beta), beta[:-1] - beta[:-1].mean()
    if model.with_side:
        return Fit(theta=theta, side=float(beta[-1]), bread=bread)
    return Fit(theta=theta, side=None, bread=bread[:-1, :-1])
