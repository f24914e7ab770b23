"""A loss on maps becomes one on pictures: units, layers, zero at the style."""

import dataclasses

import pytest
import torch
from torch import Tensor

from stylize.encoders.pyramid import Pyramid
from stylize.losses.base import Sight
from stylize.losses.layers import MapLoss, each_layer, style_layers
from stylize.record import Guides


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator)


def sight(content: Tensor, style: Tensor) -> Sight:
    encoder = Pyramid("cpu").fitted(content, style)
    return Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)


def against_mean_square(style: Tensor, content: Tensor) -> MapLoss:
    target = style.square().mean()
    return lambda maps: 7 * (maps.square().mean() - target).square()


def test_style_layers_are_the_scales_and_what_is_left_below() -> None:
    found = style_layers(sight(picture(32, 40), picture(40, 32, 1)))
    assert found == ("scale0", "scale1", "scale2", "lowpass")


def test_style_layers_when_sizes_differ_are_the_style_layers_of_both() -> None:
    encoder = Pyramid("cpu")
    small, large = encoder.enter(picture(16, 16)), encoder.enter(picture(40, 64))
    for one, other in ((small, large), (large, small)):
        found = style_layers(Sight(encoder, one, other, Guides(), 0))
        assert found == ("scale0", "scale1")


def test_each_layer_when_the_picture_is_the_style_is_zero() -> None:
    seen = sight(picture(32, 40), picture(40, 32, 1))
    loss = each_layer(against_mean_square)(seen)
    assert float(loss(seen.style, seen.style_features)) == 0


def test_each_layer_counts_a_blank_picture_as_one_whatever_the_losses_unit() -> None:
    seen = sight(picture(32, 40), picture(40, 32, 1))
    loss = each_layer(against_mean_square)(seen)
    blank = torch.zeros_like(seen.content)
    features = {name: torch.zeros_like(maps) for name, maps in seen.content_features.items()}
    assert float(loss(blank, features)) == pytest.approx(1, rel=1e-3)


def test_each_layer_against_a_constant_style_is_finite() -> None:
    seen = sight(picture(32, 40), torch.full((1, 3, 20, 20), 0.5))
    loss = each_layer(against_mean_square)(seen)
    assert torch.isfinite(loss(seen.content, seen.content_features))


def test_each_layer_hands_over_the_maps_of_style_and_content() -> None:
    seen = sight(picture(32, 40), picture(40, 32, 1))
    shapes = []

    def against(style: Tensor, content: Tensor) -> MapLoss:
        shapes.append((style.shape[1:], content.shape[1:]))
        return lambda maps: maps.sum() * 0

    each_layer(against)(dataclasses.replace(seen))
    assert shapes[0] == ((40, 32), (32, 40))
    assert shapes[1] == ((20, 16), (16, 20))
