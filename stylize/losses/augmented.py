"""Style region by region (Luan et al. 2017): Gram matrices of maps under soft masks.

By autograd: the authors' gradient lacks one of its two factors of the mask.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from stylize.losses.base import Loss, Sight
from stylize.losses.layers import maps_of, style_layers
from stylize.losses.regions import averaged, regions

SMALLEST = 1e-8  # of a Gram matrix's energy, and of a mask's sum


def masked_gram(maps: Tensor, mask: Tensor) -> Tensor:
    """(MF)(MF)ᵀ / (C P mean(M)), as the authors' code divides.

    Args:
        maps: F, (C, h, w).
        mask: M, (h, w) in [0, 1].

    Returns:
        (C, C).
    """
    values = (maps * mask).flatten(1)
    return values @ values.T / (len(maps) * mask.sum().clamp(min=SMALLEST))


def augmented_style_loss(
    maps: Tensor, targets: Sequence[Tensor], masks: Sequence[Tensor]
) -> Tensor:
    """Σ over regions of mean(M) · mean((G - A)²); with one mask of ones the plain Gram loss.

    Args:
        maps: (C, h, w) of the picture.
        targets: A, `masked_gram` of the style's maps under its mask, per region.
        masks: of the content, (h, w), per region.

    Returns:
        A scalar; 0 without regions.
    """
    errors = [
        mask.mean() * (masked_gram(maps, mask) - target).square().mean()
        for target, mask in zip(targets, masks, strict=True)
    ]
    return torch.stack(errors).sum() if errors else 0 * maps.sum()


def style_of_regions(sight: Sight) -> Loss:
    """Mean over layers of `augmented_style_loss`, each over what a blank map would have.

    The regions are the labels that both masks have; without masks both pictures are one.
    """
    layers = style_layers(sight)
    pairs = _masks(sight)
    known = []
    for content, style in zip(
        maps_of(sight.content_features, layers), maps_of(sight.style_features, layers), strict=True
    ):
        masks = [averaged(inside, *content.shape[1:]) for inside, _ in pairs]
        there = [averaged(inside, *style.shape[1:]) for _, inside in pairs]
        targets = [masked_gram(style, mask) for mask in there]
        blank = augmented_style_loss(torch.zeros_like(content), targets, masks)
        unit = blank + SMALLEST / len(content) ** 2  # Gram matrices are over their channels
        known.append((targets, masks, unit))

    def loss(planes: Tensor, features: dict[str, Tensor]) -> Tensor:
        errors = [
            augmented_style_loss(maps, targets, masks) / unit
            for maps, (targets, masks, unit) in zip(maps_of(features, layers), known, strict=True)
        ]
        return torch.stack(errors).mean()

    return loss


def _masks(sight: Sight) -> list[tuple[Tensor, Tensor]]:
    if sight.guides.content_labels is None:
        return [(torch.ones_like(sight.content[0, 0]), torch.ones_like(sight.style[0, 0]))]
    found = regions(sight.guides, str(sight.content.device))
    return [(region.content, region.style) for region in found]
