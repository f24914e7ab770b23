"""Trains the classifier of the painter's styles that `methods.class_image` shows the classes of.

`python -m stylize.training.painter_styles` writes its weights into the folder of the package.
"""

import sys

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from stylize.imaging import resize_to_longest, to_planes
from stylize.methods.class_image import (
    PAINTER_CLASSES,
    PAINTER_WEIGHTS,
    PainterStyles,
    to_values,
)
from stylize.painter import PAINTINGS

CROP = 48  # px
SIZES = (128, 192, 256)  # longer sides; strokes of several widths
SEEDS = (0, 1, 2)  # of the paintings
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
NOISE = 0.15  # added in training: a classifier blind to pixel noise has class images without it
RATE = 3e-3

Planes = NDArray[np.float32]


def pictures(seeds: tuple[int, ...] = SEEDS) -> list[list[Planes]]:
    """Per class of `PAINTER_CLASSES`, pictures (3, h, w) sRGB in [0, 1] of several sizes."""
    from skimage import data

    classes = []
    for name in PAINTER_CLASSES:
        if name in PAINTINGS:
            drawn = [PAINTINGS[name](np.random.default_rng(seed), max(SIZES)) for seed in seeds]
        else:
            drawn = [np.asarray(getattr(data, photograph)()) for photograph in PHOTOGRAPHS]
        classes.append(
            [to_planes(resize_to_longest(each, size)) for each in drawn for size in SIZES]
        )
    return classes


def crops(
    classes: list[list[Planes]], count: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Random windows, half of them mirrored, channels shuffled so that palettes do not tell classes:
    normalised (count, 3, CROP, CROP), labels (count,)."""
    windows, labels = [], rng.integers(len(classes), size=count)
    for label in labels:
        picture = classes[label][rng.integers(len(classes[label]))]
        top, left = (int(rng.integers(side - CROP + 1)) for side in picture.shape[1:])
        window = picture[:, top : top + CROP, left : left + CROP]
        window = window[rng.permutation(3)]
        windows.append(window[..., ::-1] if rng.random() < 0.5 else window)
    return to_values(torch.from_numpy(np.stack(windows))), torch.from_numpy(labels)


def train(
    classes: list[list[Planes]], seed: int = 0, steps: int = 300, batch: int = 32
) -> PainterStyles:
    """Adam on cross-entropy; the same weights for the same seed on one machine.

    Args:
        classes: of `pictures`.

    Returns:
        The network in evaluation mode.
    """
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = PainterStyles()
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    for _ in range(steps):
        values, labels = crops(classes, batch, rng)
        values = values + NOISE * torch.randn(values.shape, generator=generator)
        optimizer.zero_grad()
        functional.cross_entropy(network(values), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network.eval()


def accuracy(network: PainterStyles, classes: list[list[Planes]], count: int = 500) -> float:
    """Share of random windows that are told right."""
    values, labels = crops(classes, count, np.random.default_rng(1))
    with torch.no_grad():
        return float((network(values).argmax(1) == labels).double().mean())


def weights(network: PainterStyles) -> dict[str, NDArray[np.float16]]:
    """The network's arrays by name, at half precision."""
    return {name: each.numpy().astype(np.float16) for name, each in network.state_dict().items()}


def main() -> None:
    """Train, write the file, say how good it is."""
    network = train(pictures())
    PAINTER_WEIGHTS.parent.mkdir(exist_ok=True)
    with PAINTER_WEIGHTS.open("wb") as file:
        np.savez_compressed(file, **weights(network))  # type: ignore[arg-type]
    unseen = accuracy(network, pictures(seeds=(100,)))
    sys.stdout.write(f"{PAINTER_WEIGHTS.name}: {unseen:.1%} of windows of other paintings right\n")


if __name__ == "__main__":
    main()
