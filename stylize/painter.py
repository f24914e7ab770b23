"""Procedural style pictures for the demo: pure numpy, the same picture for the same generator.

Every painter takes a seeded generator and the longer side in px, and returns (height, width, 3)
uint8 sRGB in the proportion 4:3. All shapes scale with the size.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

EMBERS = ("#0b132b", "#1c2541", "#3a506b", "#e09f3e", "#f4d35e", "#9e2a2b", "#fff3b0")
CATHEDRAL = ("#0d3b66", "#faf0ca", "#f4d35e", "#ee964b", "#c8102e", "#2a9d8f", "#5f0f40", "#1f7a8c")
PRIMARIES = ("#f7f4ea", "#d62828", "#1d4e9e", "#f2c230")
PACE = 0.006  # between the points of a stroke
SEA = ("#06283d", "#1363a3", "#47b5ff", "#dff6ff", "#f9e4c8", "#0f4c5c")


def _rgb(codes: Sequence[str]) -> Floats:
    """Hexadecimal colours to (n, 3) in [0, 1]."""
    return np.array([[int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)] for code in codes])


def _grid(longest: int) -> tuple[Floats, Floats]:
    """x in [0, 1) and y in [0, ¾) of every pixel centre, (H, W) each."""
    if longest < 16:
        raise ValueError(f"longest: came {longest}, must be at least 16")
    y, x = np.mgrid[0 : round(longest * 0.75), 0:longest]
    return (x + 0.5) / longest, (y + 0.5) / longest


def _finished(colours: Floats) -> Picture:
    return np.asarray(np.rint(np.clip(colours, 0, 1) * 255), dtype=np.uint8)


def _noise(rng: np.random.Generator, x: Floats, y: Floats, cells: float, octaves: int) -> Floats:
    """Smooth noise of about ±1: random lattices, interpolated, each octave half as strong."""
    total = np.zeros_like(x)
    for octave in range(octaves):
        scale = cells * 2**octave
        lattice = rng.standard_normal((int(scale) + 3, int(scale) + 3))
        column, row = x * scale, y * scale
        j, i = column.astype(int), row.astype(int)
        across, down = _smooth(column - j), _smooth(row - i)
        upper = lattice[i, j] * (1 - across) + lattice[i, j + 1] * across
        lower = lattice[i + 1, j] * (1 - across) + lattice[i + 1, j + 1] * across
        total += (upper * (1 - down) + lower * down) / 2**octave
    return total


def _smooth(share: Floats) -> Floats:
    """0 to 1 with flat ends (smoothstep)."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)


def brush_strokes(rng: np.random.Generator, longest: int) -> Picture:
    """Bristly strokes that follow a field with vortices, in night blues and embers."""
    height = _grid(longest)[0].shape[0]
    x, y = _grid(2 * longest)  # painted at twice the size, or bristles would be jagged
    centres, spins = rng.random((5, 2)) * [1, 0.75], rng.choice([-1.0, 1.0], 5)
    palette = _rgb(EMBERS)
    shade = _noise(rng, x, y, 3, 3)
    canvas = palette[0] + 0.15 * _smooth(shade)[..., None] * palette[2]
    for width, length, count in ((0.030, 0.22, 500), (0.017, 0.16, 1400), (0.009, 0.10, 2600)):
        starts = rng.random((count, 2)) * [1, 0.75]
        paths = _flow(starts, centres, spins, length)
        light = _lightness(starts, centres, shade) + 0.12 * rng.standard_normal(count)
        colours = palette[np.clip(light * len(palette), 0, len(palette) - 1).astype(int)]
        colours = colours * (1 + 0.10 * rng.standard_normal((count, 1)))
        colours += 0.03 * rng.standard_normal((count, 3))
        for path, colour in zip(paths, colours, strict=True):
            _stroke(rng, canvas, path, width, colour)
    return _finished(_halved(canvas, height, longest))


def _halved(colours: Floats, height: int, width: int) -> Floats:
    """Means of 2 × 2 pixels; an odd last row, which has no partner, is repeated first."""
    even = np.pad(colours, ((0, 2 * height - len(colours)), (0, 0), (0, 0)), mode="edge")
    return np.asarray(even.reshape(height, 2, width, 2, 3).mean((1, 3)))


def _lightness(starts: Floats, centres: Floats, shade: Floats) -> Floats:
    """Lights stand in the vortices, the rest follows the clouds; (n, 2) to (n,)."""
    distance = np.sqrt(((starts[:, None] - centres) ** 2).sum(2)).min(1)
    height, width = shade.shape
    row = np.minimum((starts[:, 1] * width).astype(int), height - 1)
    column = np.minimum((starts[:, 0] * width).astype(int), width - 1)
    lights = np.exp(-((distance / 0.085) ** 2))
    return np.asarray(0.28 + 0.16 * shade[row, column] + 0.75 * lights)


def _flow(starts: Floats, centres: Floats, spins: Floats, length: float) -> Floats:
    """Follow the field from (n, 2) `starts`: (n, points, 2), PACE apart."""
    points = [starts]
    for _ in range(int(length / PACE)):
        here = points[-1]
        away = here[:, None] - centres
        distance = (away**2).sum(2)
        pull = np.exp(-distance / 0.035) * spins / np.sqrt(distance + 1e-4)
        turn = np.stack([-away[..., 1], away[..., 0]], 2)
        wind = np.sin(5 * here[:, 0] + 3 * here[:, 1])
        drift = np.stack([np.ones(len(here)), 0.35 * wind], 1)
        direction = 0.45 * drift + 1.6 * (pull[..., None] * turn).sum(1)
        speed = np.sqrt((direction**2).sum(1) + 1e-9)[:, None]
        points.append(here + PACE * direction / speed)
    return np.stack(points, 1)


def _stroke(
    rng: np.random.Generator, canvas: Floats, path: Floats, width: float, colour: Floats
) -> None:
    """Lay bristles side by side along a path; each has its own tone and runs dry on its own."""
    height, longest = canvas.shape[:2]
    along = np.gradient(path, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    across /= np.sqrt((across**2).sum(1) + 1e-12)[:, None]
    dense = np.linspace(0, len(path) - 1, max(2, round(len(path) * PACE * longest * 1.5)))
    knots = np.arange(len(path))
    centre = np.stack([np.interp(dense, knots, path[:, k]) for k in (0, 1)], 1)
    normal = np.stack([np.interp(dense, knots, across[:, k]) for k in (0, 1)], 1)
    share = dense / dense[-1]
    belly = np.sin(np.pi * (0.08 + 0.91 * share) ** 0.7) ** 0.5
    offsets = np.linspace(-0.5, 0.5, max(2, round(width * longest * 1.5)))[:, None]
    tones = np.clip(1 + 0.16 * rng.standard_normal(offsets.shape), 0.5, 1.5)
    tones *= 1 + 0.25 * (np.abs(offsets) > 0.4)  # paint piles up at the rims
    wet = share <= 0.75 + 0.25 * rng.random(offsets.shape)
    points = (centre + normal * (offsets * width * belly)[..., None]) * longest
    column, row = points[..., 0].astype(int), points[..., 1].astype(int)
    laid = wet & (column >= 0) & (column < longest) & (row >= 0) & (row < height)
    paint = np.broadcast_to(tones[..., None] * colour, (*points.shape[:2], 3))
    canvas[row[laid], column[laid]] = np.clip(paint[laid], 0, 1)


def stained_glass(rng: np.random.Generator, longest: int) -> Picture:
    """Voronoi panes with lead between them, streaky glass and light from behind."""
    x, y = _grid(longest)
    angle, radius = 2.4 * np.arange(190), 0.048 * np.sqrt(np.arange(190) + 0.5)
    seeds = np.stack([0.5 + radius * np.cos(angle), 0.38 + radius * np.sin(angle)], 1)
    seeds += 0.011 * rng.standard_normal(seeds.shape)
    bent = 0.008 * _noise(rng, x, y, 9, 2)
    near, nearest, edge = _voronoi(x + bent, y - bent, seeds)
    palette = _rgb(CATHEDRAL)
    ring = np.sqrt(((seeds - [0.5, 0.38]) ** 2).sum(1))
    pick = (ring * 16 + rng.random(len(seeds)) * 2.2).astype(int) % len(palette)
    glass = palette[pick][nearest] * (0.85 + 0.3 * rng.random(len(seeds))[nearest])[..., None]
    direction = rng.random(len(seeds))[nearest] * np.pi
    streaks = np.sin(240 * (x * np.cos(direction) + y * np.sin(direction)) + 4 * bent * 100)
    light = 1.15 - 2.6 * near + 0.07 * streaks + 0.10 * _noise(rng, x, y, 24, 3)
    colours = glass * light[..., None]
    lead = _smooth((edge - 0.004) / 0.004)
    shine = 0.10 + 0.16 * _smooth(1 - np.abs(edge - 0.0025) / 0.002)
    return _finished(colours * lead[..., None] + (shine * (1 - lead))[..., None])


def _voronoi(x: Floats, y: Floats, seeds: Floats) -> tuple[Floats, NDArray[np.intp], Floats]:
    """Distance to the nearest seed, its index, and distance to the border of its cell."""
    first, second = np.full(x.shape, np.inf), np.full(x.shape, np.inf)
    nearest = np.zeros(x.shape, dtype=np.intp)
    for index, (seed_x, seed_y) in enumerate(seeds):
        distance = np.sqrt((x - seed_x) ** 2 + (y - seed_y) ** 2)
        closer = distance < first
        second = np.where(closer, first, np.minimum(second, distance))
        nearest[closer] = index
        first = np.minimum(first, distance)
    return first, nearest, (second - first) / 2


def mondrian(rng: np.random.Generator, longest: int) -> Picture:
    """Black bars and primary colours on canvas, with woven threads and brush marks."""
    x, y = _grid(longest)
    palette = _rgb(PRIMARIES)
    colours = np.broadcast_to(palette[0], (*x.shape, 3)).copy()
    bars = np.full(x.shape, np.inf)
    boxes = [(0.0, 0.0, 1.0, 0.75)]
    while boxes:
        left, top, right, bottom = boxes.pop()
        wide, high = right - left, bottom - top
        if max(wide, high) < 0.16 or (wide * high < 0.05 and rng.random() < 0.45):
            inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
            colours[inside] = palette[rng.choice(4, p=[0.42, 0.22, 0.2, 0.16])]
            for distance in (x - left, right - x, y - top, bottom - y):
                bars[inside] = np.minimum(bars[inside], distance[inside])
            continue
        cut = 0.28 + 0.44 * rng.random()
        if wide > high:
            middle = left + cut * wide
            boxes += [(left, top, middle, bottom), (middle, top, right, bottom)]
        else:
            middle = top + cut * high
            boxes += [(left, top, right, middle), (left, middle, right, bottom)]
    black = 1 - _smooth((bars - 0.007) / 0.0025)
    colours = colours * (1 - black[..., None]) + 0.06 * black[..., None]
    marks = _noise(rng, x * 0.25, y, 70, 2) + _noise(rng, x, y * 0.25, 70, 2)
    weave = np.sin(2 * np.pi * x * 96) * np.sin(2 * np.pi * y * 96)
    worn = 0.045 * marks + 0.035 * weave + 0.05 * _noise(rng, x, y, 5, 2)
    return _finished(colours * (1 + worn[..., None]) + 0.3 * (worn * black)[..., None])


def waves(rng: np.random.Generator, longest: int) -> Picture:
    """Rows of swelling water with engraved lines and foam under a pale sky."""
    x, y = _grid(longest)
    palette = _rgb(SEA)
    sky = palette[4] * (1.02 - 0.35 * y)[..., None] + 0.02 * _noise(rng, x, y, 30, 3)[..., None]
    colours = sky
    rows = 13
    for row in range(rows):
        depth = row / (rows - 1)
        level = 0.10 + 0.62 * depth**1.15
        size = 0.018 + 0.045 * depth
        phase = x * (11 - 6 * depth) + rng.random() * 9 + 0.5 * _noise(rng, x, y, 3, 2)
        # A sharpened sine: narrow crests, wide troughs.
        crest = level + size * (1 - 2 * np.abs(np.sin(phase)) ** 0.75)
        below = y - crest
        water = _smooth(below / 0.003)
        lines = np.sin(2 * np.pi * below * (95 - 45 * depth) + 1.5 * np.sin(2 * phase))
        tone = 0.5 + 0.45 * lines * np.exp(-below / 0.12) + 0.12 * _noise(rng, x, y, 40, 2)
        mixed = _between(palette[:3], np.clip(tone - 0.15 + 0.25 * (1 - depth), 0, 1))
        foam = _smooth(1.2 - below / (0.006 + 0.010 * (0.5 + _noise(rng, x, y, 60, 2)) ** 2))
        mixed = mixed * (1 - foam[..., None]) + palette[3] * foam[..., None]
        colours = colours * (1 - water[..., None]) + mixed * water[..., None]
    return _finished(colours * (1 + 0.03 * _noise(rng, x, y, 90, 1))[..., None])


def _between(palette: Floats, share: Floats) -> Floats:
    """Colours along a ramp, `share` (H, W) in [0, 1]."""
    knots = np.linspace(0, 1, len(palette))
    return np.stack([np.interp(share, knots, palette[:, channel]) for channel in range(3)], -1)


PAINTINGS: dict[str, Callable[[np.random.Generator, int], Picture]] = {
    "brush strokes": brush_strokes,
    "stained glass": stained_glass,
    "mondrian": mondrian,
    "waves": waves,
}
