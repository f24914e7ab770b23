"""Coarse to fine: which sizes, what each gets, and what masks, depth and exemplars become."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize.record import Guides, Run
from stylize.solvers.coarse_to_fine import coarse_to_fine, factors_for, reduced


@pytest.mark.parametrize(
    ("size", "expected"),
    [((256, 256), [2, 1]), ((128, 100), [1]), ((512, 384), [4, 2, 1]), ((500, 40), [1])],
)
def test_factors_halve_while_the_longer_side_is_large_and_the_shorter_usable(
    size: tuple[int, int], expected: list[int]
) -> None:
    assert factors_for(*size, 192) == expected


def test_each_size_starts_from_the_enlarged_result_with_its_own_budget_maps_and_progress() -> None:
    told: list[float] = []
    asked = []

    def solve(start: Tensor | None, content: Tensor, style: Tensor, count: int, run: Run) -> Tensor:
        guides = run.guides
        assert guides.content_labels is not None
        assert guides.style_labels is not None
        assert guides.content_labels.shape == content.shape[2:]
        assert guides.style_labels.shape == style.shape[2:]
        of_exemplar, none = guides.exemplar_labels
        assert of_exemplar is not None
        assert of_exemplar.shape == guides.exemplars[0].shape[1:]
        assert none is None
        assert guides.depth is not None
        assert guides.depth.shape == content.shape[2:]
        assert guides.depth[0, [0, -1]] == pytest.approx([0, 1], abs=0.01)
        asked.append((None if start is None else float(start.mean()), *content.shape[2:], count))
        run.progress(1.0)
        return torch.full_like(content, 0.1 * len(asked))

    left = np.zeros((250, 301), np.uint8)
    left[:, 150:] = 7
    depth = np.linspace(0, 1, 301, dtype=np.float32)[None].repeat(250, 0)
    exemplars = (np.zeros((3, 64, 50), np.float32),) * 2
    maps = (np.zeros((64, 50), np.uint8), None)
    guides = Guides(left, np.full((80, 90), 7, np.uint8), exemplars, depth, maps)
    run = Run(0, progress=told.append, guides=guides)
    pair = torch.rand(1, 3, 250, 301), torch.rand(1, 3, 80, 90)
    result = coarse_to_fine(*pair, 192, (50, 20), run, solve)
    assert result.shape == (1, 3, 250, 301)
    assert asked == [(None, 125, 150, 50), (pytest.approx(0.1), 250, 301, 20)]
    # 50 evaluations at a quarter of the pixels, then 20 at all of them.
    assert told == [pytest.approx(12.5 / 32.5), 1.0]


def test_reduced_keeps_range_and_mean() -> None:
    picture = torch.rand(2, 3, 64, 48, generator=torch.Generator().manual_seed(0))
    small = reduced(picture, 4)
    assert small.shape == (2, 3, 16, 12)
    assert small.min() >= 0
    assert small.max() <= 1
    torch.testing.assert_close(small.mean((2, 3)), picture.mean((2, 3)), atol=0.02, rtol=0)
