"""Label maps of pictures: by colour for a pair, by objects, from a flat-colour picture; compared."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stylize.imaging import resize_labels, resize_to_longest
from stylize.record import Labels

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]  # (H, W, 3) sRGB

# Pure colours first, as Deep Photo's masks have them; then the rest of three levels per channel.
_PURE = (
    (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255),
    (255, 0, 255), (255, 255, 255), (128, 128, 128),
)  # fmt: skip
COLOURS = (*_PURE, *(rgb for rgb in product((128, 0, 255), repeat=3) if rgb not in _PURE))

MOST_LABELS = 12
WORKING = 384  # px of the longer side: regions are no sharper than superpixels
SUPERPIXELS = 600
SMALLEST_SHARE = 0.03  # of a picture, for a label to count as there
FLAT_SHARE = 0.001  # of a picture that the inside of a flat region has at least
OBJECT_FILE = "deeplabv3_mobilenet_v3_large-fc3c493d.pth"
OBJECT_LONGEST = 520  # px, as the weights' own transform has it


@dataclass(frozen=True)
class Share:
    """One label in several pictures.

    Args:
        label: its number.
        parts: of the pictures, in [0, 1]; 0: it is missing there; None: that one has no labels.
    """

    label: int
    parts: tuple[float | None, ...]


def colour(label: int) -> tuple[int, int, int]:
    """The sRGB colour that stands for a label; beyond the last they begin again after the first."""
    red, green, blue = COLOURS[label if label < len(COLOURS) else 1 + label % (len(COLOURS) - 1)]
    return red, green, blue


def shares(maps: Sequence[Labels | None]) -> list[Share]:
    """How much of each picture every label covers, in the order of the labels.

    Args:
        maps: (H, W) label maps, of any sizes; None: that picture has no labels.
    """
    parts = [_parts(each) for each in maps]
    return [
        Share(
            label,
            tuple(
                None if each is None else float(part[label])
                for each, part in zip(maps, parts, strict=True)
            ),
        )
        for label in np.flatnonzero(np.sum(parts, axis=0)).tolist()
    ]


def _parts(labels: Labels | None) -> Floats:
    """(256,) share of every label."""
    if labels is None:
        return np.zeros(256)
    return np.bincount(labels.ravel(), minlength=256) / labels.size


def by_colour(pictures: Sequence[Picture], number: int, seed: int = 0) -> list[Labels]:
    """Label maps whose labels are the same colours in every picture.

    SLIC superpixels (Achanta et al. 2012), clustered by k-means on their mean CIELAB over all the
    pictures together. A cluster that some picture lacks goes to the nearest that all have; where
    fewer than two are left, the pictures have no colours in common, and are clustered again by
    how the colours differ from each picture's mean.

    Args:
        pictures: (H, W, 3) uint8 each.
        number: of labels at most, 2 to `MOST_LABELS`; the most common becomes 0.
        seed: of k-means.

    Returns:
        (H, W) labels for each picture.

    Raises:
        ValueError: naming `number`.
    """
    if not 2 <= number <= MOST_LABELS:
        raise ValueError(f"number: came {number}, must be from 2 to {MOST_LABELS}")
    cut = [_superpixels(picture) for picture in pictures]
    common = _clustered(
        [colours for _, colours, _ in cut], [sizes for *_, sizes in cut], number, seed
    )
    if len(np.unique(np.concatenate(common))) < 2:
        centred = [
            colours - np.average(colours, axis=0, weights=sizes) for _, colours, sizes in cut
        ]
        common = _clustered(centred, [sizes for *_, sizes in cut], number, seed)
    return [
        resize_labels(clusters[segments].astype(np.uint8), *picture.shape[:2])
        for picture, (segments, *_), clusters in zip(pictures, cut, common, strict=True)
    ]


def _superpixels(picture: Picture) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Numbers of the superpixels (h, w) of the reduced picture, their mean Lab (n, 3), sizes (n,)."""
    from skimage.color import rgb2lab
    from skimage.segmentation import slic

    small = resize_to_longest(picture, WORKING)
    lab = rgb2lab(small)
    found = slic(small, n_segments=SUPERPIXELS, compactness=10.0, sigma=1.0, channel_axis=2)
    _, segments = np.unique(found, return_inverse=True)
    segments = segments.reshape(found.shape)
    sizes = np.bincount(segments.ravel()).astype(float)
    sums = [np.bincount(segments.ravel(), weights=lab[..., axis].ravel()) for axis in range(3)]
    return segments, np.stack(sums, axis=1) / sizes[:, None], sizes


def _clustered(
    colours: list[Floats], sizes: list[Floats], number: int, seed: int
) -> list[NDArray[np.intp]]:
    """A cluster for every superpixel of every picture; each cluster is in all the pictures."""
    from sklearn.cluster import KMeans

    points, weights = np.concatenate(colours), np.concatenate(sizes)
    different = len(np.unique(points.round(3), axis=0))
    fitted = KMeans(min(number, different), n_init=4, random_state=seed)
    fitted.fit(points, sample_weight=weights)
    ends = np.cumsum([len(each) for each in colours])[:-1]
    found = np.split(fitted.labels_, ends)
    parts = np.stack(
        [
            np.bincount(clusters, weights=size, minlength=fitted.n_clusters) / size.sum()
            for clusters, size in zip(found, sizes, strict=True)
        ]
    )
    shared = np.flatnonzero((parts >= SMALLEST_SHARE).all(axis=0))
    if not len(shared):
        return [np.zeros_like(clusters) for clusters in found]
    order = shared[np.argsort(-parts[:, shared].sum(axis=0), kind="stable")]
    away = fitted.cluster_centers_[:, None] - fitted.cluster_centers_[order][None]
    number_of = (away**2).sum(axis=2).argmin(axis=1)  # a shared cluster is nearest to itself
    return [number_of[clusters] for clusters in found]


def from_flat_colours(picture: Picture) -> Labels:
    """Label map of a picture that has one flat colour per region: the nearest of `COLOURS`.

    Blends along edges and JPEG's ringing make colours of their own; a label without an inside
    takes the label beside it.

    Args:
        picture: (H, W, 3) uint8.

    Returns:
        (H, W) labels, places in `COLOURS`.
    """
    from scipy.ndimage import distance_transform_edt, maximum_filter, minimum_filter

    palette = np.array(COLOURS, dtype=np.int32)
    # The palette is a cube of three levels, so that the nearest is found channel by channel.
    levels = np.rint(picture / 127.5).astype(np.int32)
    places = np.empty((3, 3, 3), dtype=np.uint8)
    places[tuple(np.rint(palette / 127.5).astype(int).T)] = np.arange(len(palette))
    labels = places[levels[..., 0], levels[..., 1], levels[..., 2]]
    inside = minimum_filter(labels, 5) == maximum_filter(labels, 5)
    counts = np.bincount(labels[inside], minlength=len(palette))
    kept = counts >= max(1, FLAT_SHARE * labels.size)
    if not kept.any() or kept[labels].all():
        return labels
    nearest = distance_transform_edt(~kept[labels], return_distances=False, return_indices=True)
    return np.asarray(labels[tuple(nearest)], dtype=np.uint8)


def object_weights() -> Path | None:
    """The weights for `by_objects` where torchvision keeps them on this machine; None if absent."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    hub = Path(os.environ.get("TORCH_HOME") or cache).expanduser() / "hub"
    path = hub / "checkpoints" / OBJECT_FILE
    return path if path.is_file() else None


def by_objects(pictures: Sequence[Picture]) -> list[Labels]:
    """Label maps by DeepLabV3 (Chen et al. 2017) on MobileNetV3 with torchvision's weights: VOC's 21 classes.

    Args:
        pictures: (H, W, 3) uint8 each.

    Returns:
        (H, W) labels for each: 0 the background, 1 aeroplane … 20 television.

    Raises:
        FileNotFoundError: the weights are not on this machine; nothing is downloaded.
    """
    path = object_weights()
    if path is None:
        raise FileNotFoundError(f"{OBJECT_FILE} is not on this machine")
    import torch
    from torchvision.models.segmentation import deeplabv3_mobilenet_v3_large

    network = deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=21, aux_loss=True
    )
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return [_classes(network.eval(), picture) for picture in pictures]


def _classes(network: Any, picture: Picture) -> Labels:
    import torch

    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    small = (resize_to_longest(picture, OBJECT_LONGEST) / 255 - mean) / deviation
    planes = torch.from_numpy(small.transpose(2, 0, 1).astype(np.float32))[None]
    with torch.inference_mode():
        scores = network(planes)["out"][0]
    return resize_labels(scores.argmax(0).numpy().astype(np.uint8), *picture.shape[:2])
