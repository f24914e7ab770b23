"""The optimisation loop: finds minima, counts, tells, stops, keeps the best, and falls back."""

import itertools

import pytest
import torch
from torch import Tensor

from stylize.record import Cancelled, Run
from stylize.solvers.optimize import OPTIMIZERS, minimise


def rosenbrock(point: Tensor) -> Tensor:
    x, y = point
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


START = torch.tensor([-1.2, 1.0], dtype=torch.float64)


def test_minimise_finds_the_minimum_of_rosenbrock() -> None:
    found = minimise(rosenbrock, START, 100, Run(0))
    torch.testing.assert_close(found, torch.ones(2, dtype=torch.float64), atol=1e-6, rtol=0)


@pytest.mark.parametrize("evaluations", [1, 7, 23])
def test_minimise_spends_exactly_its_evaluations_and_tells_each(evaluations: int) -> None:
    told: list[float] = []
    counted: list[Tensor] = []

    def loss(point: Tensor) -> Tensor:
        counted.append(point.detach().clone())
        return rosenbrock(point)

    minimise(loss, START, evaluations, Run(0, progress=told.append))
    assert len(counted) == evaluations
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) == evaluations + 1


def test_minimise_returns_the_best_iterate_it_saw() -> None:
    seen: dict[float, Tensor] = {}

    def loss(point: Tensor) -> Tensor:
        value = (point.sin() * 3 + point.square() / 10).sum()
        seen[float(value.detach())] = point.detach().clone()
        return value

    found = minimise(loss, torch.tensor([4.0]), 25, Run(0))
    assert torch.equal(found, seen[min(seen)])


def test_minimise_without_evaluations_returns_the_start() -> None:
    assert torch.equal(minimise(rosenbrock, START, 0, Run(0)), START)


def test_minimise_leaves_the_start_untouched_and_repeats_itself() -> None:
    before = START.clone()
    assert torch.equal(
        minimise(rosenbrock, START, 20, Run(0)), minimise(rosenbrock, START, 20, Run(0))
    )
    assert torch.equal(START, before)
    assert not START.requires_grad


def test_minimise_when_cancelled_lets_it_pass() -> None:
    def progress(fraction: float) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        minimise(rosenbrock, START, 50, Run(0, progress=progress))


def test_minimise_when_loss_becomes_nan_goes_on_with_adam_and_says_so() -> None:
    run = Run(0)

    def cliff(point: Tensor) -> Tensor:
        """sqrt is NaN left of 1; the first L-BFGS step from 1.5 overshoots."""
        return (point - 1).sqrt().sum() * 5

    start = torch.tensor([1.5], dtype=torch.float64)
    found = minimise(cliff, start, 40, run)
    assert torch.isfinite(cliff(found))
    assert cliff(found) < cliff(start)
    assert len(run.notes) >= 1
    assert "Adam" in run.notes[0]


def test_minimise_when_loss_is_nan_at_the_start_raises() -> None:
    with pytest.raises(FloatingPointError, match="loss"):
        minimise(lambda point: (point * float("nan")).sum(), START, 10, Run(0))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_minimise_when_the_loss_is_renewed_follows_it_and_keeps_the_best_since(
    optimizer: str,
) -> None:
    """The loss rises at every look: an older iterate, though lower, is no result."""
    curvatures = torch.logspace(0, 3, 30, dtype=torch.float64)
    looks: list[tuple[int, Tensor]] = []
    calls = [0]

    def target() -> int:
        return min(len(looks), 3)

    def loss(x: Tensor) -> Tensor:
        calls[0] += 1
        return (curvatures * (x - target()).square()).sum() + 1000 * target()

    def renew(x: Tensor) -> None:
        assert not x.requires_grad
        looks.append((calls[0], x.clone()))

    start = torch.zeros(30, dtype=torch.float64)
    result = minimise(loss, start, 120, Run(0), optimizer=optimizer, every=20, renew=renew)
    assert calls[0] == 120
    assert looks[0][0] == 0
    assert torch.equal(looks[0][1], start)
    # "About" 20: a line search is never cut short, and its iterates are those it accepted.
    steps = [after[0] - before[0] for before, after in itertools.pairwise(looks)]
    assert all(20 <= step <= 45 for step in steps)
    if optimizer == "lbfgs":
        torch.testing.assert_close(result, torch.full_like(result, 3.0), atol=0.3, rtol=0)
    else:
        assert loss(result) < loss(start)


def test_minimise_when_a_look_changes_nothing_at_the_minimum_stops() -> None:
    looks = []
    start = torch.tensor([2.0])
    found = minimise(lambda x: x.square().sum(), start, 200, Run(0), every=5, renew=looks.append)
    assert abs(float(found)) < 1e-3
    assert len(looks) < 10


def test_minimise_without_evaluations_does_not_look() -> None:
    def renew(x: Tensor) -> None:
        raise AssertionError

    start = torch.ones(2)
    assert minimise(lambda x: x.sum(), start, 0, Run(0), every=5, renew=renew) is start
