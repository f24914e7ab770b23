"""Luce's choice model with slot effects: P(i from S) = exp(w_i + s_slot(i)) / sum over S (Luce 1959; McFadden 1974).

Newton's method on aggregated slates; where the likelihood has no finite maximum, the Jeffreys penalty on the same
information gives one (Firth 1993, canonical form: half of h-weighted third moments added to the score).
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import log_softmax

from studies.analysis.checks import Indices, Reals
from studies.analysis.data import Choices
from studies.analysis.inference import Estimate
from studies.analysis.pairwise import FIRTH_PATIENCE, PATIENCE, STEP

CHUNK = 4096  # slates whose leverages are computed at once


@dataclass(frozen=True, eq=False)
class Slates:
    """Choices among K linked items, equal slates put together.

    items: K. filled: bool[S, m]. design: sparse [S m, P], the parameters of each place: K items, then the slots
    after the first. shown: float64[S], how often each slate. chosen: float64[S, m]. by_participant: sparse
    [G, S m] and [G, S], each participant's choices and slates.
    """

    items: int
    filled: Reals
    design: csr_array
    shown: Reals
    chosen: Reals
    choices_of: csr_array
    slates_of: csr_array


def slates(choices: Choices, members: Indices, *, with_slots: bool) -> Slates:
    """The choices among some items.

    Args:
        choices: n answers on K items.
        members: intp[k], the items; no slate may mix them with others.
        with_slots: give every slot after the first an effect of its own.
    Returns:
        Slates over k items.
    Raises:
        ValueError: when a slate shows a member beside another item.
    """
    place = np.full(len(choices.items) + 1, -1, dtype=np.intp)
    place[members] = np.arange(len(members))
    options = place[choices.options]
    kept = (options >= 0).any(axis=1)
    if ((options < 0) & (choices.options >= 0))[kept].any():
        raise ValueError(
            "members: must be a whole component, a slate shows one beside another item"
        )
    options, picked = options[kept], choices.chosen[kept]
    options = options[:, : np.flatnonzero((options >= 0).any(axis=0)).max() + 1]
    present, participant = np.unique(choices.participant[kept], return_inverse=True)
    kinds, kind = np.unique(options, axis=0, return_inverse=True)
    count, size = kinds.shape
    cell = kind * size + picked
    ones, groups = np.ones(len(cell)), len(present)
    return Slates(
        items=len(members),
        filled=(kinds >= 0).astype(np.float64),
        design=_design(kinds, len(members), with_slots),
        shown=np.bincount(kind, minlength=count).astype(np.float64),
        chosen=np.bincount(cell, minlength=count * size).reshape(count, size).astype(np.float64),
        choices_of=csr_array((ones, (participant, cell)), shape=(groups, count * size)),
        slates_of=csr_array((ones, (participant, kind)), shape=(groups, count)),
    )


def slots_are_identified(data: Slates) -> bool:
    """Whether pictures changed places enough to tell slot effects from items.

    Args:
        data: slates with slots.
    Returns:
        False where, for instance, every slate stood in the same order.
    """
    information = _Moments(data, np.zeros(data.design.shape[1])).information
    size = data.items
    items, cross, own = (
        information[:size, :size],
        information[size:, :size],
        information[size:, size:],
    )
    left = own - cross @ np.linalg.solve(items, cross.T)
    return bool(np.linalg.eigvalsh(left).min() > 1e-9 * np.diag(own).max())


def maximum_likelihood(data: Slates) -> Estimate | None:
    """The unpenalised fit by Newton's method.

    Args:
        data: slates over K linked items, slots identified where there are any.
    Returns:
        K items (sum zero), then the effects of slots 2, 3, ... against slot 1; None where the likelihood has no
        finite maximum.
    """
    return _newton(data, PATIENCE, penalised=False)


def jeffreys(data: Slates) -> Estimate:
    """The fit with half the log-determinant of the information added, which is always finite.

    Args:
        data: slates over K linked items, slots identified where there are any.
    Returns:
        As `maximum_likelihood`; bread and scores are those of the unpenalised likelihood.
    Raises:
        ArithmeticError: when the iteration does not converge.
    """
    estimate = _newton(data, FIRTH_PATIENCE, penalised=True)
    if estimate is None:
        raise ArithmeticError("the penalised Luce fit did not converge")
    return estimate


def _newton(data: Slates, patience: int, *, penalised: bool) -> Estimate | None:
    beta = np.zeros(data.design.shape[1])
    for _ in range(patience):
        try:
            step = _step(data, beta, penalised)
        except np.linalg.LinAlgError:
            return None
        beta = _uphill(data, beta, step, penalised)
        if np.abs(step).max() < STEP:
            return _estimate(data, beta)
    return None


class _Moments:
    """Probabilities, means and information at some parameters."""

    def __init__(self, data: Slates, beta: Reals) -> None:
        count, size = data.filled.shape
        logits = np.where(data.filled > 0, (data.design @ beta).reshape(count, size), -np.inf)
        self.log_p: Reals = log_softmax(logits, axis=1)
        self.p: Reals = np.exp(self.log_p)
        rows, cells = np.repeat(np.arange(count), size), np.arange(count * size)
        average = csr_array((self.p.ravel(), (rows, cells)), shape=(count, count * size))
        self.mean: csr_array = average @ data.design
        weighted = data.design.multiply((data.shown[:, None] * self.p).reshape(-1, 1))
        between = self.mean.multiply(data.shown.reshape(-1, 1))
        information = (data.design.T @ weighted - self.mean.T @ between).toarray()
        # Only differences between items are identified: their mean is held at zero.
        information[: data.items, : data.items] += 1.0 / data.items
        self.information: Reals = information


def _design(kinds: Indices, items: int, with_slots: bool) -> csr_array:
    count, size = kinds.shape
    cell = np.arange(count * size).reshape(count, size)
    filled = kinds >= 0
    rows, columns = [cell[filled]], [kinds[filled]]
    if with_slots:
        later = filled & (np.arange(size) > 0)
        rows.append(cell[later])
        columns.append(items - 1 + np.broadcast_to(np.arange(size), kinds.shape)[later])
    row, column = np.concatenate(rows), np.concatenate(columns)
    width = items + (size - 1 if with_slots else 0)
    return csr_array((np.ones(len(row)), (row, column)), shape=(count * size, width))


def _step(data: Slates, beta: Reals, penalised: bool) -> Reals:
    now = _Moments(data, beta)
    residual = data.chosen - data.shown[:, None] * now.p
    information = now.information
    if penalised:
        leverage = _leverage(data, now)
        own = (now.p * leverage).sum(axis=1, keepdims=True)
        residual = residual + 0.5 * data.shown[:, None] * now.p * (leverage - own)
        # The pseudo-choices count as information: shorter, safer steps on few data.
        information = information * (1 + float((data.shown * own[:, 0]).sum() / data.shown.sum()))
    step: Reals = np.linalg.solve(information, data.design.T @ residual.ravel())
    return step


def _leverage(data: Slates, now: _Moments) -> Reals:
    """h[S, m] = (x - mean)' V (x - mean) of each place in each slate."""
    covariance = np.linalg.inv(now.information)
    count, size = data.filled.shape
    leverage = np.zeros((count, size))
    for start in range(0, count, CHUNK):
        part = slice(start, min(start + CHUNK, count))
        cells = slice(part.start * size, part.stop * size)
        centred = data.design[cells].toarray().reshape(-1, size, data.design.shape[1])
        centred = centred - now.mean[part].toarray()[:, None, :]
        leverage[part] = np.einsum("sjp,pq,sjq->sj", centred, covariance, centred, optimize=True)
    return leverage


def _objective(data: Slates, beta: Reals, penalised: bool) -> float:
    now = _Moments(data, beta)
    value = float((data.chosen * np.where(data.chosen > 0, now.log_p, 0.0)).sum())
    if penalised:
        value += 0.5 * float(np.linalg.slogdet(now.information)[1])
    return value


def _uphill(data: Slates, beta: Reals, step: Reals, penalised: bool) -> Reals:
    """The step, halved while it leads down; what rounding takes is let pass."""
    before = _objective(data, beta, penalised)
    slack = 1e-9 * (1 + abs(before))
    for _ in range(30):
        if _objective(data, beta + step, penalised) >= before - slack:
            break
        step = np.ldexp(step, -1)
    return beta + step


def _estimate(data: Slates, beta: Reals) -> Estimate:
    now, size = _Moments(data, beta), data.items
    bread = np.linalg.inv(now.information).astype(np.float64)
    bread[:size, :size] -= 1.0 / size
    scores = (data.choices_of @ data.design - data.slates_of @ now.mean).toarray()
    theta = beta[:size] - beta[:size].mean()
    return Estimate(theta=theta, others=beta[size:], bread=bread, scores=scores)
