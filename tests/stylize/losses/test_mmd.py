"""Discrepancies: closed forms for three kernels, and the estimate of the third."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from stylize.encoders.pyramid import Pyramid
from stylize.losses import gram, mmd
from stylize.losses.base import Prepare, Sight
from stylize.record import Guides


def maps(height: int = 5, width: int = 6, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((4, height, width), generator=generator, dtype=torch.float64)


def shuffled(values: Tensor) -> Tensor:
    order = torch.randperm(values[0].numel(), generator=torch.Generator().manual_seed(3))
    return values.flatten(1)[:, order].reshape(values.shape)


def mean(values: Tensor) -> Tensor:
    return values.mean((1, 2))


WAVES = mmd.waves(4, 32, 0.1, 0)
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "linear": lambda one, other: mmd.linear_loss(one, mean(other)),
    "polynomial": lambda one, other: mmd.polynomial_loss(
        one, gram.gram(other), mean(other), offset=0.7
    ),
    "gaussian": lambda one, other: mmd.gaussian_loss(one, other, 0.1),
    "embedded": lambda one, other: mmd.embedded_loss(one, mmd.embedded(other, WAVES), WAVES),
}
EVERY = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


@EVERY
def test_loss_of_the_same_positions_in_another_order_is_zero(
    loss: Callable[[Tensor, Tensor], Tensor],
) -> None:
    values = shuffled(maps()).requires_grad_()
    value = loss(values, maps())
    assert float(value.detach()) == pytest.approx(0, abs=1e-14)
    (gradient,) = torch.autograd.grad(value, values)
    assert float(gradient.abs().max()) < 1e-14


@EVERY
def test_loss_gradient_is_that_of_finite_differences(
    loss: Callable[[Tensor, Tensor], Tensor],
) -> None:
    other = maps(seed=1)
    assert torch.autograd.gradcheck(lambda values: loss(values, other), maps().requires_grad_())


@EVERY
def test_loss_when_positions_are_shuffled_is_unchanged(
    loss: Callable[[Tensor, Tensor], Tensor],
) -> None:
    value = loss(maps(), maps(seed=1))
    torch.testing.assert_close(loss(shuffled(maps()), maps(seed=1)), value, rtol=1e-10, atol=0)


def test_linear_loss_sees_means_only() -> None:
    narrow, wide = maps() - mean(maps())[:, None, None], 5 * maps(seed=1)
    wide = wide - mean(wide)[:, None, None]
    assert float(mmd.linear_loss(narrow, mean(wide))) < 1e-28
    assert gram.gram_loss(narrow, gram.gram(wide)) > 1


def dense(one: Tensor, other: Tensor, kernel: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """MMD² by its definition, over all pairs of positions."""
    x, y = one.flatten(1).T, other.flatten(1).T
    return kernel(x, x).mean() + kernel(y, y).mean() - 2 * kernel(x, y).mean()


@pytest.mark.parametrize("offset", [0.0, 0.7])
def test_polynomial_loss_equals_the_kernel_over_all_pairs(offset: float) -> None:
    other = maps(3, 7, seed=1)
    expected = dense(maps(), other, lambda x, y: (x @ y.T + offset).square())
    found = mmd.polynomial_loss(maps(), gram.gram(other), mean(other), offset)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_polynomial_loss_without_offset_is_the_gram_loss_times_4_c_squared() -> None:
    other = maps(3, 7, seed=1)
    found = mmd.polynomial_loss(maps(), gram.gram(other), mean(other))
    torch.testing.assert_close(found, 4 * 16 * gram.gram_loss(maps(), gram.gram(other)))


def test_gaussian_loss_equals_the_kernel_over_all_pairs_in_chunks_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = maps(3, 7, seed=1)
    expected = dense(maps(), other, lambda x, y: (-0.1 * torch.cdist(x, y) ** 2).exp())
    for chunk in (1024, 7):
        monkeypatch.setattr(mmd, "CHUNK", chunk)
        found = mmd.gaussian_loss(maps(), other, 0.1)
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=0)
    assert 0 <= float(expected) <= 2


def test_gaussian_loss_with_a_wide_kernel_is_that_of_the_means() -> None:
    gamma, other = 5e-7, maps(seed=1) + 1
    found = mmd.gaussian_loss(maps(), other, gamma) / (2 * gamma)
    torch.testing.assert_close(found, mmd.linear_loss(maps(), mean(other)), rtol=1e-4, atol=0)


def test_gaussian_loss_sees_what_the_gram_loss_does_not() -> None:
    """{1, -1} and {√2, 0, -√2, 0} have equal means and second moments."""
    one = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64).reshape(1, 2, 2)
    other = torch.tensor([2**0.5, 0.0, -(2**0.5), 0.0], dtype=torch.float64).reshape(1, 2, 2)
    assert float(gram.gram_loss(one, gram.gram(other))) < 1e-28
    assert mmd.gaussian_loss(one, other, 1.0) > 0.05


def test_embedded_loss_estimates_the_gaussian_loss() -> None:
    other = maps(seed=1) + 0.5
    frequencies = mmd.waves(4, 20000, 0.1, 0)
    found = mmd.embedded_loss(maps(), mmd.embedded(other, frequencies), frequencies)
    expected = mmd.gaussian_loss(maps(), other, 0.1)
    assert float(found) == pytest.approx(float(expected), rel=0.03)


def test_waves_are_those_of_their_seed_and_average_to_the_kernel() -> None:
    assert torch.equal(mmd.waves(4, 16, 0.1, 5), mmd.waves(4, 16, 0.1, 5))
    assert not torch.equal(mmd.waves(4, 16, 0.1, 5), mmd.waves(4, 16, 0.1, 6))
    apart = torch.tensor([1.0, -2.0, 0.5, 0.0], dtype=torch.float64)
    average = float((mmd.waves(4, 40000, 0.1, 0) @ apart).cos().mean())
    assert average == pytest.approx(math.exp(-0.1 * 5.25), abs=0.02)


def test_usual_gamma_is_the_inverse_mean_squared_distance_of_all_four_kinds() -> None:
    x, y = maps().flatten(1).T, (2 * maps(3, 7, seed=1) + 1).flatten(1).T
    squares = [torch.cdist(a, b).square().mean() for a, b in ((x, x), (y, y), (x, y), (y, x))]
    found = mmd.usual_gamma(maps(), 2 * maps(3, 7, seed=1) + 1)
    assert found == pytest.approx(float(1 / torch.stack(squares).mean()))


def picture(seed: int, height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator)


@pytest.mark.parametrize("prepare", [mmd.linear, mmd.polynomial(0.5), mmd.gaussian(1.0, 32)])
def test_prepared_loss_is_zero_for_the_style_and_positive_for_another(prepare: Prepare) -> None:
    content, style = picture(0, 32, 40), picture(1, 40, 32).square()
    encoder = Pyramid("cpu").fitted(content, style)
    seen = Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)
    loss = prepare(seen)
    assert float(loss(seen.style, seen.style_features)) == pytest.approx(0, abs=1e-9)
    assert float(loss(seen.content, seen.content_features)) > 1e-4
