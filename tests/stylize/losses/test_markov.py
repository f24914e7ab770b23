"""The random field over an encoder: fixed points, what is carried, labels, and how it is renewed."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize.encoders.pyramid import Pyramid
from stylize.losses.base import Renewed, Sight
from stylize.losses.markov import (
    PatchField,
    Rule,
    by_product,
    check_labels_are_shared,
    patch_field,
)
from stylize.record import Guides


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    small = torch.rand((1, 3, 8, 8), generator=generator)
    return torch.nn.functional.interpolate(small, size=(height, width), mode="bicubic").clamp(0, 1)


def sight(content: Tensor, style: Tensor, guides: Guides | None = None) -> Sight:
    encoder = Pyramid("cpu").fitted(content, style)
    entered = encoder.enter(content), encoder.enter(style)
    return Sight(encoder, *entered, guides or Guides(), 0)


def made(rule: Rule, seen: Sight) -> PatchField:
    loss = patch_field(rule)(seen)
    assert isinstance(loss, PatchField)
    assert isinstance(loss, Renewed)
    return loss


@pytest.mark.parametrize("overlap", ["mean", "sum"])
@pytest.mark.parametrize("carry", [0.0, 1.0])
def test_loss_when_content_is_the_style_is_zero_with_its_gradient(
    overlap: str, carry: float
) -> None:
    seen = sight(picture(64, 72), picture(64, 72))
    loss = made(Rule(5, overlap, carry), seen)
    planes = seen.content.clone().requires_grad_()
    value = loss(planes, seen.encoder.features(planes))
    value.backward()
    assert float(value.detach()) < 1e-9
    assert planes.grad is not None
    assert planes.grad.abs().max() < 1e-5


def test_loss_between_two_looks_is_fixed_and_a_look_follows_the_picture() -> None:
    seen = sight(picture(64, 64), picture(64, 72, seed=1))
    loss = made(Rule(5), seen)
    other = seen.encoder.enter(picture(64, 64, seed=2))
    features = seen.encoder.features(other)
    before = [grid.matched.mean.clone() for grid in loss.grids]
    value = float(loss(other, features))
    assert all(torch.equal(*each) for each in zip(before, _targets(loss), strict=True))
    loss.renew(other, features)
    assert not torch.equal(before[0], _targets(loss)[0])
    # Matches of the picture itself suit it better than those of another.
    assert float(loss(other, features)) < value


def test_grids_are_the_patch_layers_and_the_finest_carries_what_is_finer() -> None:
    seen = sight(picture(64, 64), picture(64, 72, seed=1))
    fine, coarse = made(Rule(5), seen).grids
    assert (fine.grid.layer, fine.grid.stride, fine.grid.carries) == ("scale2", 4, True)
    assert fine.grid.finer == (("scale0", 1), ("scale1", 2))
    assert len(fine.stacks[0]) == 96 + 96 * 16 + 96 * 4 + 3 * 16
    assert (coarse.grid.layer, coarse.grid.carries) == ("scale3", False)
    plain = made(Rule(5, carry=0.0), seen).grids
    assert [len(each.stacks[0]) for each in plain] == [96, 96]


def test_parts_hold_every_value_of_the_picture_once_where_sizes_fit() -> None:
    seen = sight(picture(64, 64), picture(64, 64, seed=1))
    grid = made(Rule(5), seen).grids[0].grid
    parts = grid.parts(seen.content, seen.content_features)
    for part, whole in ((parts[-1], seen.content), (parts[1], seen.content_features["scale0"])):
        assert torch.equal(part.flatten().sort().values, whole.flatten().sort().values)


def test_loss_of_the_style_in_its_own_units_is_1_for_a_blank_picture() -> None:
    """The parts' units make blank maps err by 1 + carry in the finest, 1 in the coarser grid."""
    seen = sight(picture(64, 64), picture(64, 64, seed=1))
    loss = made(Rule(5, carry=0.5), seen)
    loss.renew(seen.style, seen.style_features)
    blank = torch.zeros_like(seen.style)
    features = {name: torch.zeros_like(maps) for name, maps in seen.style_features.items()}
    assert float(loss(blank, features)) == pytest.approx((1.5 + 1.0) / 2, rel=1e-3)


@pytest.mark.parametrize("style_size", [(1, 1), (5, 40), (33, 33)])
def test_loss_when_maps_are_smaller_than_a_window_is_finite(style_size: tuple[int, int]) -> None:
    seen = sight(picture(32, 36), picture(*style_size, seed=1))
    loss = made(Rule(5, rotations=1, scales=1), seen)
    assert torch.isfinite(loss(seen.content, seen.content_features))


def test_turned_styles_offer_more_and_never_worse_matches() -> None:
    seen = sight(picture(64, 64), picture(80, 96, seed=1))  # 64 px left when turned
    fewer, more = (made(Rule(5, carry=0.0, colour=0.0, rotations=n), seen) for n in (0, 1))
    assert [len(each.offered) for each in more.grids] == [3, 3]
    for one, other in zip(fewer.grids, more.grids, strict=True):
        assert torch.equal(one.offered[0], other.offered[0])
        best = [_score(each, seen) for each in (one, other)]
        assert best[1] >= best[0] - 1e-5


def _score(field: object, seen: Sight) -> float:
    from stylize.losses.patches import scores

    grid = field.grid  # type: ignore[attr-defined]
    own = seen.content_features[grid.layer][0]
    return float(scores(own, field.offered, 3).max(1).values.mean())  # type: ignore[attr-defined]


def _targets(loss: PatchField) -> list[Tensor]:
    return [grid.matched.mean for grid in loss.grids]


# Labels.


def labels(height: int, width: int, split: int, left: int = 0, right: int = 1) -> np.ndarray:
    made = np.full((height, width), right, np.uint8)
    made[:, :split] = left
    return made


SEMANTIC = Rule(5, "sum", match=by_product, label_weight=10.0)


def test_loss_with_labels_takes_pure_windows_from_their_label() -> None:
    """The style is red left and blue right, the content the other way round."""
    content, style = torch.full((1, 3, 64, 64), 0.2), torch.full((1, 3, 64, 64), 0.2)
    content[:, 0, :, 32:] = style[:, 0, :, :32] = 0.9
    content[:, 2, :, :32] = style[:, 2, :, 32:] = 0.9
    guides = Guides(labels(64, 64, 32), labels(64, 64, 32))
    seen = sight(content, style, guides)
    by_label = made(SEMANTIC, seen).grids[0]
    free = made(dataclasses.replace(SEMANTIC, label_weight=0.0), seen).grids[0]
    mask = by_label.grid.parts(seen.style, seen.style_features)[-1]
    own = by_label.grid.parts(seen.content, seen.content_features)[-1]
    targets = [each.matched.mean[-48:] / each.factors[-1] for each in (by_label, free)]
    inside = (..., slice(0, 5))  # well left of the seam
    torch.testing.assert_close(targets[0][inside], mask[inside], atol=1e-3, rtol=0)
    torch.testing.assert_close(targets[1][inside], own[inside], atol=1e-3, rtol=0)


def test_loss_when_labels_are_swapped_on_both_sides_is_the_same() -> None:
    content, style = picture(64, 64), picture(64, 72, seed=1)
    pairs = [
        Guides(labels(64, 64, 20, *numbers), labels(64, 72, 50, *numbers))
        for numbers in ((0, 1), (1, 0), (7, 3))
    ]
    losses = [made(SEMANTIC, sight(content, style, guides)) for guides in pairs]
    for other in losses[1:]:
        for one, two in zip(_targets(losses[0]), _targets(other), strict=True):
            torch.testing.assert_close(one, two, atol=1e-6, rtol=0)


def test_loss_when_labels_are_constant_has_the_matches_without() -> None:
    content, style = picture(64, 64), picture(64, 72, seed=1)
    guides = Guides(labels(64, 64, 0), labels(64, 72, 0))
    seen = sight(content, style, guides)
    one = made(SEMANTIC, seen)
    other = made(dataclasses.replace(SEMANTIC, label_weight=0.0), seen)
    for left, right in zip(_targets(one), _targets(other), strict=True):
        torch.testing.assert_close(left, right, atol=1e-6, rtol=0)


def test_check_labels_when_the_style_lacks_one_refuses_and_names_it() -> None:
    check_labels_are_shared(Guides(labels(4, 6, 3), labels(5, 5, 2)))
    with pytest.raises(ValueError, match="masks: the style's lacks label 1, must have all"):
        check_labels_are_shared(Guides(labels(4, 6, 3), labels(5, 5, 5)))
    with pytest.raises(ValueError, match="masks: came none"):
        check_labels_are_shared(Guides())
