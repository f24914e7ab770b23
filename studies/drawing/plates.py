"""Pictures that test a participant's colour vision and screen: plates of dots, steps of brightness.

A plate is pseudo-isochromatic as Ishihara's are: digit and ground differ along one cone's axis only,
which whoever lacks that cone cannot see, while every dot's brightness is drawn at random.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from stylize.imaging import Array

SIZE = 280  # px, of the square that a plate fills
DIGITS = (2, 3, 4, 5, 7, 9)
SQUARES = (3, 4, 5, 6)

# Linear RGB to cone responses L, M, S (Viénot, Brettel & Mollon 1999, equation 4).
CONES = np.array([
    [17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]
])  # fmt: skip
MISSING = {"protan": 0, "deutan": 1}
BASE = np.array([0.30, 0.26, 0.11])  # linear RGB between digit and ground
REACH = 0.18  # from there to either, in linear red
BRIGHTNESS = (0.65, 1.35)  # of a dot, at random
GROUND = 236  # the paper, sRGB grey
# Segments of a digit: x, y, width, height in parts of its box; and which make which digit.
SEGMENTS = {
    "a": (0, 0, 1, 0.18), "b": (0.72, 0, 0.28, 0.5), "c": (0.72, 0.5, 0.28, 0.5), "d": (0, 0.82, 1, 0.18),
    "e": (0, 0.5, 0.28, 0.5), "f": (0, 0, 0.28, 0.5), "g": (0, 0.41, 1, 0.18),
}  # fmt: skip
FORMS = {2: "abged", 3: "abgcd", 4: "fgbc", 5: "afgcd", 7: "abc", 9: "abcdfg"}


def plate(digit: int, kind: str, rng: np.random.Generator) -> Array:
    """Draw one plate.

    Args:
        digit: one of `DIGITS`.
        kind: "deutan" or "protan": who cannot read it; "shown": everybody can.
        rng: draws dots and brightness.

    Returns:
        (SIZE, SIZE, 3) uint8 sRGB.
    """
    image = Image.new("RGB", (2 * SIZE, 2 * SIZE), (GROUND,) * 3)
    draw = ImageDraw.Draw(image)
    inside = _mask(digit)
    for x, y, radius in _dots(rng):
        colour = _colour(bool(inside[int(y), int(x)]), kind, rng)
        corners = [2 * (x - radius), 2 * (y - radius), 2 * (x + radius), 2 * (y + radius)]
        draw.ellipse(corners, fill=colour)
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX))


def _mask(digit: int) -> NDArray[np.bool_]:
    """Where the digit is: (SIZE, SIZE)."""
    width, height = 0.42 * SIZE, 0.64 * SIZE
    left, top = (SIZE - width) / 2, (SIZE - height) / 2
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    for name in FORMS[digit]:
        x, y, wide, high = SEGMENTS[name]
        rows = slice(round(top + y * height), round(top + (y + high) * height))
        mask[rows, round(left + x * width) : round(left + (x + wide) * width)] = True
    return mask


def _dots(rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Centres and radii of dots that do not touch, large ones first."""
    placed = np.empty((0, 3))
    for radius, tries in ((9.0, 500), (6.5, 900), (4.5, 1600), (3.0, 2600)):
        reach = SIZE / 2 - radius - 2
        angle = rng.random(tries) * 2 * np.pi
        away = np.sqrt(rng.random(tries)) * reach
        points = SIZE / 2 + away[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        for x, y in points[_free(points, placed, radius)]:
            if _free(np.array([[x, y]]), placed, radius)[0]:
                placed = np.vstack([placed, [x, y, radius]])
    return [(float(x), float(y), float(radius)) for x, y, radius in placed]


def _free(
    points: NDArray[np.float64], placed: NDArray[np.float64], radius: float
) -> NDArray[np.bool_]:
    """Which centres (N, 2) have room for a dot among those placed (x, y, radius)."""
    gaps = np.linalg.norm(points[:, None] - placed[None, :, :2], axis=2) - placed[:, 2]
    free: NDArray[np.bool_] = (gaps >= radius + 1).all(axis=1)
    return free


def _colour(figure: bool, kind: str, rng: np.random.Generator) -> tuple[int, int, int]:
    bright = rng.uniform(*BRIGHTNESS)
    if kind == "shown":
        linear = BASE * (0.12 * bright if figure else 1 + bright / 2)
    else:
        cone = np.zeros(3)
        cone[MISSING[kind]] = 1.0
        along = np.linalg.solve(CONES, cone)
        along *= REACH / abs(along[0])
        linear = (BASE + (along if figure else -along)) * bright
    red, green, blue = np.rint(255 * _encoded(linear)).astype(int)
    return int(red), int(green), int(blue)


def _encoded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear RGB to sRGB (IEC 61966-2-1), both 0 to 1."""
    clipped = linear.clip(0, 1)
    return np.where(
        clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055
    )  # fmt: skip


def steps(count: int, *, dark: bool, rng: np.random.Generator) -> Array:
    """Draw squares that differ a little from black or white ground, each by a step more.

    Args:
        count: how many, at most 8.
        dark: on black, else on white.
        rng: draws where they stand.

    Returns:
        (160, 280, 3) uint8 sRGB, grey: squares of 16, 24, 32 … (dark) or 239, 231, 223 … (light).
    """
    picture = np.full((160, SIZE, 3), 0 if dark else 255, dtype=np.uint8)
    for step, cell in enumerate(rng.permutation(8)[:count]):
        row, column = divmod(int(cell), 4)
        level = 16 + 8 * step
        y, x = 20 + 70 * row, 20 + 65 * column
        picture[y : y + 45, x : x + 45] = level if dark else 255 - level
    return picture
