"""Feature inversion: what is kept comes back, what is left out does not, and the penalties."""

import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import encoders, imaging
from stylize.encoders.pyramid import Pyramid
from stylize.methods.feature_inversion import (
    METHOD,
    Parameters,
    data_term,
    kept_features,
    penalty,
)
from stylize.record import Run


def photograph(longest: int, name: str = "astronaut") -> Tensor:
    array = imaging.resize_to_longest(getattr(data, name)(), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def fitted(content: Tensor) -> Pyramid:
    encoder = encoders.get("pyramid", "cpu").fitted(content, content)
    assert isinstance(encoder, Pyramid)
    return encoder


FREE = {"variation_weight": 0.0, "bound_weight": 0.0}


def test_data_term_of_the_original_is_exactly_zero_and_only_a_flat_one_costs_nothing() -> None:
    content = photograph(48)
    encoder = fitted(content)
    kept = kept_features(encoder, content, 0)
    assert float(data_term(encoder.encode(content), kept)) == 0
    assert float(penalty(content, Parameters())) > 0
    flat = torch.tensor([123.68, 116.779, 103.939]).reshape(1, 3, 1, 1).expand(1, 3, 20, 20) / 255
    assert float(penalty(flat, Parameters())) < 1e-9


def test_data_term_when_both_are_scaled_stays() -> None:
    content, other = photograph(32), photograph(32, "chelsea").mean() + 0 * photograph(32)
    encoder = fitted(content)
    kept, found = kept_features(encoder, content, 0), encoder.encode(other)
    larger = data_term(
        {name: 7 * each for name, each in found.items()},
        {name: 7 * each for name, each in kept.items()},
    )
    assert float(larger) == pytest.approx(float(data_term(found, kept)), rel=1e-5)


def test_data_term_of_nothing_at_all_is_one() -> None:
    """‖0 - Φ0‖² / ‖Φ0‖²."""
    content = photograph(32)
    kept = kept_features(fitted(content), content, 1)
    nothing = {name: torch.zeros_like(each) for name, each in kept.items()}
    assert float(data_term(nothing, kept)) == pytest.approx(1.0)


def test_kept_features_begin_at_the_layer_and_end_with_the_deepest() -> None:
    content = photograph(64)
    encoder = fitted(content)
    assert list(kept_features(encoder, content, 2)) == ["scale2", "scale3", "lowpass"]
    assert list(kept_features(encoder, content, 20)) == ["lowpass"]


def test_apply_with_the_whole_pyramid_and_no_penalty_finds_the_picture_again() -> None:
    content = photograph(48)
    parameters = Parameters(first_layer=0, iterations=200, **FREE)
    run = Run(0)
    result = METHOD.apply(content, content, parameters, run)
    assert run.figures["data term"] < 1e-4
    # The highest frequencies lie in no layer: there the noise of the start remains.
    pooled = [torch.nn.functional.avg_pool2d(each, 4) for each in (result, content)]
    assert float((pooled[0] - pooled[1]).abs().mean()) < 0.015


def test_apply_when_fine_scales_are_dropped_loses_what_they_carry() -> None:
    content = photograph(64)

    def edges(image: Tensor) -> float:
        return float(encoders.get("pyramid", "cpu").encode(image)["scale0"].square().sum())

    def coarse(image: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(image, 8)

    result = METHOD.apply(content, content, Parameters(iterations=60), Run(0))
    assert edges(result) < 0.2 * edges(content)
    assert float((coarse(result) - coarse(content)).abs().mean()) < 0.04


def test_apply_when_variation_weighs_more_is_smoother() -> None:
    content = photograph(40)

    def steps(weight: float) -> float:
        parameters = Parameters(first_layer=0, variation_weight=weight, iterations=30)
        return float(METHOD.apply(content, content, parameters, Run(0)).diff(dim=3).square().mean())

    assert steps(100.0) < 0.5 * steps(0.1)


def test_apply_ignores_the_style_and_starts_from_the_seeds_noise() -> None:
    content = photograph(32)
    parameters = Parameters(iterations=3)
    one = METHOD.apply(content, content, parameters, Run(0))
    assert torch.equal(one, METHOD.apply(content, photograph(24, "coffee"), parameters, Run(0)))
    assert not torch.equal(one, METHOD.apply(content, content, parameters, Run(1)))
