"""Regions that the masks of a content and a style have in common, down to the size of a map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from stylize.imaging import resize_labels
from stylize.record import Guides, Labels

SMALLEST_REGION = 10  # px on either side; as in PhotoWCT's and Deep Photo's code


@dataclass(frozen=True)
class Region:
    """One label that both pictures have.

    Args:
        label: number in the masks.
        content: (H, W) float32, 1 inside and 0 outside.
        style: (h, w) float32, likewise.
    """

    label: int
    content: Tensor
    style: Tensor


def regions(guides: Guides, device: str = "cpu") -> list[Region]:
    """The labels that the masks of content and first style have, on `SMALLEST_REGION` px each.

    Args:
        guides: with both masks, or with none.
        device: where the regions shall be.

    Returns:
        In order; empty without masks, and when no label is shared.
    """
    content, style = guides.content_labels, guides.style_labels
    if content is None or style is None:
        return []
    shared = sorted(set(_labels(content)) & set(_labels(style)))
    return [
        Region(label, _inside(content, label, device), _inside(style, label, device))
        for label in shared
    ]


@dataclass(frozen=True)
class Shared:
    """A region of the content, and where each of several styles is used for it.

    Args:
        content: (H, W) float32, 1 inside and 0 outside.
        styles: per style (h, w) float32 likewise; None for one that has no such label.
    """

    content: Tensor
    styles: tuple[Tensor | None, ...]

    def shares(self, weights: Sequence[float]) -> list[float]:
        """The weights of the styles used here, with sum 1; all 0 when none of them weighs."""
        used = [
            w if mask is not None else 0.0 for w, mask in zip(weights, self.styles, strict=True)
        ]
        total = sum(used)
        return [each / total for each in used] if total > 0 else used


def shared_regions(guides: Guides, pictures: Sequence[Tensor]) -> list[Shared]:
    """The labels of the content's mask for which there is a style; without masks one whole region.

    A style without a mask counts whole in every region.

    Args:
        guides: with the masks of the content and of at least one style, or with none.
        pictures: (1, ·, H, W) the content's and (1, ·, h, w) each style's; a style's may be of
            another size than its mask, which is resized.

    Returns:
        In the order of the labels.
    """
    content, *styles = pictures
    if guides.content_labels is None:
        return [Shared(_whole(content), tuple(_whole(each) for each in styles))]
    labels = [None if each is None else resize_labels(each, *picture.shape[2:])
              for each, picture in zip(style_maps(guides), styles, strict=True)]  # fmt: skip
    there = [None if each is None else set(_labels(each)) for each in labels]
    device, found = str(content.device), []
    for label in sorted(_labels(guides.content_labels)):
        masks = tuple(
            _whole(picture) if own is None or numbers is None
            else _inside(own, label, device) if label in numbers else None
            for own, numbers, picture in zip(labels, there, styles, strict=True)
        )  # fmt: skip
        if any(mask is not None for mask in masks):
            found.append(Shared(_inside(guides.content_labels, label, device), masks))
    return found


def style_maps(guides: Guides) -> tuple[Labels | None, ...]:
    """The masks of all styles, the first one first; None for a style without."""
    more = guides.exemplar_labels or (None,) * len(guides.exemplars)
    return (guides.style_labels, *more)


def _whole(picture: Tensor) -> Tensor:
    return picture.new_ones(picture.shape[2:], dtype=torch.float32)


def dropped(guides: Guides) -> list[int]:
    """The labels of the content's mask for which no style is used, in order."""
    if guides.content_labels is None:
        return []
    maps = style_maps(guides)
    kept = set(_labels(guides.content_labels))
    if all(each is not None for each in maps):
        kept &= {label for each in maps if each is not None for label in _labels(each)}
    return [label for label in np.unique(guides.content_labels).tolist() if label not in kept]


def averaged(mask: Tensor, height: int, width: int) -> Tensor:
    """The share of the mask in every cell of a map, (height, width), without a cell left out.

    Args:
        mask: (H, W) floats in [0, 1].
        height, width: of the map, at most those of the mask.
    """
    return functional.adaptive_avg_pool2d(mask[None, None], (height, width))[0, 0]


def _labels(labels: Labels) -> list[int]:
    """Labels with enough pixels."""
    values, counts = np.unique(labels, return_counts=True)
    found: list[int] = values[counts >= SMALLEST_REGION].tolist()
    return found


def _inside(labels: Labels, label: int, device: str) -> Tensor:
    return (torch.from_numpy(labels) == label).to(device, torch.float32)
