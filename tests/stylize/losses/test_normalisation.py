"""Statistics of single channels: what an AdaIN output has none of, what a mix of channels has."""

import pytest
import torch
from torch import Tensor

from stylize.losses.gram import gram, gram_loss
from stylize.losses.normalisation import mean_and_deviation, statistics_loss


def maps(seed: int = 0, height: int = 5, width: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((4, height, width), generator=generator, dtype=torch.float64)


def skewed() -> Tensor:
    return maps(1, 4, 7) * torch.tensor([1.0, 2.0, 0.5, 3.0])[:, None, None] + 1


def test_mean_and_deviation_are_over_positions_and_biased() -> None:
    values = torch.tensor([[[1.0, 3.0]], [[2.0, 2.0]]], dtype=torch.float64)
    expected = torch.tensor([[2.0, 2.0], [1.0, 1e-4]], dtype=torch.float64)
    torch.testing.assert_close(mean_and_deviation(values), expected, rtol=1e-7, atol=0)


def test_statistics_loss_at_the_target_is_zero_without_gradient() -> None:
    values = maps().requires_grad_()
    loss = statistics_loss(values, mean_and_deviation(maps()))
    (gradient,) = torch.autograd.grad(loss, values)
    assert float(loss.detach()) == float(gradient.abs().max()) == 0


def test_statistics_loss_gradient_is_that_of_finite_differences() -> None:
    target = mean_and_deviation(skewed())
    assert torch.autograd.gradcheck(
        lambda values: statistics_loss(values, target), maps().requires_grad_()
    )


def test_statistics_loss_of_a_dead_channel_has_a_finite_gradient() -> None:
    values = torch.zeros(4, 5, 6, dtype=torch.float64, requires_grad=True)
    statistics_loss(values, mean_and_deviation(maps())).backward()  # type: ignore[no-untyped-call]
    assert values.grad is not None
    assert torch.isfinite(values.grad).all()


def test_statistics_loss_when_positions_are_shuffled_is_unchanged() -> None:
    target = mean_and_deviation(skewed())
    order = torch.randperm(30, generator=torch.Generator().manual_seed(3))
    mixed = maps().flatten(1)[:, order].reshape(4, 5, 6)
    value = statistics_loss(maps(), target)
    torch.testing.assert_close(statistics_loss(mixed, target), value, rtol=1e-10, atol=0)


def test_statistics_loss_of_a_shift_and_a_stretch_has_the_closed_form() -> None:
    mean, deviation = mean_and_deviation(maps())
    moved = (maps() - mean[:, None, None]) * 3 + mean[:, None, None] + 2
    found = statistics_loss(moved, torch.stack([mean, deviation]))
    assert float(found) == pytest.approx(float(4 + (2 * deviation).square().mean()), rel=1e-6)


def test_an_orthogonal_mix_of_channels_changes_it_and_not_the_gram_loss() -> None:
    rotation = torch.linalg.qr(maps(5, 1, 4)[:, 0]).Q
    one, other = maps(), skewed()
    turned = [torch.einsum("ij,jhw->ihw", rotation, each) for each in (one, other)]
    before, after = gram_loss(one, gram(other)), gram_loss(turned[0], gram(turned[1]))
    torch.testing.assert_close(after, before, rtol=1e-10, atol=0)
    old = statistics_loss(one, mean_and_deviation(other))
    new = statistics_loss(turned[0], mean_and_deviation(turned[1]))
    assert abs(float(new - old)) > 1e-3


def test_adain_output_has_no_loss_while_its_gram_differs() -> None:
    content, style = maps(), skewed()
    (mean, deviation), (wanted, spread) = mean_and_deviation(content), mean_and_deviation(style)
    output = (content - mean[:, None, None]) / deviation[:, None, None]
    output = output * spread[:, None, None] + wanted[:, None, None]
    assert float(statistics_loss(output, mean_and_deviation(style))) < 1e-12
    assert gram_loss(output, gram(style)) > 1e-3
