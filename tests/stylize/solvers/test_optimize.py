"""The optimisation loop: finds minima, counts, tells, stops, keeps the best, and falls back."""

import pytest
import torch
from torch import Tensor

from stylize.record import Cancelled, Run
from stylize.solvers.optimize import minimise


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
