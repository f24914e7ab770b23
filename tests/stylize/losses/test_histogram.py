"""The quantile loss: a Wasserstein distance with a closed form for shifts and scalings."""

import pytest
import torch

from stylize.encoders.pyramid import Pyramid
from stylize.losses.base import Sight
from stylize.losses.gram import gram, gram_loss
from stylize.losses.histogram import histograms, quantile_loss, quantile_targets
from stylize.record import Guides
from stylize.solvers.transport import match_1d


def planes(seed: int = 0, height: int = 10, width: int = 12) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((3, height, width), generator=generator, dtype=torch.float64)


def test_quantile_loss_of_shuffled_pixels_is_zero() -> None:
    targets = quantile_targets(planes(), 120)
    shuffled = (
        planes()
        .flatten(1)[:, torch.randperm(120, generator=torch.Generator().manual_seed(1))]
        .reshape(3, 10, 12)
    )
    assert quantile_loss(shuffled, targets) == 0


def test_quantile_loss_of_a_shift_is_its_square() -> None:
    targets = quantile_targets(planes(), 120)
    assert float(quantile_loss(planes() + 0.3, targets)) == pytest.approx(0.09)


def test_quantile_targets_when_counts_differ_keep_mean_and_range() -> None:
    targets = quantile_targets(planes(), 1000)
    assert targets.shape == (3, 1000)
    torch.testing.assert_close(targets.mean(1), planes().flatten(1).mean(1), atol=0.02, rtol=0)
    torch.testing.assert_close(targets[:, -1], planes().flatten(1).max(1).values)


def test_quantile_loss_gradient_is_that_of_finite_differences() -> None:
    targets = quantile_targets(planes(1), 120)
    assert torch.autograd.gradcheck(
        lambda each: quantile_loss(each, targets), planes().requires_grad_()
    )


# As Risser's histogram loss, and on pictures.


def test_quantile_loss_is_the_error_of_the_remap_without_gradient_through_it() -> None:
    style = planes(1, 7, 9)
    values = planes().requires_grad_()
    loss = quantile_loss(values, quantile_targets(style, 120))
    (gradient,) = torch.autograd.grad(loss, values)
    remapped = match_1d(planes().flatten(1), style.flatten(1)).reshape(values.shape)
    expected = (planes() - remapped).square().mean()
    torch.testing.assert_close(loss.detach(), expected, rtol=1e-10, atol=0)
    torch.testing.assert_close(gradient, 2 * (planes() - remapped) / values.numel())


def test_quantile_loss_sees_what_the_gram_loss_does_not() -> None:
    """{1, 1} and {0, √2} have one Gram matrix."""
    one = torch.ones(1, 1, 2, dtype=torch.float64)
    other = torch.tensor([[[0.0, 2**0.5]]], dtype=torch.float64)
    assert float(gram_loss(one, gram(other))) < 1e-28
    assert quantile_loss(one, quantile_targets(other, 2)) > 0.5


def test_histograms_are_zero_for_the_style_and_positive_for_another() -> None:
    generator = torch.Generator().manual_seed(0)
    content = torch.rand((1, 3, 32, 40), generator=generator)
    style = torch.rand((1, 3, 32, 40), generator=generator).square()
    encoder = Pyramid("cpu").fitted(content, style)
    sight = Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)
    loss = histograms(sight)
    assert float(loss(sight.style, sight.style_features)) == 0
    assert float(loss(sight.content, sight.content_features)) > 1e-3
    # The finest layer is not looked at.
    other = {**sight.style_features, "scale0": sight.content_features["scale0"]}
    assert float(loss(sight.style, other)) == 0
