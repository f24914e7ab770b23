"""Plainly damaged copies of a picture: what somebody practises on, with one right answer."""

import numpy as np

from stylize.imaging import Array

# Share of tiles that is spoiled: intact, damaged, ruined.
SHARES = (0.0, 0.15, 0.6)
TILES = 16  # along the longer side
APART = 128  # how far each channel of a spoiled tile lies from what was there, of 255


def damaged(picture: Array, level: int, rng: np.random.Generator) -> Array:
    """Paint some of a picture's tiles flat, in colours that are far from what was there.

    Which copy is damaged, and which more, is so by construction and no matter of taste: a higher
    level spoils four times as many tiles, and no spoiled tile can pass for the picture.

    Args:
        picture: (H, W, 3) uint8.
        level: 0 intact, 1 damaged, 2 ruined.
        rng: draws tiles and colours.

    Returns:
        (H, W, 3) uint8, a copy. In every spoiled tile each channel is at least `APART` away from
        the tile's mean.
    """
    made = picture.copy()
    height, width = picture.shape[:2]
    side = max(1, round(max(height, width) / TILES))
    corners = [(y, x) for y in range(0, height, side) for x in range(0, width, side)]
    count = round(SHARES[level] * len(corners))
    for place in rng.permutation(len(corners))[:count]:
        y, x = corners[place]
        tile = made[y : y + side, x : x + side]
        mean = tile.mean(axis=(0, 1))
        far = rng.random(3) * (np.maximum(mean, 255 - mean) - APART).clip(0)
        tile[:] = np.where(mean < 128, 255 - far, far).round().astype(np.uint8)
    return made
