"""Texture synthesis: the statistics are reached, and see neither places nor the content."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from stylize.encoders.pyramid import Pyramid, rectify
from stylize.encoders.steerable import analyse
from stylize.losses.base import Features
from stylize.losses.moments import relative_error, style_error, style_terms, terms_of
from stylize.methods.texture_synthesis import METHOD, Parameters, histogram_matched, shuffled
from stylize.record import Run


def texture(side: int, seed: int = 0, octaves: int = 3) -> Tensor:
    """Noise of several octaves in mixed colours, (1, 3, side, side)."""
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(1, 3, side, side)
    for octave in range(octaves):
        count = max(2, side // 2 ** (octave + 1))
        lattice = torch.rand((1, 3, count, count), generator=generator) - 0.5
        total += torch.nn.functional.interpolate(lattice, size=(side, side), mode="bicubic")
    mixing = torch.tensor([[1.0, 0.2, 0.0], [0.1, 0.9, 0.2], [0.0, 0.2, 0.8]])
    return (0.5 + 0.35 * torch.einsum("ij,bjhw->bihw", mixing, total)).clamp(0, 1)


def grams(encoder: Pyramid, image: Tensor) -> list[Tensor]:
    """Per scale Σ F Fᵀ / P, not centred, as the paper compares them."""
    with torch.no_grad():
        terms = style_terms(encoder, encoder.enter(image))
    pairs = zip(terms[0 : 2 * encoder.scales : 2], terms[1 : 2 * encoder.scales : 2], strict=True)
    return [covariance + torch.outer(mean, mean) for covariance, mean in pairs]


def test_apply_on_a_noise_texture_reaches_its_grams_within_200_evaluations() -> None:
    source = texture(64, octaves=1)
    parameters = Parameters(coarse_evaluations=200, grain_weight=0.0)
    result = METHOD.apply(torch.zeros(1, 3, 64, 64), source, parameters, Run(0))
    encoder = Pyramid("cpu").fitted(source, source)
    assert style_error(encoder, result, source) < 0.05
    for found, wanted in zip(grams(encoder, result), grams(encoder, source), strict=True):
        assert float(relative_error([found], [wanted])) < 0.05
    # It is no copy: pixel for pixel it has nothing to do with its source.
    both = torch.stack([result.flatten(), source.flatten()])
    assert float(torch.corrcoef(both)[0, 1]) < 0.5


def test_shuffled_is_noise_of_the_textures_own_pixels() -> None:
    source = texture(32)
    start = shuffled(source, 40, 24, seed=0)
    assert start.shape == (1, 3, 40, 24)
    known = {tuple(each) for each in source[0].flatten(1).T.tolist()}
    assert {tuple(each) for each in start[0].flatten(1).T.tolist()} <= known
    beside = torch.stack([start[..., 1:].flatten(), start[..., :-1].flatten()])
    assert abs(float(torch.corrcoef(beside)[0, 1])) < 0.2
    assert not torch.equal(start, shuffled(source, 40, 24, seed=1))


def test_apply_when_only_the_content_differs_gives_the_same_bytes() -> None:
    parameters = Parameters(coarse_evaluations=4)
    one = METHOD.apply(texture(32, 1), texture(40), parameters, Run(0))
    assert torch.equal(one, METHOD.apply(torch.ones(1, 3, 32, 32), texture(40), parameters, Run(0)))
    assert not torch.equal(
        one, METHOD.apply(texture(32, 1), texture(40), parameters, Run(1))
    )  # the seed draws the noise


def test_apply_at_another_size_than_the_texture_reaches_its_colours() -> None:
    source = texture(48)
    contents = torch.zeros(1, 3, 40, 72)
    result = METHOD.apply(contents, source, Parameters(coarse_evaluations=40), Run(0))
    assert result.shape == contents.shape
    assert float((result.mean((2, 3)) - source.mean((2, 3))).abs().max()) < 0.02
    assert float((result.std((2, 3)) / source.std((2, 3)) - 1).abs().max()) < 0.2


def test_apply_when_histogram_is_matched_has_the_textures_sorted_values() -> None:
    source = texture(32)
    parameters = Parameters(coarse_evaluations=6, match_histogram=True)
    result = METHOD.apply(torch.zeros(1, 3, 32, 32), source, parameters, Run(0))
    off = result.flatten(2).sort(2).values - source.flatten(2).sort(2).values
    assert float(off.abs().max()) <= 1 / 255


def test_histogram_matched_when_a_channel_is_tied_keeps_the_ties_at_their_middle_rank() -> None:
    images = torch.tensor([0.0, 0.0, 0.5, 0.5]).reshape(1, 1, 2, 2).expand(1, 3, 2, 2)
    textures = torch.tensor([0.0, 0.2, 0.4, 0.6]).reshape(1, 1, 2, 2).expand(1, 3, 2, 2)
    matched = histogram_matched(images.contiguous(), textures.contiguous())
    expected = torch.tensor([0.1, 0.1, 0.5, 0.5]).reshape(1, 1, 2, 2).expand(1, 3, 2, 2)
    torch.testing.assert_close(matched, expected)


# The card's invariants of the statistics.


def whole_maps(encoder: Pyramid, planes: Tensor) -> Features:
    """Features of a picture that is continued periodically."""
    coefficients = analyse(planes, encoder.scales)
    maps = {
        f"scale{k}": rectify(band, *band.shape[-2:]) for k, band in enumerate(coefficients.bands)
    }
    return maps | {"lowpass": coefficients.lowpass}


@pytest.mark.parametrize("shift", [(8, 0), (0, 24), (40, 16)])
def test_statistics_within_scales_when_a_periodic_texture_is_shifted_stay(
    shift: tuple[int, int],
) -> None:
    """Exactly so for shifts that are whole steps of every grid."""
    encoder = replace(Pyramid("cpu"), scales=3)
    planes = texture(64)
    moved = torch.roll(planes, shift, (2, 3))
    one = terms_of(encoder, whole_maps(encoder, planes), planes)
    other = terms_of(encoder, whole_maps(encoder, moved), moved)
    # Pairs of neighbours are upsampled without wrapping round, so their border rows differ.
    within = [*range(6), len(one) - 1]
    for index in within:
        torch.testing.assert_close(one[index], other[index], atol=1e-6, rtol=1e-5)


def test_statistics_of_the_source_have_no_error_and_no_gradient() -> None:
    encoder = Pyramid("cpu").fitted(texture(32), texture(32))
    wanted = style_terms(encoder, encoder.enter(texture(32)))
    planes = encoder.enter(texture(32)).requires_grad_()
    error = relative_error(style_terms(encoder, planes), wanted)
    assert float(error.detach()) == 0
    (slope,) = torch.autograd.grad(error, planes)
    assert float(slope.abs().max()) == 0


def test_covariances_are_symmetric_and_have_no_negative_eigenvalue() -> None:
    encoder = Pyramid("cpu").fitted(texture(64), texture(64))
    with torch.no_grad():
        terms = style_terms(encoder, encoder.enter(texture(64)))
    for index in range(0, 2 * encoder.scales, 2):
        covariance = terms[index].double()
        torch.testing.assert_close(covariance, covariance.T)
        lowest = torch.linalg.eigvalsh(covariance)[0]
        assert float(lowest) >= -1e-6 * float(covariance.trace())  # float32 maps
