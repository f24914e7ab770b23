"""Strokes by the size of the style: the pure branches, between them, and what they change."""

import pytest
import torch
from torch import Tensor

from stylize.encoders.pyramid import Pyramid
from stylize.losses.base import Sight
from stylize.losses.sizes import at_longest, mixed, stroke
from stylize.record import Guides


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator)


def sight(content: Tensor, style: Tensor) -> Sight:
    encoder = Pyramid("cpu").fitted(content, style)
    return Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)


@pytest.mark.parametrize("longest", [20, 40, 60])
def test_at_longest_keeps_proportion_and_a_constants_value(longest: int) -> None:
    assert at_longest(picture(40, 30), longest).shape == (1, 3, longest, round(longest * 0.75))
    flat = at_longest(torch.full((1, 3, 30, 40), 0.25), longest)
    torch.testing.assert_close(flat, torch.full_like(flat, 0.25))


def test_at_longest_when_the_size_is_right_is_the_picture() -> None:
    image = picture(40, 30)
    assert at_longest(image, 40) is image
    assert at_longest(picture(1, 1), 5).shape == (1, 3, 5, 5)


BRANCHES = [[torch.tensor([0.0, 4.0])], [torch.tensor([2.0, 0.0])], [torch.tensor([6.0, 6.0])]]


def test_mixed_at_whole_numbers_is_the_branch_itself() -> None:
    for control in range(3):
        assert torch.equal(mixed(BRANCHES, control)[0], BRANCHES[control][0])


def test_mixed_between_branches_is_linear() -> None:
    assert mixed(BRANCHES, 0.25)[0].tolist() == [0.5, 3.0]
    assert mixed(BRANCHES, 1.5)[0].tolist() == [4.0, 3.0]


@pytest.mark.parametrize("control", [-0.1, 2.1])
def test_mixed_beyond_the_branches_names_the_argument(control: float) -> None:
    with pytest.raises(ValueError, match=r"control: came .*, must be from 0 to 2"):
        mixed(BRANCHES, control)


def test_mixed_of_one_branch_is_that() -> None:
    assert torch.equal(mixed(BRANCHES[:1], 0)[0], BRANCHES[0][0])


def test_stroke_is_zero_for_the_style_at_its_size_and_not_at_another() -> None:
    style = at_longest(picture(16, 16, 1), 96)  # blobs of 6 px
    seen = sight(picture(64, 64), style)
    for control, own in ((1, 1.0), (2, 1.5)):
        loss = stroke((0.5, 1.0, 1.5), control)(seen)
        values = {}
        for ratio in (1.0, 1.5):
            planes = at_longest(seen.style, 64 * ratio)
            values[ratio] = float(loss(planes, seen.encoder.features(planes)))
        assert values.pop(own) == pytest.approx(0, abs=1e-9)
        assert min(values.values()) > 0.01


def test_stroke_is_blind_to_where_things_are_and_its_gradient_is_finite() -> None:
    seen = sight(picture(40, 48), picture(48, 40, 1))
    loss = stroke((0.5, 1.0, 1.5), 0.5)(seen)
    planes = seen.content.clone().requires_grad_()
    value = loss(planes, seen.encoder.features(planes))
    (gradient,) = torch.autograd.grad(value, planes)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0
    turned = seen.content.flip(2, 3)
    features = {name: each.flatten(2).flip(2).reshape(each.shape)
                for name, each in seen.content_features.items()}  # fmt: skip
    assert float(loss(turned, features)) == pytest.approx(float(value.detach()), rel=1e-4)


def test_stroke_of_a_tiny_style_is_finite() -> None:
    seen = sight(picture(32, 32), picture(1, 1, 1))
    assert torch.isfinite(stroke((0.5, 1.5), 1)(seen)(seen.content, seen.content_features))
