"""The checks that every array of answers goes through."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from studies import analysis
from studies.analysis import checks

ROOM = [
    importlib.import_module(f"{analysis.__name__}.{found.name}")
    for found in pkgutil.iter_modules(analysis.__path__)
]


@pytest.mark.parametrize("module", ROOM, ids=lambda module: module.__name__.split(".")[-1])
def test_every_public_function_says_what_it_takes_and_gives(module: ModuleType) -> None:
    for name, thing in inspect.getmembers(module):
        own = getattr(thing, "__module__", None) == module.__name__
        if not own or name.startswith("_"):
            continue
        assert thing.__doc__, name
        if inspect.isfunction(thing) and inspect.signature(thing).parameters:
            assert "Args:" in thing.__doc__, name


@pytest.mark.parametrize("values", [[0, 1, 2], np.array([0, 1, 2], dtype=np.uint8), (0, 1, 2)])
def test_indices_of_any_integer_kind_become_intp(values: Any) -> None:
    found = checks.indices("item", values, 3)
    assert found.dtype == np.intp
    assert found.tolist() == [0, 1, 2]


@pytest.mark.parametrize("values", [[0.0, 1.0], [True, False], ["0"], [None]])
def test_indices_of_another_kind_are_refused(values: Any) -> None:
    with pytest.raises(ValueError, match="item: must be whole numbers"):
        checks.indices("item", values, 3)


def test_indices_say_which_one_is_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"item: must lie in 0\.\.2, got 3"):
        checks.indices("item", [0, 3, 1], 3)
    with pytest.raises(ValueError, match=r"slot: must lie in -1\.\.2, got -2"):
        checks.indices("slot", [0, -2], 3, lowest=-1)


@pytest.mark.parametrize("check", [checks.flags, checks.reals])
def test_empty_columns_are_fine_whatever_their_kind(check: Any) -> None:
    assert len(check("column", [])) == 0


@pytest.mark.parametrize("values", [[1, 0], [1.0], ["yes"], [float("nan")]])
def test_flags_take_no_numbers_and_no_words(values: Any) -> None:
    with pytest.raises(ValueError, match="left_won: must be true or false"):
        checks.flags("left_won", values)


def test_reals_name_the_first_row_that_is_not_finite() -> None:
    with pytest.raises(ValueError, match="position: must be finite numbers, row 1 is -inf"):
        checks.reals("position", [0.0, -np.inf, np.nan])
    assert checks.reals("position", [1, 2]).dtype == np.float64


@pytest.mark.parametrize("value", [-1, 1.0, "2", True, None])
def test_counts_are_whole_and_not_negative(value: Any) -> None:
    with pytest.raises(ValueError, match="skips: must be a count from 0 up"):
        checks.counts(skips=value)


def test_counts_may_come_from_numpy() -> None:
    checks.counts(skips=np.int64(3), ties=0)


def test_columns_of_different_length_are_told_with_their_lengths() -> None:
    with pytest.raises(ValueError, match="equally long, got left 2, right 3"):
        checks.same_length(left=np.zeros(2), right=np.zeros(3))
