"""Damaged copies are plainly damaged, and the ruined one plainly more so, whatever the picture."""

import numpy as np
import pytest
from skimage import data

from studies.drawing.damage import APART, SHARES, TILES, damaged

PICTURES = {
    "photo": data.astronaut()[::2, ::2],
    "texture": np.repeat(data.gravel()[::2, ::2, None], 3, axis=2),
    "flat": np.full((60, 90, 3), 127, dtype=np.uint8),
    "noise": np.random.default_rng(1).integers(0, 256, (47, 130, 3), dtype=np.uint8),
    "white": np.full((16, 16, 3), 255, dtype=np.uint8),
}


def tiles(picture: np.ndarray) -> list[np.ndarray]:
    side = max(1, round(max(picture.shape[:2]) / TILES))
    height, width = picture.shape[:2]
    return [
        picture[y : y + side, x : x + side]
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("level", [1, 2])
def test_damaged_tiles_are_flat_and_far_from_what_was_there(name: str, level: int) -> None:
    picture = PICTURES[name]
    made = damaged(picture, level, np.random.default_rng(5))
    spoiled = 0
    for before, after in zip(tiles(picture), tiles(made), strict=True):
        if not np.array_equal(before, after):
            spoiled += 1
            assert len(np.unique(after.reshape(-1, 3), axis=0)) == 1
            apart = np.abs(before.mean(axis=(0, 1)) - after[0, 0])
            assert apart.min() >= APART - 1, "a rounding step at most"
    assert spoiled == round(SHARES[level] * len(tiles(picture)))


@pytest.mark.parametrize("name", PICTURES)
def test_a_higher_level_is_much_further_from_the_picture(name: str) -> None:
    picture = PICTURES[name].astype(float)
    errors = [
        np.abs(damaged(PICTURES[name], level, np.random.default_rng(5)) - picture).mean()
        for level in range(3)
    ]
    assert errors[0] == 0
    assert errors[2] > 3 * errors[1] > 0


def test_damaged_by_the_same_seed_is_the_same_and_the_picture_stays() -> None:
    picture = PICTURES["photo"]
    before = picture.copy()
    one, two = (damaged(picture, 2, np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(one, two)
    assert np.array_equal(picture, before)
