"""The presets of the loop: each comes nearer to what its own paper measures than to the content."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import encoders, imaging, methods
from stylize.losses import gram, laplacian, mmd, normalisation
from stylize.losses.base import Prepare, Sight
from stylize.losses.depth import depth_loss, haze
from stylize.losses.histogram import histograms
from stylize.losses.variation import total_variation
from stylize.methods import depth, hierarchical, johnson, lapstyle, stroke
from stylize.methods.total_variation import METHOD as VARIATION
from stylize.methods.total_variation import Parameters as VariationParameters
from stylize.painter import PAINTINGS
from stylize.record import Guides, Run

SIDE = 40
BUDGET = 15


def photograph() -> Tensor:
    array = imaging.resize_to_longest(data.astronaut(), SIDE)
    return torch.from_numpy(imaging.to_planes(array))[None]


def painting(name: str = "brush strokes") -> Tensor:
    array = PAINTINGS[name](np.random.default_rng(1), 48)
    return torch.from_numpy(imaging.to_planes(array))[None]


@cache
def made(key: str, **changes: object) -> Tensor:
    method = methods.registry()[key]
    parameters: Any = replace(method.parameters(), coarse_evaluations=BUDGET, **changes)
    return method.apply(photograph(), painting(), parameters, Run(0))


def value(prepare: Prepare, image: Tensor) -> float:
    content, style = photograph(), painting()
    encoder = encoders.get("pyramid", "cpu").fitted(content, style)
    sight = Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)
    planes = encoder.enter(image)
    return float(prepare(sight)(planes, encoder.features(planes)))


OWN: dict[str, Prepare] = {
    "gram": gram.plain,
    "transformed_gram": gram.transformed([4, 8]),
    "diversified": gram.mean_subtracted,
    "multiscale_gram": gram.multiscale([1, 2, 4]),
    "mmd_linear": mmd.linear,
    "mmd_polynomial": mmd.polynomial(0.0),
    "mmd_gaussian": mmd.gaussian(1.0, 128),
    "bn_statistics": normalisation.statistics,
    "histogram_loss": histograms,
}


@pytest.mark.parametrize("key", OWN)
def test_apply_lowers_the_loss_of_its_paper_to_less_than_half(key: str) -> None:
    assert value(OWN[key], made(key)) < value(OWN[key], photograph()) / 2


def test_apply_records_the_scale_of_its_loss() -> None:
    method, run = methods.registry()["gram"], Run(0)
    parameters: Any = replace(method.parameters(), coarse_evaluations=1)
    method.apply(photograph(), painting(), parameters, run)
    assert run.figures[f"scale of Gram, {SIDE} px wide"] > 0


def test_polynomial_mmd_without_offset_is_the_plain_gram_matrix_and_with_it_is_not() -> None:
    plain = made("gram")
    # Equal but for rounding, which an optimiser enlarges step by step.
    same = (made("mmd_polynomial") - plain).abs().mean()
    assert same < 0.004
    assert (made("mmd_polynomial", offset=3.0) - plain).abs().mean() > 2 * same + 0.002


def test_histograms_come_nearer_than_by_gram_matrices_alone() -> None:
    assert value(histograms, made("histogram_loss")) < value(histograms, made("gram"))


def against(
    module: Any, parameter: str, weight: float, measure: Callable[[Tensor], Tensor]
) -> tuple[float, float]:
    """What is measured with the term and without it."""
    with_it, without = (
        module.METHOD.apply(
            photograph(), painting(),
            module.Parameters(coarse_evaluations=BUDGET, **{parameter: each}), Run(0),
        )
        for each in (weight, 0.0)
    )  # fmt: skip
    return float(measure(with_it)), float(measure(without))


def test_laplacian_term_keeps_the_contents_edges() -> None:
    def error(image: Tensor) -> Tensor:
        found, wanted = (laplacian.laplacian(each, 4).flatten() for each in (image, photograph()))
        return 1 - torch.corrcoef(torch.stack([found, wanted]))[0, 1]

    found, without = against(lapstyle, "laplacian_weight", 0.1, error)
    assert found < 0.7 * without


def test_depth_term_keeps_near_and_far() -> None:
    def error(image: Tensor) -> Tensor:
        return depth_loss(haze(image), haze(photograph()))

    found, without = against(depth, "depth_weight", 0.3, error)
    assert found < 0.7 * without


def test_perceptual_term_keeps_the_content() -> None:
    def unlike(image: Tensor) -> Tensor:
        pair = torch.stack([image.mean(1).flatten(), photograph().mean(1).flatten()])
        return 1 - torch.corrcoef(pair)[0, 1]

    found, without = against(johnson, "perceptual_weight", 1.0, unlike)
    assert found < without


def test_variation_term_makes_smoother() -> None:
    smooth, rough = (
        VARIATION.apply(
            photograph(), painting(),
            VariationParameters(coarse_evaluations=BUDGET, variation_weight=weight), Run(0),
        )
        for weight in (0.1, 0.0)
    )  # fmt: skip
    assert total_variation(smooth) < 0.7 * total_variation(rough)


def correlation_length(image: Tensor) -> float:
    """Steps until the picture's autocorrelation along rows falls below a half, interpolated."""
    grey = image.double().mean(1)[0]
    centred = grey - grey.mean()
    variance = float(centred.square().mean())
    last = 1.0
    for step in range(1, grey.shape[1] // 2):
        now = float((centred[:, step:] * centred[:, :-step]).mean()) / variance
        if now < 0.5:
            return step - 1 + (last - 0.5) / (last - now)
        last = now
    return grey.shape[1] / 2


def blobs(count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    small = torch.rand((1, 3, count, count), generator=generator)
    return torch.nn.functional.interpolate(small, size=(48, 48), mode="bicubic").clamp(0, 1)


def test_stroke_makes_broader_strokes_from_a_larger_style() -> None:
    lengths = []
    for control in (0.0, 2.0):
        parameters = stroke.Parameters(stroke=control, content_weight=0.0, coarse_evaluations=30)
        result = stroke.METHOD.apply(blobs(24, 0), blobs(16, 1), parameters, Run(0))
        lengths.append(correlation_length(result))
    assert lengths[1] > 1.5 * lengths[0]


def test_hierarchical_with_one_level_is_the_loop_at_full_size_alone() -> None:
    seen: list[float] = []
    parameters = hierarchical.Parameters(levels=1, coarse_evaluations=5, fine_evaluations=50)
    run = Run(0, progress=seen.append)
    hierarchical.METHOD.apply(photograph(), painting(), parameters, run)
    assert len({round(each, 6) for each in seen}) == 1 + 5  # 0 and one per evaluation


def test_hierarchical_first_level_does_not_depend_on_later_ones() -> None:
    """With no evaluation left for the later level it is the first, enlarged."""
    content = torch.nn.functional.interpolate(photograph(), scale_factor=2, mode="bicubic")
    parameters = hierarchical.Parameters(levels=2, coarse_evaluations=10, fine_evaluations=0)
    result = hierarchical.METHOD.apply(content.clamp(0, 1), painting(), parameters, Run(0))
    spectrum = torch.fft.fft2(result.mean(1)[0].double()).abs()
    spectrum[0, 0] = 0.0
    low = spectrum[:25, :25].sum() + spectrum[-24:, :25].sum()
    high = spectrum[25:72, :49].sum()
    assert low > 3 * high
