"""Moments of feature maps: dense references, gradients, and what E_style promises."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from stylize.encoders.pyramid import Pyramid
from stylize.losses import moments


def maps(channels: int, height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((channels, height, width), generator=generator, dtype=torch.float64)


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator)


@pytest.mark.parametrize(("height", "width"), [(6, 8), (5, 7), (2, 1), (9, 4)])
def test_fold_is_the_adjoint_of_upsample(height: int, width: int) -> None:
    fine = maps(2, height, width)
    coarse = maps(2, -(-height // 2), -(-width // 2), seed=1)
    left = (moments.fold(fine) * coarse).sum()
    right = (fine * moments.upsample(coarse, height, width)).sum()
    torch.testing.assert_close(left, right, atol=1e-12, rtol=0)


def test_upsample_when_even_is_bilinear_interpolation() -> None:
    coarse = maps(2, 3, 4)
    expected = functional.interpolate(coarse[None], size=(6, 8), mode="bilinear")[0]
    torch.testing.assert_close(moments.upsample(coarse, 6, 8), expected)


SIZES = [(6, 8), (5, 7), (1, 4)]


def dense(fine: Tensor, coarse: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Covariance, mean and cross-covariance as they are defined, by autograd."""
    each, one = weights.flatten(), fine.flatten(1)
    other = moments.upsample(coarse, *fine.shape[1:]).flatten(1)
    mean, other_mean = one @ each, other @ each
    centred = (one - mean[:, None]) * each
    return centred @ (one - mean[:, None]).T, mean, centred @ (other - other_mean[:, None]).T


def maps_and_weights(height: int, width: int, weighted: bool) -> tuple[Tensor, Tensor, Tensor]:
    """A fine map, a coarse one, and weights that some positions lack, or equal ones."""
    fine, coarse = maps(3, height, width), maps(2, -(-height // 2), -(-width // 2), seed=1)
    weights = maps(1, height, width, seed=2).clamp(min=0) if weighted else torch.ones_like(fine[:1])
    return fine.requires_grad_(), coarse.requires_grad_(), weights / weights.sum()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_statistics_and_their_gradients_are_those_of_the_definition(
    height: int, width: int, weighted: bool
) -> None:
    fine, coarse, weights = maps_and_weights(height, width, weighted)
    found = moments.statistics(fine, coarse, weights if weighted else None)
    expected = dense(fine, coarse, weights)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    ours, theirs = (
        torch.autograd.grad([each.sin().sum() for each in terms], (fine, coarse))
        for terms in (found, expected)
    )
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)


@pytest.mark.parametrize("weighted", [False, True])
def test_statistics_gradient_is_that_of_finite_differences(weighted: bool) -> None:
    fine, coarse, weights = maps_and_weights(5, 6, weighted)
    given = weights if weighted else None
    assert torch.autograd.gradcheck(lambda a, b: moments.statistics(a, b, given), (fine, coarse))


def test_statistics_without_a_neighbour_has_no_cross_covariance() -> None:
    covariance, mean, cross = moments.statistics(maps(3, 5, 6))
    assert (covariance.shape, mean.shape, cross.shape) == ((3, 3), (3,), (3, 0))


def test_second_moment_is_the_mean_product() -> None:
    values = maps(4, 5, 6)
    flat = values.flatten(1)
    torch.testing.assert_close(moments.second_moment(values), flat @ flat.T / 30)


def test_relative_error_when_equal_is_zero_and_when_doubled_is_one() -> None:
    terms = [maps(3, 2, 2), maps(1, 4, 4, seed=1)]
    assert moments.relative_error(terms, terms) == 0
    assert float(moments.relative_error([2 * each for each in terms], terms)) == pytest.approx(1)


def test_relative_error_when_target_is_zero_stays_finite() -> None:
    zero = [torch.zeros(3, 3)]
    assert torch.isfinite(moments.relative_error([torch.ones(3, 3)], zero))


def test_style_error_of_the_style_itself_is_zero() -> None:
    style = picture(64, 80)
    encoder = Pyramid("cpu").fitted(picture(64, 64, seed=1), style)
    assert moments.style_error(encoder, style, style) == 0


def test_style_error_tells_a_turned_texture_from_another_piece_of_the_same() -> None:
    rough = functional.avg_pool2d(picture(128, 260), (1, 5), 1, (0, 2))  # horizontal streaks
    style, piece = rough[..., :128], rough[..., 132:]
    encoder = Pyramid("cpu", scales=3).fitted(style, style)
    turned = moments.style_error(encoder, style.transpose(2, 3), style)
    assert turned > 0.3
    assert moments.style_error(encoder, piece, style) < 0.3 * turned


def test_style_terms_are_symmetric_and_positive() -> None:
    encoder = Pyramid("cpu").fitted(picture(64, 64), picture(64, 64, seed=1))
    terms = moments.style_terms(encoder, encoder.enter(picture(64, 64)))
    scales = encoder.scales
    assert len(terms) == 2 * scales + (scales - 1) + 1
    for covariance in terms[: 2 * scales : 2]:
        torch.testing.assert_close(covariance, covariance.T)
        assert torch.linalg.eigvalsh(covariance).min() > -1e-5 * covariance.trace()
