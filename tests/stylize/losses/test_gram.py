"""Gram losses: what each is blind to and what each sees, and their gradients."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from stylize.encoders.pyramid import Pyramid
from stylize.losses import gram
from stylize.losses.base import Prepare, Sight
from stylize.record import Guides


def maps(channels: int = 4, height: int = 5, width: int = 6, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((channels, height, width), generator=generator, dtype=torch.float64)


def shuffled(values: Tensor, seed: int = 3) -> Tensor:
    order = torch.randperm(values[0].numel(), generator=torch.Generator().manual_seed(seed))
    return values.flatten(1)[:, order].reshape(values.shape)


SHIFTS = [(0, 0), (1, 0), (0, 2)]
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "gram": lambda one, other: gram.gram_loss(one, gram.gram(other)),
    "mean-subtracted": lambda one, other: gram.mean_subtracted_loss(one, gram.covariance(other)),
    "shifted": lambda one, other: gram.shifted_loss(
        one, {shift: gram.shifted(other, shift) for shift in SHIFTS}
    ),
    "multi-scale": lambda one, other: gram.multiscale_loss(
        [one, one[:, ::2, ::2]], [gram.gram(other), gram.gram(other[:, ::2, ::2])]
    ),
}
EVERY = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
BLIND = pytest.mark.parametrize("name", ["gram", "mean-subtracted"])


@EVERY
def test_loss_at_its_own_target_is_zero_and_has_no_gradient(
    loss: Callable[[Tensor, Tensor], Tensor],
) -> None:
    values = maps().requires_grad_()
    value = loss(values, maps())
    assert float(value.detach()) == 0
    (gradient,) = torch.autograd.grad(value, values)
    assert float(gradient.abs().max()) == 0


@EVERY
def test_loss_gradient_is_that_of_finite_differences(
    loss: Callable[[Tensor, Tensor], Tensor],
) -> None:
    assert torch.autograd.gradcheck(
        lambda values: loss(values, maps(seed=1)), maps().requires_grad_()
    )


@BLIND
def test_loss_when_positions_are_shuffled_is_unchanged(name: str) -> None:
    value = LOSSES[name](maps(), maps(seed=1))
    torch.testing.assert_close(
        LOSSES[name](shuffled(maps()), maps(seed=1)), value, rtol=1e-10, atol=0
    )


def test_gram_is_symmetric_positive_and_averages_over_positions() -> None:
    values = maps(5, 2, 2)
    found = gram.gram(values)
    expected = torch.einsum("ihw,jhw->ij", values, values) / 4
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(found, found.T, rtol=0, atol=1e-15)
    assert torch.linalg.eigvalsh(found).min() >= -1e-10 * found.trace()


def test_gram_loss_of_scaled_features_has_the_closed_form() -> None:
    target = gram.gram(maps())
    expected = (1.5**2 - 1) ** 2 * target.square().sum() / (4 * 4**2)
    torch.testing.assert_close(gram.gram_loss(1.5 * maps(), target), expected)


def test_gram_loss_when_sizes_differ_but_the_texture_does_not_is_zero() -> None:
    twice = torch.cat([maps(), maps()], 2)
    assert float(gram.gram_loss(twice, gram.gram(maps()))) < 1e-28


def test_a_constant_is_seen_by_the_gram_loss_and_not_when_means_are_subtracted() -> None:
    moved = maps() + torch.arange(1.0, 5.0, dtype=torch.float64)[:, None, None]
    target = gram.covariance(maps(seed=1))
    value = gram.mean_subtracted_loss(maps(), target)
    torch.testing.assert_close(gram.mean_subtracted_loss(moved, target), value, rtol=1e-10, atol=0)
    assert gram.gram_loss(moved, gram.gram(maps())) > 0.1


def test_covariance_is_the_gram_matrix_less_the_product_of_the_means() -> None:
    values = maps() + 2
    mean = values.mean((1, 2))
    expected = gram.gram(values) - torch.outer(mean, mean)
    torch.testing.assert_close(gram.covariance(values), expected, rtol=0, atol=1e-14)


def test_shifted_loss_sees_the_order_that_the_gram_loss_does_not() -> None:
    stripes = torch.sin(torch.arange(24, dtype=torch.float64) * math.pi / 3).expand(1, 8, 24)
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    mixed = stripes[..., order]
    assert float(gram.gram_loss(mixed, gram.gram(stripes))) < 1e-28
    targets = {shift: gram.shifted(stripes, shift) for shift in [(0, 0), (0, 3)]}
    assert gram.shifted_loss(mixed, targets) > 1e-3


def test_shifted_by_nothing_is_the_gram_matrix_and_by_a_period_too() -> None:
    assert torch.equal(gram.shifted(maps(), (0, 0)), gram.gram(maps()))
    tile = maps(3, 8, 4)
    repeated = tile.repeat(1, 1, 4)
    torch.testing.assert_close(gram.shifted(repeated, (0, 4)), gram.gram(tile))
    turned = gram.shifted(repeated, (0, 1))
    assert not torch.allclose(turned, turned.T)


def test_shifted_beyond_the_border_refuses_and_the_loss_leaves_it_out() -> None:
    with pytest.raises(ValueError, match=r"^shift: came \(5, 0\)"):
        gram.shifted(maps(), (5, 0))
    wide = maps(4, 9, 9, seed=1)
    targets = {shift: gram.shifted(wide, shift) for shift in [(0, 0), (7, 0)]}
    expected = gram.gram_loss(maps(), targets[0, 0])
    assert float(gram.shifted_loss(maps(), targets)) == float(expected)
    assert float(gram.shifted_loss(maps(), {(7, 0): targets[7, 0]})) == 0


def test_axis_shifts_leave_half_a_map() -> None:
    assert gram.axis_shifts([4, 8], 16, 15) == [(0, 0), (4, 0), (8, 0), (0, 4)]
    assert gram.axis_shifts([4], 1, 1) == [(0, 0)]


def test_multiscale_loss_at_one_scale_is_the_gram_loss() -> None:
    target = gram.gram(maps(seed=1))
    one = gram.multiscale_loss([maps()], [target])
    assert float(one) == float(gram.gram_loss(maps(), target))


# On pictures.


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator)


def sight(content: Tensor, style: Tensor) -> Sight:
    encoder = Pyramid("cpu").fitted(content, style)
    return Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)


def value(prepare: Prepare, seen: Sight, planes: Tensor) -> float:
    return float(prepare(seen)(planes, seen.encoder.features(planes)))


PREPARED = {
    "plain": gram.plain,
    "mean-subtracted": gram.mean_subtracted,
    "transformed": gram.transformed([2, 4]),
    "multi-scale": gram.multiscale([1, 2]),
}


@pytest.mark.parametrize("prepare", PREPARED.values(), ids=PREPARED.keys())
def test_prepared_loss_is_zero_for_the_style_and_positive_for_another(prepare: Prepare) -> None:
    content, style = picture(48, 40), picture(40, 48, 1).square()
    seen = sight(content, style)
    assert value(prepare, seen, seen.style) == pytest.approx(0, abs=1e-9)
    assert value(prepare, seen, seen.content) > 1e-3


def test_multiscale_at_full_size_only_is_the_plain_loss() -> None:
    seen = sight(picture(48, 40), picture(40, 48, 1).square())
    expected = value(gram.plain, seen, seen.content)
    assert value(gram.multiscale([1]), seen, seen.content) == expected
    # Of 40 px a third size would have 10.
    both = value(gram.multiscale([1, 2]), seen, seen.content)
    assert value(gram.multiscale([1, 2, 4]), seen, seen.content) == both
    assert both > expected


def test_multiscale_tells_a_texture_from_its_enlargement_at_every_factor() -> None:
    style = picture(64, 64, 1)
    enlarged = style[..., :32, :32].repeat_interleave(2, 2).repeat_interleave(2, 3)
    seen = sight(picture(64, 64), style)
    planes = seen.encoder.enter(enlarged)
    assert value(gram.multiscale([1, 2]), seen, planes) > value(gram.plain, seen, planes) > 0.01
