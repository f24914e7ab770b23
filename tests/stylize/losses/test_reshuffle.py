"""Evenly used matches: the usage falls, and at its limit the Gram matrix is the style's."""

import itertools

import pytest
import torch
from torch import Tensor

from stylize.losses.patches import assembled, nearest, scores
from stylize.losses.reshuffle import evenly_used, exactly_shared, usage_of


def maps(channels: int, height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((channels, height, width), generator=generator, dtype=torch.float64)


def gram(features: Tensor) -> Tensor:
    return features.flatten(1) @ features.flatten(1).T


def test_exactly_shared_of_as_many_positions_is_a_permutation_with_the_styles_gram() -> None:
    """Card 6, row 12: the bridge from patches to Gram; the nearest are no permutation."""
    features, style = maps(3, 5, 6), maps(3, 6, 5, seed=1)
    index = exactly_shared(features, [style], 1)
    assert torch.equal(index.sort().values, torch.arange(30))
    made = assembled(index, [style], 1, 5, 6).mean
    torch.testing.assert_close(gram(made), gram(style), atol=1e-10, rtol=0)
    values = [each.flatten(1).sort(1).values for each in (made, style)]
    assert torch.equal(*values)
    free = assembled(nearest(features, [style], 1), [style], 1, 5, 6).mean
    assert (gram(free) - gram(style)).abs().max() > 0.1


def test_exactly_shared_has_the_highest_total_of_all_permutations() -> None:
    features, style = maps(2, 2, 3), maps(2, 2, 3, seed=1)
    table = scores(features, [style], 1)
    best = max(
        float(table[torch.arange(6), torch.tensor(order)].sum())
        for order in itertools.permutations(range(6))
    )
    index = exactly_shared(features, [style], 1)
    assert float(table[torch.arange(6), index].sum()) == pytest.approx(best, abs=1e-12)


def test_exactly_shared_when_the_style_is_smaller_uses_all_of_it_alike() -> None:
    index = exactly_shared(maps(3, 6, 6), [maps(3, 3, 4, seed=1)], 1)
    assert torch.equal(torch.bincount(index, minlength=12), torch.full((12,), 3))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_usage_of_counts_covered_positions_as_the_definition(size: int) -> None:
    style, second = maps(1, 5, 6), maps(1, 4, 4, seed=1)
    rows, columns = 6 - size + 1, 4 - size + 1
    generator = torch.Generator().manual_seed(0)
    total = (5 - size + 1) * rows + columns**2
    index = torch.randint(total, (20,), generator=generator)
    covered = torch.zeros(5, 6, dtype=torch.float64)
    for each in index[index < (5 - size + 1) * rows].tolist():
        top, left = divmod(each, rows)
        covered[top : top + size, left : left + size] += 1
    expected = covered.unfold(0, size, 1).unfold(1, size, 1).mean((2, 3)).flatten()
    found = usage_of(index, [style, second], size)
    assert len(found) == total
    torch.testing.assert_close(found[: len(expected)], expected)


def test_evenly_used_without_weight_is_the_nearest() -> None:
    features, style = maps(3, 7, 8), maps(3, 6, 9, seed=1)
    assert torch.equal(evenly_used(features, [style], 3, 0.0), nearest(features, [style], 3))


@pytest.mark.parametrize("size", [1, 3])
def test_evenly_used_spreads_the_usage_further_with_more_weight(size: int) -> None:
    """A grey picture's windows would nearly all take the same few."""
    features, style = 0.5 + 0.05 * maps(3, 12, 12), maps(3, 12, 12, seed=1)

    def spread(weight: float) -> float:
        index = evenly_used(features, [style], size, weight)
        return float(torch.bincount(index, minlength=(13 - size) ** 2).double().var())

    found = [spread(weight) for weight in (0.0, 0.01, 0.1)]
    assert found[1] < found[0]
    assert found[2] < 0.5 * found[0]
