"""Class images: closed forms, gratings, our own classifier, saliency, and refusals."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize import encoders
from stylize.encoders.weights import MissingWeights
from stylize.methods import class_image
from stylize.methods.class_image import (
    METHOD,
    PAINTER_CLASSES,
    PAINTER_WEIGHTS,
    Parameters,
    class_score,
    from_values,
    maximised,
    noise,
    painter_classifier,
    saliency,
    to_values,
    weight_of,
)
from stylize.painter import PAINTINGS
from stylize.record import Run

SIZE = (48, 64)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def blank(height: int = SIZE[0], width: int = SIZE[1]) -> Tensor:
    return torch.zeros(1, 3, height, width)


# The optimisation.


def test_maximised_for_a_linear_score_is_its_slope_over_twice_lambda() -> None:
    slope, weight = random(1, 3, 6, 8), 0.7
    parameters = Parameters(smoothness=0.0, gamut=0.0, iterations=60)
    best = maximised(lambda each: (slope * each).sum(), blank(6, 8), weight, parameters, Run(0))
    torch.testing.assert_close(best, slope / (2 * weight), atol=1e-4, rtol=1e-4)


def test_maximised_when_lambda_grows_shrinks_to_nothing() -> None:
    score = class_score(painter_classifier("cpu"), 0)
    start, parameters = 0.1 * random(1, 3, 24, 24), Parameters(iterations=30)
    sizes = [
        float(maximised(score, start, weight, parameters, Run(0)).norm())
        for weight in (1e-3, 1e-2, 1e-1, 1.0, 1e3)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-2


def test_maximised_when_smoothness_grows_has_smaller_steps() -> None:
    slope = random(1, 3, 12, 12)

    def steps(smoothness: float) -> float:
        parameters = Parameters(smoothness=smoothness, gamut=0.0, iterations=40)
        best = maximised(lambda each: (slope * each).sum(), blank(12, 12), 1.0, parameters, Run(0))
        return float(best.diff(dim=3).square().sum() / best.square().sum())

    assert steps(5.0) < 0.7 * steps(0.0)


def test_maximised_with_the_gamuts_weight_can_be_shown() -> None:
    slope = random(1, 3, 12, 12)

    def excess(gamut: float) -> float:
        parameters = Parameters(smoothness=0.0, gamut=gamut, iterations=60)
        best = maximised(lambda each: (slope * each).sum(), blank(12, 12), 0.1, parameters, Run(0))
        images = from_values(best)
        return float((images - images.clamp(0, 1)).abs().mean())

    assert excess(100.0) < 0.1 * excess(0.0)


def test_noise_is_the_seeds_and_has_coarse_and_fine_parts() -> None:
    one = noise(40, 56, 0)
    assert torch.equal(one, noise(40, 56, 0))
    assert not torch.equal(one, noise(40, 56, 1))
    assert float(one.std()) == pytest.approx(0.5, rel=1e-5)
    assert float(torch.nn.functional.avg_pool2d(one, 8).std()) > 0.1
    assert float(one.diff(dim=3).std()) > 0.1


def test_weight_gives_a_linear_scores_optimum_the_deviation_that_is_asked_for() -> None:
    slope = random(1, 3, 10, 10)
    weight = weight_of(lambda each: (slope * each).sum(), blank(10, 10), penalty=4.0)
    optimum = slope / (2 * weight)
    assert float(optimum.square().mean().sqrt()) == pytest.approx(0.25, rel=1e-5)
    assert weight_of(lambda each: (0 * each).sum(), blank(10, 10), penalty=1.0) > 0


def test_values_come_back_and_the_training_mean_is_zero() -> None:
    images = torch.rand((2, 3, 4, 5), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(from_values(to_values(images)), images)
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
    assert float(to_values(mean).abs().max()) < 1e-6


# Our own classifier.


@pytest.mark.parametrize("unit", range(len(PAINTER_CLASSES)), ids=PAINTER_CLASSES)
def test_apply_raises_every_painters_class_by_five_logits(unit: int) -> None:
    run = Run(0)
    result = METHOD.apply(blank(), blank(), Parameters(unit=unit, iterations=40), run)
    assert run.figures["score"] >= run.figures["score at the start"] + 5
    shown = painter_classifier("cpu")(to_values(result))[0]  # as clipped for display
    assert float(shown[unit]) >= run.figures["score at the start"] + 5
    assert float(result.std()) > 0.02


@pytest.mark.parametrize("name", PAINTINGS)
def test_classifier_knows_paintings_that_it_was_not_trained_on(name: str) -> None:
    picture = PAINTINGS[name](np.random.default_rng(77), 128).astype(np.float32) / 255
    values = to_values(torch.from_numpy(picture).permute(2, 0, 1)[None])
    scores = painter_classifier("cpu")(values)[0]
    assert PAINTER_CLASSES[int(scores.argmax())] == name


def test_classifier_does_not_see_the_mean_colour() -> None:
    values, shift = random(1, 3, 32, 32), random(1, 3, 1, 1, seed=1)
    network = painter_classifier("cpu")
    torch.testing.assert_close(network(values + shift), network(values), atol=1e-4, rtol=1e-4)


def test_classifiers_file_is_small_and_needs_no_pickle() -> None:
    assert PAINTER_WEIGHTS.stat().st_size < 64_000
    with np.load(PAINTER_WEIGHTS, allow_pickle=False) as arrays:
        assert all(np.isfinite(arrays[name]).all() for name in arrays.files)


def test_score_rises_from_the_first_steps_on() -> None:
    score = class_score(painter_classifier("cpu"), 3)
    start = 0.1 * random(1, 3, 24, 24)
    found = [float(score(start))]
    for count in (2, 4, 8, 16):
        best = maximised(score, start, 1e-4, Parameters(iterations=count), Run(0))
        found.append(float(score(best)))
    assert found == sorted(found)
    assert found[-1] > found[0]


def test_apply_ignores_both_pictures_but_for_the_size() -> None:
    images = torch.rand((2, 3, 24, 32), generator=torch.Generator().manual_seed(0))
    parameters = Parameters(iterations=4)
    one = METHOD.apply(images, images, parameters, Run(0))
    other = METHOD.apply(1 - images, images[..., :20, :20].contiguous(), parameters, Run(0))
    assert torch.equal(one, other)
    assert torch.equal(one[0], one[1])
    assert not torch.equal(one, METHOD.apply(images, images, parameters, Run(1)))


# Channels of an encoder.


@pytest.mark.parametrize("orientation", [0, 2, 5])
def test_apply_on_an_oriented_band_makes_a_grating_of_that_orientation(orientation: int) -> None:
    parameters = Parameters(network="encoder", layer=1, unit=8 + orientation, iterations=30)
    result = METHOD.apply(blank(64, 64), blank(), parameters, Run(0))[0]
    strength = result.std((1, 2))
    assert int(strength.argmax()) == 1  # channels 8 to 15 are those of green
    plane = result[1] - result[1].mean()
    spectrum = torch.fft.fft2(plane * torch.hann_window(64) * torch.hann_window(64)[:, None]).abs()
    row, column = divmod(int(spectrum.argmax()), 64)
    y, x = (each - 64 if each >= 32 else each for each in (row, column))
    angle = np.degrees(np.arctan2(y, x)) % 180
    centre = orientation * 22.5
    away = abs((angle - centre + 90) % 180 - 90)
    assert away <= 22.5  # the half width of cos⁷ at half its height is 24.9°


def test_apply_when_there_is_no_such_layer_or_unit_names_it() -> None:
    with pytest.raises(ValueError, match="layer: came 9, 64×48 px has 0 to 2"):
        METHOD.apply(blank(), blank(), Parameters(network="encoder", layer=9), Run(0))
    with pytest.raises(ValueError, match="unit: came 96, scale0 has 0 to 95"):
        METHOD.apply(blank(), blank(), Parameters(network="encoder", layer=0, unit=96), Run(0))
    with pytest.raises(ValueError, match="unit: came 5, painter_styles has 0 to 4"):
        METHOD.apply(blank(), blank(), Parameters(unit=5), Run(0))


# VGG-19.


def test_apply_when_the_classifiers_weights_are_absent_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    class_image.vgg19_classifier.cache_clear()
    with pytest.raises(MissingWeights, match="network: vgg19 needs the weights"):
        METHOD.apply(blank(), blank(), Parameters(network="vgg19"), Run(0))
    with pytest.raises(ValueError, match="unit: came 1000, vgg19 has 0 to 999"):
        METHOD.apply(blank(), blank(), Parameters(network="vgg19", unit=1000), Run(0))


def test_class_score_takes_any_classifier() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 8 * 8, 7))
    values = random(1, 3, 8, 8)
    found = class_score(network, 4)(values).detach()
    assert float(found) == pytest.approx(float(network(values)[0, 4].detach()))


# Saliency.


def test_saliency_of_a_linear_score_is_the_largest_slope_over_the_channels() -> None:
    slope = random(1, 3, 5, 7)
    slope[:, :, 2, 3] = 0
    found = saliency(lambda each: (slope * each).sum(), random(1, 3, 5, 7, seed=1))
    assert found.shape == (1, 5, 7)
    torch.testing.assert_close(found, slope.abs().amax(1))
    assert float(found.min()) == 0
    assert float(found[0, 2, 3]) == 0


def test_saliency_of_our_classifier_is_where_the_paint_is() -> None:
    values = to_values(torch.full((1, 3, 48, 96), 0.5))
    paint = PAINTINGS["mondrian"](np.random.default_rng(0), 64)[:48, :48].astype(np.float32) / 255
    values[..., :48] = to_values(torch.from_numpy(paint).permute(2, 0, 1)[None])
    found = saliency(class_score(painter_classifier("cpu"), 2), values)[0]
    assert float(found.min()) >= 0
    assert float(found[:, 4:44].std()) > 2 * float(found[:, 60:92].std())


def test_encoder_that_is_unknown_is_named() -> None:
    with pytest.raises(ValueError, match="encoder: came 'none'"):
        METHOD.apply(blank(), blank(), Parameters(network="encoder"), Run(0, encoder="none"))
    assert "pyramid" in encoders.TITLES
