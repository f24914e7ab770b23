"""Style under masks."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize import encoders
from stylize.losses.augmented import augmented_style_loss, masked_gram, style_of_regions
from stylize.losses.base import Sight
from stylize.record import Guides, Labels


def maps(seed: int, channels: int = 4, height: int = 5, width: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((channels, height, width), generator=generator, dtype=torch.float64)


def halves(seed: int = 9) -> tuple[Tensor, Tensor]:
    soft = maps(seed, 1)[0]
    return soft, 1 - soft


def gram(each: Tensor) -> Tensor:
    """Of neural-style: over channels times positions."""
    values = each.flatten(1)
    return values @ values.T / values.numel()


def test_augmented_with_one_mask_of_ones_is_the_plain_gram_loss() -> None:
    picture, style, ones = maps(0), maps(1, height=7), torch.ones(5, 6, dtype=torch.float64)
    target = masked_gram(style, torch.ones(7, 6, dtype=torch.float64))
    found = augmented_style_loss(picture, [target], [ones])
    wanted = (gram(picture) - gram(style)).square().mean()
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)


def test_augmented_when_regions_swap_places_in_the_list_is_the_same() -> None:
    first, second = halves()
    targets = [masked_gram(maps(1), mask) for mask in (first, second)]
    plain = augmented_style_loss(maps(0), targets, [first, second])
    swapped = augmented_style_loss(maps(0), targets[::-1], [second, first])
    torch.testing.assert_close(plain, swapped, rtol=1e-12, atol=0)
    crossed = augmented_style_loss(maps(0), targets[::-1], [first, second])
    assert abs(crossed - plain) > 1e-4 * plain


def test_augmented_at_its_own_target_is_0_with_its_gradient() -> None:
    picture = maps(0).requires_grad_()
    masks = halves()
    targets = [masked_gram(picture.detach(), mask) for mask in masks]
    loss = augmented_style_loss(picture, targets, masks)
    assert float(loss.detach()) == 0
    assert torch.autograd.grad(loss, picture)[0].abs().max() == 0


def test_augmented_has_the_gradient_of_finite_differences_with_soft_masks() -> None:
    masks = halves()
    targets = [masked_gram(maps(1), mask) for mask in masks]
    picture = maps(0).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda each: augmented_style_loss(each, targets, masks), picture
    )


def test_augmented_without_regions_or_with_an_empty_mask_is_finite() -> None:
    assert float(augmented_style_loss(maps(0), [], [])) == 0
    empty = torch.zeros(5, 6, dtype=torch.float64)
    target = masked_gram(maps(1), empty)
    assert float(augmented_style_loss(maps(0), [target], [empty])) == 0


def sight(guides: Guides, style_seed: int = 2) -> Sight:
    content, style = (maps(seed, 3, 32, 40).float()[None] for seed in (1, style_seed))
    encoder = encoders.get("pyramid", "cpu").fitted(content, style)
    return Sight(encoder, encoder.enter(content), encoder.enter(style), guides, 0)


def value(prepared: Sight, planes: Tensor) -> float:
    return float(style_of_regions(prepared)(planes, prepared.encoder.features(planes)))


def labels(left: int, right: int) -> Labels:
    made = np.full((32, 40), left, np.uint8)
    made[:, 20:] = right
    return made


@pytest.mark.parametrize("guides", [Guides(), Guides(labels(0, 3), labels(0, 3))])
def test_style_of_regions_is_0_at_the_style_and_1_when_blank(guides: Guides) -> None:
    prepared = sight(guides)
    assert value(prepared, prepared.style) < 1e-9
    assert abs(value(prepared, torch.zeros_like(prepared.style)) - 1) < 1e-3
    assert value(prepared, prepared.content) > 1e-4


def test_style_of_regions_without_masks_is_that_of_one_label() -> None:
    one = Guides(labels(4, 4), labels(4, 4))
    plain, masked = sight(Guides()), sight(one)
    assert abs(value(plain, plain.content) - value(masked, masked.content)) < 1e-6


def test_style_of_regions_looks_at_the_matching_region_only() -> None:
    prepared = sight(Guides(labels(0, 7), labels(0, 8)))  # only the left half is shared
    planes = prepared.content.clone().requires_grad_()
    loss = style_of_regions(prepared)(planes, prepared.encoder.features(planes))
    gradient = torch.autograd.grad(loss, planes)[0].abs().sum((0, 1, 2))
    assert gradient[:20].mean() > 20 * gradient[38:].mean()


def test_style_of_regions_when_no_label_is_shared_is_0() -> None:
    prepared = sight(Guides(labels(1, 1), labels(2, 2)))
    assert value(prepared, prepared.content) == 0
