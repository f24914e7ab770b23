"""Regions that the masks of a content and a style have in common, down to the size of a map."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

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
    """The labels that both masks have, on at least `SMALLEST_REGION` px each, in order.

    Args:
        guides: with both masks, or with none.
        device: where the regions shall be.

    Returns:
        Empty without masks, and when no label is shared.
    """
    content, style = guides.content_labels, guides.style_labels
    if content is None or style is None:
        return []
    shared = sorted(set(_labels(content)) & set(_labels(style)))
    return [
        Region(label, _inside(content, label, device), _inside(style, label, device))
        for label in shared
    ]


def dropped(guides: Guides) -> list[int]:
    """The labels of the content's mask that `regions` leaves out, in order."""
    if guides.content_labels is None:
        return []
    kept = {region.label for region in regions(guides)}
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
