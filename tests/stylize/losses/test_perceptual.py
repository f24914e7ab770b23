"""The perceptual loss: in place, at one layer, relative to the content's energy."""

import pytest
import torch
from torch import Tensor

from stylize.encoders.pyramid import Pyramid
from stylize.losses.base import Sight
from stylize.losses.gram import gram, gram_loss
from stylize.losses.perceptual import perceptual, perceptual_loss
from stylize.record import Guides


def maps(seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((4, 5, 6), generator=generator, dtype=torch.float64)


def test_perceptual_loss_is_the_mean_squared_difference() -> None:
    assert float(perceptual_loss(maps() + 0.3, maps())) == pytest.approx(0.09)


def test_perceptual_loss_at_the_target_is_zero_without_gradient() -> None:
    values = maps().requires_grad_()
    loss = perceptual_loss(values, maps())
    (gradient,) = torch.autograd.grad(loss, values)
    assert float(loss.detach()) == float(gradient.abs().max()) == 0


def test_perceptual_loss_gradient_is_that_of_finite_differences() -> None:
    assert torch.autograd.gradcheck(
        lambda values: perceptual_loss(values, maps(1)), maps().requires_grad_()
    )


def test_perceptual_loss_sees_a_shuffle_that_the_gram_loss_does_not() -> None:
    order = torch.randperm(30, generator=torch.Generator().manual_seed(3))
    mixed = maps().flatten(1)[:, order].reshape(4, 5, 6)
    assert float(gram_loss(mixed, gram(maps()))) < 1e-28
    assert perceptual_loss(mixed, maps()) > 0.1


@pytest.mark.parametrize(("side", "layer"), [(64, "scale2"), (16, "scale1")])
def test_perceptual_looks_at_the_content_layer_of_stride_4_or_the_nearest(
    side: int, layer: str
) -> None:
    generator = torch.Generator().manual_seed(0)
    content, style = torch.rand((2, 1, 3, side, side), generator=generator)
    encoder = Pyramid("cpu").fitted(content, style)
    sight = Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)
    loss = perceptual(sight)
    assert float(loss(sight.content, sight.content_features)) == 0
    others = {name: 2 * each for name, each in sight.content_features.items() if name != layer}
    kept = {**others, layer: sight.content_features[layer]}
    assert float(loss(sight.content, kept)) == 0
    doubled = {**others, layer: 2 * sight.content_features[layer]}
    assert float(loss(sight.content, doubled)) == pytest.approx(1, rel=1e-4)
