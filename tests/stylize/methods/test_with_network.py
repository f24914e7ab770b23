"""Every method that reads an encoder, with a network instead of the pyramid: the plumbing fits.

The network is the distilled VGG-19 with random weights: nothing here tells of quality.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize import encoders, methods
from stylize.methods.base import Method
from stylize.record import Guides, Labels, Run, describe, validated
from tests.stylize.encoders import networks

READING = {key: each for key, each in methods.registry().items() if each.needs.encoder}
QUICK = {"coarse_evaluations": 3, "fine_evaluations": 2, "iterations": 2}


@pytest.fixture(scope="module", autouse=True)
def _network() -> Iterator[None]:
    encoders.provide("vgg19_16x", networks.loaded(networks.distilled()))
    yield
    encoders.provide("vgg19_16x", None)


def pictures(height: int, width: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    small = torch.rand((1, 3, 5, 6), generator=generator)
    smooth = torch.nn.functional.interpolate(small, size=(height, width), mode="bicubic")
    return smooth.clamp(0, 1)


def _halves(size: tuple[int, int]) -> Labels:
    labels = np.zeros(size, np.uint8)
    labels[:, size[1] // 2 :] = 1
    return labels


def applied(method: Method[Any], size: tuple[int, int], style_size: tuple[int, int]) -> Tensor:
    named = {each["name"] for each in describe(method.parameters)}
    few = {name: value for name, value in QUICK.items() if name in named}
    parameters = validated(method.parameters, few)
    style_size = size if method.needs.aligned else style_size
    guides = Guides()
    if method.needs.masks:
        guides = Guides(_halves(size), _halves(style_size))
    run = Run(0, encoder="vgg19_16x", guides=guides)
    return method.apply(pictures(*size, seed=0), pictures(*style_size, seed=1), parameters, run)


@pytest.mark.parametrize("method", READING.values(), ids=READING.keys())
@pytest.mark.parametrize(
    ("size", "style_size"), [((33, 50), (64, 20)), ((20, 24), (3, 2)), ((16, 16), (70, 70))]
)
def test_apply_with_a_network_at_any_size_is_finite_and_deterministic(
    method: Method[Any], size: tuple[int, int], style_size: tuple[int, int]
) -> None:
    result = applied(method, size, style_size)
    assert result.shape == (1, 3, *size)
    assert torch.isfinite(result).all()
    assert torch.equal(result, applied(method, size, style_size))
