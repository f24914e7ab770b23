"""Min-sum belief propagation against every labelling there is, and what the card asks of it."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from stylize.solvers.belief import energy, labelled

Costs = NDArray[np.float64]


def field(seed: int, rows: int, columns: int, count: int) -> tuple[Costs, Costs, Costs]:
    generator = np.random.default_rng(seed)
    change = 1 - np.eye(count)
    right = 0.4 * generator.random((rows, columns - 1, count, count)) * change
    down = 0.4 * generator.random((rows - 1, columns, count, count)) * change
    return generator.random((rows, columns, count)), right, down


def by_hand(labels: NDArray[np.int64], data: Costs, right: Costs, down: Costs) -> float:
    total = 0.0
    for row, column in np.ndindex(labels.shape):
        own = labels[row, column]
        total += float(data[row, column, own])
        if column + 1 < labels.shape[1]:
            total += float(right[row, column, own, labels[row, column + 1]])
        if row + 1 < labels.shape[0]:
            total += float(down[row, column, own, labels[row + 1, column]])
    return total


def test_energy_is_the_sum_of_all_costs() -> None:
    costs = field(0, 4, 5, 3)
    labels = np.random.default_rng(1).integers(0, 3, (4, 5))
    assert energy(labels, *costs) == pytest.approx(by_hand(labels, *costs))


@pytest.mark.parametrize("seed", range(6))
def test_labelled_on_a_chain_finds_the_optimum(seed: int) -> None:
    """Without loops min-sum is exact."""
    costs = field(seed, 1, 7, 3)
    least = min(
        energy(np.array(each).reshape(1, 7), *costs) for each in product(range(3), repeat=7)
    )
    assert energy(labelled(*costs), *costs) == pytest.approx(least)


@pytest.mark.parametrize("seed", range(4))
def test_labelled_on_a_small_grid_comes_within_two_percent_of_the_optimum(seed: int) -> None:
    costs = field(seed, 3, 3, 3)
    least = min(
        energy(np.array(each).reshape(3, 3), *costs) for each in product(range(3), repeat=9)
    )
    assert least - 1e-12 <= energy(labelled(*costs), *costs) <= 1.02 * least


@pytest.mark.parametrize("seed", range(8))
def test_labelled_is_never_worse_than_ignoring_the_neighbours(seed: int) -> None:
    data, right, down = field(seed, 12, 9, 5)
    for strength in (0.1, 1.0, 10.0):
        costs = data, strength * right, strength * down
        assert energy(labelled(*costs, 5), *costs) <= energy(data.argmin(2), *costs)


def test_labelled_when_change_is_dear_has_one_label_the_cheapest() -> None:
    data, _, _ = field(3, 8, 9, 4)
    change = 1e6 * (1 - np.eye(4))
    right, down = np.tile(change, (8, 8, 1, 1)), np.tile(change, (7, 9, 1, 1))
    assert (labelled(data, right, down) == data.sum((0, 1)).argmin()).all()


def test_labelled_when_neighbours_cost_nothing_or_there_is_one_label() -> None:
    data, right, down = field(4, 6, 7, 3)
    free = labelled(data, 0 * right, 0 * down)
    assert np.array_equal(free, data.argmin(2))
    assert (labelled(np.ones((6, 7, 3)), 0 * right, 0 * down) == 0).all()
    assert (labelled(data[..., :1], right[..., :1, :1], down[..., :1, :1]) == 0).all()


def test_labelled_removes_a_lone_outlier() -> None:
    data = np.zeros((7, 7, 2))
    data[..., 1] = 1
    data[3, 3] = (0.5, 0.0)
    change = 0.3 * (1 - np.eye(2))
    right, down = np.tile(change, (7, 6, 1, 1)), np.tile(change, (6, 7, 1, 1))
    assert data[3, 3].argmin() == 1
    assert (labelled(data, right, down) == 0).all()


def test_labelled_on_a_single_cell_takes_the_cheapest() -> None:
    data = np.array([[[0.3, 0.1, 0.2]]])
    labels = labelled(data, np.zeros((1, 0, 3, 3)), np.zeros((0, 1, 3, 3)))
    assert labels.tolist() == [[1]]


def test_labelled_when_shapes_differ_names_the_argument() -> None:
    data, right, down = field(0, 4, 5, 3)
    with pytest.raises(ValueError, match="right: shape"):
        labelled(data, right[:, 1:], down)
    with pytest.raises(ValueError, match="down: shape"):
        labelled(data, right, down[1:])
