"""Gatys: style error reached, content kept, nothing bleeds, and the card's invariants."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import encoders, imaging
from stylize.encoders.base import names
from stylize.losses.moments import relative_error, style_error
from stylize.methods.gatys import (
    METHOD,
    Parameters,
    at_least,
    colour_matched,
    luminance,
    luminance_matched,
    stylize,
    with_fine_scale,
)
from stylize.painter import PAINTINGS
from stylize.record import Cancelled, Guides, Run
from stylize.solvers.colour import mean_and_covariance, to_yiq


def photograph(longest: int, name: str = "astronaut") -> Tensor:
    array = imaging.resize_to_longest(getattr(data, name)(), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def painting(longest: int, name: str = "brush strokes") -> Tensor:
    array = PAINTINGS[name](np.random.default_rng(1), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def errors(content: Tensor, result: Tensor, style: Tensor) -> float:
    return style_error(encoders.get("pyramid", "cpu").fitted(content, style), result, style)


@pytest.mark.parametrize(
    ("content_name", "style_name"), [("astronaut", "brush strokes"), ("coffee", "mondrian")]
)
def test_apply_at_256_px_reaches_a_style_error_of_two_percent_and_keeps_the_content(
    content_name: str, style_name: str
) -> None:
    """E_style on all 5 scales of the encoder; the second pair is the demo's hardest."""
    content, style = photograph(256, content_name), painting(256, style_name)
    assert encoders.get("pyramid", "cpu").fitted(content, style).scales == 5
    result = METHOD.apply(content, style, Parameters(), Run(0))
    assert errors(content, content, style) > 0.5
    assert errors(content, result, style) <= 0.02

    # The content is still there: where it is light and dark, and its edges at middle scales.
    def alike(one: Tensor, other: Tensor) -> float:
        return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])

    encoder = encoders.get("pyramid", "cpu").fitted(content, style)
    found, kept = encoder.encode(result), encoder.encode(content)
    assert alike(found["scale2"], kept["scale2"]) > 0.35
    assert alike(found["lowpass"], kept["lowpass"]) > 0.3


def test_apply_when_more_evaluations_are_spent_comes_nearer_to_the_style() -> None:
    content, style = photograph(64), painting(64, "waves")
    found = [
        errors(
            content, METHOD.apply(content, style, Parameters(coarse_evaluations=n), Run(0)), style
        )
        for n in (1, 10, 60)
    ]
    assert found[2] < found[1] < found[0]
    assert found[2] < 0.1 * errors(content, content, style)


def test_apply_when_style_is_the_content_returns_the_content() -> None:
    content = photograph(64)
    result = METHOD.apply(content, content, Parameters(coarse_evaluations=10), Run(0))
    torch.testing.assert_close(result, content, atol=2e-3, rtol=0)


def test_apply_without_evaluations_returns_the_recoloured_or_the_plain_content() -> None:
    content, style = photograph(64), painting(64)
    plain = Parameters(coarse_evaluations=0, fine_evaluations=0, recolour=False)
    result = METHOD.apply(content, style, plain, Run(0))
    torch.testing.assert_close(result, content, atol=1e-5, rtol=0)
    recoloured = METHOD.apply(
        content, style, Parameters(coarse_evaluations=0, fine_evaluations=0), Run(0)
    )
    nearer = (recoloured.mean((2, 3)) - style.mean((2, 3))).abs().max()
    assert nearer < 0.5 * (content.mean((2, 3)) - style.mean((2, 3))).abs().max()


def test_apply_when_content_weighs_more_keeps_more_of_it() -> None:
    content, style = photograph(64), painting(64, "stained glass")
    encoder = encoders.get("pyramid", "cpu").fitted(content, style)
    layers = names(encoder, "content", *content.shape[2:])

    def content_error(weight: float) -> float:
        parameters = Parameters(content_weight=weight, coarse_evaluations=40, recolour=False)
        found = encoder.encode(METHOD.apply(content, style, parameters, Run(0)))
        kept = encoder.encode(content)
        return float(
            relative_error([found[each] for each in layers], [kept[each] for each in layers])
        )

    assert content_error(0.3) < 0.8 * content_error(0.01)


def test_apply_leaves_no_seam_and_nothing_bleeds_from_the_opposite_border() -> None:
    """A content that is black left and white right, a style without structure."""
    content = torch.zeros(1, 3, 96, 96)
    content[..., 48:] = 1.0
    content = (content * 0.8 + 0.1).contiguous()
    generator = torch.Generator().manual_seed(0)
    style = (torch.rand((1, 1, 96, 96), generator=generator) * 0.2).expand(1, 3, 96, 96)
    style = style + content.flip(3).mean() * 0.5
    parameters = Parameters(coarse_evaluations=40)
    result = METHOD.apply(content, style.contiguous(), parameters, Run(0)).mean(1)[0]
    columns = result.mean(0)
    # Bleeding would make the outermost columns turn towards the other side.
    left, right = columns[:40], columns[56:]
    gap = float(right.mean() - left.mean())
    assert gap > 0.02
    assert float(columns[:3].mean() - left.mean()) < 0.15 * gap
    assert float(right.mean() - columns[-3:].mean()) < 0.15 * gap


@pytest.mark.parametrize("size", [(40, 100), (100, 40)])
def test_apply_when_turned_by_a_mirror_gives_the_mirrored_result_in_quality(
    size: tuple[int, int],
) -> None:
    """Portrait and landscape fare alike."""
    height, width = size
    content = photograph(128)[..., :height, :width].contiguous()
    style = painting(100)
    result = METHOD.apply(content, style, Parameters(coarse_evaluations=40), Run(0))
    assert errors(content, result, style) < 0.15 * errors(content, content, style)


def test_apply_tells_progress_often_and_stops_within_a_few_evaluations() -> None:
    told: list[float] = []

    def progress(fraction: float) -> None:
        told.append(fraction)
        if len(told) == 6:
            raise Cancelled

    with pytest.raises(Cancelled):
        METHOD.apply(photograph(48), painting(48), Parameters(), Run(0, progress=progress))
    assert len(told) == 6
    assert told[-1] < 0.1


def test_apply_when_encoder_is_unknown_names_it() -> None:
    with pytest.raises(ValueError, match="encoder: came 'vgg'"):
        METHOD.apply(photograph(32), painting(32), Parameters(), Run(0, encoder="vgg"))


# The controls of Gatys et al. 2017.

FEW: Any = {"coarse_evaluations": 12}


def beside(*more: Tensor) -> Run:
    return Run(0, guides=Guides(exemplars=tuple(each[0].numpy() for each in more)))


def chroma(images: Tensor) -> Tensor:
    return to_yiq(images.double())[:, 1:]


def test_colour_luminance_keeps_the_contents_chroma_and_takes_the_styles_texture() -> None:
    content, style = photograph(48), painting(48)
    parameters = Parameters(colour="luminance", **FEW)
    result = stylize(content, style, parameters, Run(0))
    torch.testing.assert_close(chroma(result), chroma(content), atol=1e-5, rtol=0)
    matched = luminance_matched(style, content)
    grey = [luminance(each).expand_as(content) for each in (content, result)]
    before, after = (errors(grey[0], each, matched) for each in grey)
    assert after < 0.5 * before


def test_luminance_matched_has_the_contents_mean_and_deviation_where_nothing_is_clipped() -> None:
    content, style = 0.3 * photograph(40) + 0.35, painting(40)
    found = luminance(luminance_matched(style, content))
    torch.testing.assert_close(found.mean(), luminance(content).mean(), atol=1e-3, rtol=0)
    torch.testing.assert_close(
        found.std(correction=0), luminance(content).std(correction=0), atol=2e-3, rtol=0
    )
    assert torch.equal(
        luminance_matched(style, content)[:, 0], luminance_matched(style, content)[:, 2]
    )


def test_colour_matched_has_the_contents_mean_and_covariance_up_to_the_ridge() -> None:
    content, style = 0.2 * photograph(40) + 0.4, painting(40)
    found = colour_matched(style, content)
    assert 0 < found.min() < found.max() < 1
    moments = [mean_and_covariance(each.double().flatten(2)) for each in (found, content)]
    torch.testing.assert_close(moments[0][0], moments[1][0], atol=1e-6, rtol=0)
    torch.testing.assert_close(moments[0][1], moments[1][1], atol=3e-5, rtol=0)
    torch.testing.assert_close(colour_matched(content, content), content, atol=1e-6, rtol=0)


def test_colour_match_comes_nearer_to_the_contents_colours_than_the_style_does() -> None:
    content, style = photograph(48), painting(48)
    kept, free = (
        METHOD.apply(content, style, Parameters(colour=colour, **FEW), Run(0))
        for colour in ("match", "style")
    )
    mean = content.mean((2, 3))
    gap = (free.mean((2, 3)) - mean).abs().max()
    assert (kept.mean((2, 3)) - mean).abs().max() < 0.3 * gap


def test_masks_with_one_label_everywhere_change_nothing() -> None:
    content, style = photograph(40), painting(40)
    ones = [np.ones(each.shape[2:], np.uint8) for each in (content, style)]
    runs = Run(0), Run(0, guides=Guides(*ones))
    plain, guided = (METHOD.apply(content, style, Parameters(**FEW), run) for run in runs)
    torch.testing.assert_close(guided, plain, atol=1e-3, rtol=0)


def test_masks_send_each_half_of_the_style_to_its_half_of_the_content() -> None:
    """A dark and a light half of the style; exchanging its labels exchanges them in the result."""
    content = photograph(48)[..., :32, :].contiguous()
    style = 0.4 * painting(48)
    style[..., style.shape[3] // 2 :] += 0.5
    found = []
    for labels in ((1, 2), (2, 1)):
        masks = [np.full(each.shape[2:], 1, np.uint8) for each in (content, style)]
        masks[0][:, content.shape[3] // 2 :] = 2
        masks[1][:] = labels[0]
        masks[1][:, style.shape[3] // 2 :] = labels[1]
        run = Run(0, guides=Guides(*masks))
        found.append(METHOD.apply(content, style, Parameters(**FEW), run).mean((0, 1, 2)))
        assert run.notes == []
    half = content.shape[3] // 2
    assert found[0][half:].mean() - found[0][:half].mean() > 0.2
    assert found[1][:half].mean() - found[1][half:].mean() > 0.2


def test_masks_of_two_styles_send_each_to_its_half_of_the_content() -> None:
    """A dark and a light style; exchanging their labels exchanges them in the result."""
    content = photograph(48)[..., :32, :].contiguous()
    dark, light = 0.4 * painting(48), 0.4 * painting(40) + 0.5
    half, found = content.shape[3] // 2, []
    for numbers in ((1, 2), (2, 1)):
        of_content = np.full(content.shape[2:], 1, np.uint8)
        of_content[:, half:] = 2
        of_styles = [
            np.full(each.shape[2:], n, np.uint8)
            for each, n in zip((dark, light), numbers, strict=True)
        ]
        guides = replace(beside(light).guides, content_labels=of_content,
                         style_labels=of_styles[0], exemplar_labels=(of_styles[1],))  # fmt: skip
        run = Run(0, guides=guides)
        found.append(METHOD.apply(content, dark, Parameters(**FEW), run).mean((0, 1, 2)))
        assert run.notes == []
    assert found[0][half:].mean() - found[0][:half].mean() > 0.2
    assert found[1][:half].mean() - found[1][half:].mean() > 0.2


def test_a_label_that_the_style_lacks_keeps_the_contents_colours_there() -> None:
    content, style = photograph(48), painting(48)
    masks = [np.ones(each.shape[2:], np.uint8) for each in (content, style)]
    masks[0][:, : content.shape[3] // 2] = 7
    run = Run(0, guides=Guides(*masks))
    change = (METHOD.apply(content, style, Parameters(**FEW), run) - content).abs().mean((0, 1, 2))
    half = content.shape[3] // 2
    assert change[: half - 8].mean() < 0.3 * change[half + 8 :].mean()
    assert run.notes == ["The style's mask lacks these labels, the content stays there: 7."]


def test_several_styles_lie_between_and_all_the_weight_on_one_is_that_one() -> None:
    content, dark, light = photograph(40), 0.4 * painting(40), 0.4 * painting(40, "waves") + 0.6
    means = [
        float(
            METHOD.apply(
                content, dark, Parameters(style_weights=weights, **FEW), beside(light)
            ).mean()
        )
        for weights in ("1, 0", "", "0, 1")
    ]
    assert means[0] < means[1] - 0.1 < means[2] - 0.2


def test_exemplars_of_any_size_are_taken() -> None:
    content, style, tiny = photograph(40), painting(40), torch.full((1, 3, 1, 1), 0.5)
    result = METHOD.apply(content, style, Parameters(coarse_evaluations=2), beside(tiny))
    assert result.shape == content.shape
    assert at_least(tiny, 30).shape == (1, 3, 30, 30)
    assert at_least(painting(64)[..., :20], 30).shape[3] == 30
    assert at_least(style, 20) is style


def test_with_fine_scale_takes_fine_texture_and_keeps_the_coarse_picture() -> None:
    coarse, fine = photograph(64), painting(64, "waves")
    made = with_fine_scale(coarse, fine, parameters=Parameters(**FEW), run=Run(0))
    encoder = encoders.get("pyramid", "cpu").fitted(coarse, fine)
    size = (coarse.shape[2], coarse.shape[3])
    first, *_, last = names(encoder, "style", *size)

    def covariance(image: Tensor, layer: str) -> Tensor:
        return torch.cov(encoder.encode(image)[layer][0].flatten(1))

    def distance(layer: str, wanted: Tensor) -> float:
        target = covariance(wanted, layer)
        found, before = (covariance(each, layer) - target for each in (made, coarse))
        return float(found.square().sum() / before.square().sum().clamp(min=1e-12))

    assert distance(first, fine) < 0.5
    away = covariance(made, last) - covariance(coarse, last)
    assert away.square().sum() < 0.2 * covariance(coarse, last).square().sum()


def test_several_scales_takes_two_styles_and_no_more() -> None:
    content, style = photograph(40), painting(40)
    parameters = Parameters(several="scales", coarse_evaluations=2)
    result = METHOD.apply(content, style, parameters, beside(painting(40, "waves")))
    assert not torch.equal(result, METHOD.apply(content, style, parameters, Run(0)))
    with pytest.raises(ValueError, match="styles: came 3, must be 2 for several = scales"):
        METHOD.apply(content, style, parameters, beside(style, style))
