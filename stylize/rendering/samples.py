"""Scenes that every machine has, for the pages about the methods: no rows, no files of ours."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from stylize import imaging, painter, record
from stylize.rendering.door import method_of
from stylize.solvers import segments

# Name of the scene: picture of scikit-image, painting. The first is the one the docs show.
PAIRS = {
    "cat": ("chelsea", "brush strokes"),
    "astronaut": ("astronaut", "stained glass"),
    "coffee": ("coffee", "waves"),
    "rocket": ("rocket", "mondrian"),
}
LABELS = 4
ELEMENT = 0.7  # of half the sides: the half axes of what is pasted
# Pitié's own pair and results: what made them, key, its parameters, his picture.
AUTHORS: tuple[tuple[str, str, dict[str, object], str], ...] = (
    ("MKL", "mkl", {}, "pitie_ref_MKL.png"),
    ("IDT + regrain", "idt", {}, "pitie_ref_IDT_regrain.png"),
    (
        "IDT + regrain, bins and start as in his code",
        "idt",
        {"match": "bins", "regrain_init": "authors"},
        "pitie_ref_IDT_regrain.png",
    ),
)


@dataclass(frozen=True)
class Sample:
    """A scene without rows: (H, W, 3) uint8 pictures of one longer side, and their masks."""

    content: imaging.Array
    style: imaging.Array
    labels: tuple[record.Labels, record.Labels]


@lru_cache(maxsize=len(PAIRS))
def sample(name: str, size: int) -> Sample:
    """The scene of this name; its masks are made by colour."""
    from skimage import data

    photo, painting = PAIRS[name]
    content = imaging.resize_to_longest(getattr(data, photo)(), size)
    style = painter.PAINTINGS[painting](np.random.default_rng(7), size)
    first, second = segments.by_colour([content, style], LABELS)
    return Sample(content, style, (first, second))


def pasted(scene: Sample) -> Sample:
    """For methods that lay content and style over each other: a composite and its painting.

    The painting gets the content's shape; an ellipse of the content in its middle is the element.
    """
    height, width = scene.content.shape[:2]
    painting = np.asarray(Pillow.fromarray(scene.style).resize((width, height)))
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    inside = (rows**2 + columns**2 < ELEMENT**2).astype(np.uint8)
    composite = np.where(inside[..., None] == 1, scene.content, painting)
    return Sample(composite, painting, (inside, inside))


def stylized(
    key: str, scene: Sample, parameters: Mapping[str, object] | None = None
) -> tuple[imaging.Array, float]:
    """A method's picture of a scene on the CPU, and the seconds.

    Masks are handed over only where the method needs them, so that all see the same scene; where
    one picture is laid over the other, it is `pasted`.

    Args:
        parameters: those that are not at their default.
    """
    import torch

    method = method_of(key)
    values = {**method.defaults, **(parameters or {})}
    if method.needs.aligned:
        scene = pasted(scene)
    content, style = (
        torch.from_numpy(imaging.to_planes(picture))[None]
        for picture in (scene.content, scene.style)
    )
    guides = record.Guides(*scene.labels) if method.needs.masks else record.Guides()
    run = record.Run(seed=0, guides=guides)
    begun = time.perf_counter()
    result = method.apply(content, style, record.validated(method.parameters, values), run)
    seconds = time.perf_counter() - begun
    return imaging.from_planes(result[0].numpy()), seconds


def distance(first: list[imaging.Array], second: list[imaging.Array]) -> float:
    """Root of the mean squared difference over all pixels of all pictures, in levels of 255."""
    differences = [
        (np.asarray(one, float) - np.asarray(other, float)).ravel()
        for one, other in zip(first, second, strict=True)
    ]
    return float(np.sqrt(np.mean(np.concatenate(differences) ** 2)))


def against_authors(folder: Path) -> dict[str, float]:
    """PSNR in dB between our pictures and those that a method's author made of the same pair.

    Args:
        folder: with the pictures of `AUTHORS`; without them the result is empty.
    """
    pair = [folder / f"pitie_scotland_{side}.png" for side in ("house", "plain")]
    if not all(path.exists() for path in pair):
        return {}
    content, style = (imaging.read(path.read_bytes()) for path in pair)
    nothing = np.zeros((0, 0), dtype=np.uint8)
    scene = Sample(content, style, (nothing, nothing))
    found = {}
    for name, key, parameters, file in AUTHORS:
        expected = imaging.read((folder / file).read_bytes())
        levels = distance([stylized(key, scene, parameters)[0]], [expected])
        found[name] = float(20 * np.log10(255 / max(levels, 1e-6)))
    return found
