"""The one optimisation loop: L-BFGS or Adam on a picture, with progress, cancel, the best iterate."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.record import Run

OPTIMIZERS = ("lbfgs", "adam")
ADAM_RATE = 0.01


class _Spent(Exception):
    """The budget of evaluations is used up."""


class _NotFinite(Exception):
    """The loss became NaN or infinite."""


@dataclass
class _Watch:
    """Counts evaluations and remembers the best iterate."""

    loss: Callable[[Tensor], Tensor]
    variable: Tensor
    budget: int
    run: Run
    every: int = 0
    renew: Callable[[Tensor], None] | None = None
    count: int = 0
    best_loss: float = float("inf")
    best: Tensor | None = None

    def evaluate(self) -> Tensor:
        """Loss at the variable, with its gradient in `variable.grad`."""
        if self.count >= self.budget:
            raise _Spent
        self.count += 1
        self.variable.grad = None
        value = self.loss(self.variable)
        number = float(value.detach())
        if not torch.isfinite(value):
            raise _NotFinite
        value.backward()  # type: ignore[no-untyped-call]
        if number < self.best_loss:
            self.best_loss, self.best = number, self.variable.detach().clone()
        self.run.progress(self.count / self.budget)
        return value.detach()

    def look_again(self) -> None:
        """Let the loss change; what was best under the old one is no longer known to be."""
        if self.renew is not None:
            self.renew(self.variable.detach())
            self.best_loss = float("inf")


def minimise(
    loss: Callable[[Tensor], Tensor],
    start: Tensor,
    evaluations: int,
    run: Run,
    history: int = 30,
    optimizer: str = "lbfgs",
    every: int = 0,
    renew: Callable[[Tensor], None] | None = None,
) -> Tensor:
    """Minimise a loss over a tensor by L-BFGS with strong Wolfe line search, or by Adam.

    Without tolerances: with pictures in [0, 1] and mean losses the library's stop far too early.

    Args:
        loss: from a tensor like `start` to a differentiable scalar.
        start: float32 or float64.
        evaluations: of the loss and its gradient, the line search's included.
        run: `progress` is told the fraction of evaluations done after each one and may raise
            `Cancelled`. When L-BFGS meets a loss that is not finite, or its history does not fit
            into memory, Adam goes on from the best iterate and `notes` says so.
        history: pairs that L-BFGS keeps.
        optimizer: one of `OPTIMIZERS`.
        every, renew: with them, `renew` is called with the iterate before the first and after
            about `every` evaluations, never within a line search, and may change the loss.

    Returns:
        The iterate with the lowest loss since it last changed; `start` when nothing was lower or
        `evaluations` is 0.

    Raises:
        FloatingPointError: when the loss is not finite at `start`.
        ValueError: when there is no such optimizer.
    """
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer: came {optimizer!r}, must be one of {', '.join(OPTIMIZERS)}")
    variable = start.detach().clone().contiguous().requires_grad_()
    watch = _Watch(loss, variable, evaluations, run, every, renew)
    if evaluations > 0:
        watch.look_again()
    try:
        _lbfgs(watch, history) if optimizer == "lbfgs" else _adam(watch)
    except _Spent:
        pass
    except (_NotFinite, torch.OutOfMemoryError) as error:
        _go_on(watch, error)
    run.progress(1.0)
    return start if watch.best is None else watch.best


def _go_on(watch: _Watch, error: Exception) -> None:
    """Adam from the best picture so far, where there is one and the trouble may be left behind."""
    if watch.best is None:
        if isinstance(error, _NotFinite):
            raise FloatingPointError("loss: NaN or infinite at the start") from None
        raise error
    met = "a loss that is not finite" if isinstance(error, _NotFinite) else "the end of the memory"
    watch.run.notes.append(
        f"The optimiser met {met} at evaluation {watch.count} of {watch.budget}; "
        "Adam went on from the best picture so far."
    )
    with torch.no_grad():
        watch.variable.copy_(watch.best)
    try:
        _adam(watch)
    except _Spent:
        pass
    except _NotFinite:
        watch.run.notes.append("Adam met it again; the best picture so far was kept.")


def _lbfgs(watch: _Watch, history: int) -> None:
    optimizer = torch.optim.LBFGS(
        [watch.variable],
        max_iter=watch.budget + 1,
        max_eval=watch.budget + 1 if watch.renew is None else watch.every,
        history_size=history,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )
    optimizer.step(watch.evaluate)  # type: ignore[no-untyped-call]
    while watch.renew is not None and watch.count < watch.budget:  # the history is kept
        watch.look_again()
        before = watch.count
        optimizer.step(watch.evaluate)  # type: ignore[no-untyped-call]
        if watch.count == before + 1:  # no way down from here, under the new loss neither
            return


def _adam(watch: _Watch) -> None:
    optimizer = torch.optim.Adam([watch.variable], lr=ADAM_RATE)
    while True:
        watch.evaluate()
        optimizer.step()
        if watch.renew is not None and watch.count % watch.every == 0:
            watch.look_again()
