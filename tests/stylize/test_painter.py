"""The painter: reproducible, of the size asked for, and each picture plainly its own."""

import warnings
from itertools import combinations

import numpy as np
import pytest

from stylize.painter import PAINTINGS


def paint(name: str, seed: int = 0, longest: int = 96) -> np.ndarray:
    return PAINTINGS[name](np.random.default_rng(seed), longest)


@pytest.mark.parametrize("name", PAINTINGS)
@pytest.mark.parametrize("longest", [16, 17, 97, 130])
def test_painting_has_the_size_and_type_asked_for(name: str, longest: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = paint(name, longest=longest)
    assert picture.dtype == np.uint8
    assert picture.shape == (round(longest * 0.75), longest, 3)


@pytest.mark.parametrize("name", PAINTINGS)
def test_painting_when_seed_is_equal_is_equal_and_else_differs(name: str) -> None:
    np.testing.assert_array_equal(paint(name, 3), paint(name, 3))
    assert (paint(name, 3) != paint(name, 4)).mean() > 0.2


@pytest.mark.parametrize("name", PAINTINGS)
def test_painting_has_colour_and_texture_everywhere(name: str) -> None:
    picture = paint(name, longest=256).astype(float)
    assert (picture.max(2) - picture.min(2)).mean() > 20
    tiles = picture[:192].reshape(6, 32, 8, 32, 3)
    assert np.median(tiles.std((1, 3)).mean(-1)) > 15


def test_paintings_are_at_least_four_and_plainly_distinct() -> None:
    assert len(PAINTINGS) >= 4
    histograms = {}
    for name in PAINTINGS:
        levels = paint(name, longest=256) // 64 @ np.array([1, 4, 16])
        histograms[name] = np.bincount(levels.ravel(), minlength=64) / levels.size
    for one, other in combinations(histograms.values(), 2):
        assert np.abs(one - other).sum() / 2 > 0.3  # share of pixels of another colour


@pytest.mark.parametrize("name", PAINTINGS)
def test_painting_when_too_small_names_the_argument(name: str) -> None:
    with pytest.raises(ValueError, match="longest"):
        paint(name, longest=15)
