"""What an analysis array must be before anything is computed from it; refusals name the argument, what came, what is right."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float64]
Scalar = TypeVar("Scalar", bound=np.generic)


def names(argument: str, values: Sequence[str]) -> tuple[str, ...]:
    """The names of items, participants or scenes as a tuple.

    Args:
        argument: what the caller calls them, for the message.
        values: non-empty strings, no two equal.
    Returns:
        The same names as a tuple.
    Raises:
        ValueError: for something that is no text, is empty, or stands there twice.
    """
    result = tuple(values)
    for name in result:
        if not isinstance(name, str) or not name:
            raise ValueError(f"{argument}: names must be non-empty text, got {name!r}")
    if len(set(result)) != len(result):
        twice = sorted({name for name in result if result.count(name) > 1})
        raise ValueError(f"{argument}: names must differ, {twice[0]!r} stands there twice")
    return result


def indices(argument: str, values: npt.ArrayLike, size: int, lowest: int = 0) -> Indices:
    """Integer indices, read-only, each from `lowest` up to `size` - 1.

    Args:
        argument: what the caller calls the array, for the message.
        values: integers of any shape; whole numbers stored as floats are refused.
        size: how many names the indices point into.
        lowest: 0, or -1 where -1 stands for an empty place.
    Returns:
        A read-only copy, dtype intp, of the shape given.
    Raises:
        ValueError: for another kind of number (NaN among them) or an index out of range.
    """
    given: npt.NDArray[Any] = np.asarray(values)
    if given.size == 0:
        given = given.astype(np.intp)
    if given.dtype.kind not in "iu":
        raise ValueError(f"{argument}: must be whole numbers (indices), got {given.dtype}")
    if given.size and (given.min() < lowest or given.max() >= size):
        wrong = given.min() if given.min() < lowest else given.max()
        raise ValueError(f"{argument}: must lie in {lowest}..{size - 1}, got {wrong}")
    return frozen(given.astype(np.intp))


def flags(argument: str, values: npt.ArrayLike) -> Flags:
    """Truth values, read-only.

    Args:
        argument: what the caller calls the array, for the message.
        values: booleans of any shape; numbers are refused, since a 2 or a NaN would count as true.
    Returns:
        A read-only copy, dtype bool.
    Raises:
        ValueError: for anything but booleans.
    """
    given: npt.NDArray[Any] = np.asarray(values)
    if given.size == 0:
        given = given.astype(np.bool_)
    if given.dtype.kind != "b":
        raise ValueError(f"{argument}: must be true or false, got {given.dtype}")
    return frozen(given.astype(np.bool_))


def reals(argument: str, values: npt.ArrayLike) -> Reals:
    """Finite numbers, read-only.

    Args:
        argument: what the caller calls the array, for the message.
        values: numbers of any shape.
    Returns:
        A read-only copy, dtype float64.
    Raises:
        ValueError: for what is no number, and for NaN and infinity (with the row).
    """
    given: npt.NDArray[Any] = np.asarray(values)
    if given.size and given.dtype.kind not in "fiu":
        raise ValueError(f"{argument}: must be numbers, got {given.dtype}")
    result = given.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(result))
    if bad.size:
        raise ValueError(
            f"{argument}: must be finite numbers, row {bad[0]} is {result.flat[bad[0]]}"
        )
    return frozen(result)


def counts(**values: int) -> None:
    """Refuse a count that is no whole number or is negative.

    Args:
        values: count by its argument's name.
    Raises:
        ValueError: naming the first count that is wrong.
    """
    for argument, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise ValueError(f"{argument}: must be a count from 0 up, got {value!r}")


def same_length(**arrays: npt.NDArray[Any]) -> None:
    """Refuse columns of different length.

    Args:
        arrays: column by its argument's name; the first axis is the row.
    Raises:
        ValueError: naming the lengths.
    """
    lengths = {argument: len(array) for argument, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{argument} {length}" for argument, length in lengths.items())
        raise ValueError(f"columns must be equally long, got {told}")


def frozen(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """The array, no longer writable: the data of a frozen record stays what was checked.

    Args:
        array: of any shape; it is changed itself.
    Returns:
        The same array.
    """
    array.setflags(write=False)
    return array
