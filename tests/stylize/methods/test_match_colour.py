"""Match colour: moments in CIELAB, and what each control does."""

import torch
from torch import Tensor

from stylize.methods.match_colour import METHOD, Parameters, stylize
from stylize.record import Run
from stylize.solvers.colour import to_cielab


def pictures(seed: int, height: int = 24, width: int = 30) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator) * 0.5 + 0.2


def lab(**values: float) -> Tensor:
    found = stylize(pictures(0), pictures(1, 17, 20) * 0.8, Parameters(**values), Run(0))
    return to_cielab(found).flatten(2)


WANTED = to_cielab((pictures(1, 17, 20) * 0.8).double()).flatten(2)


def test_stylize_at_the_defaults_has_the_styles_moments_in_cielab() -> None:
    torch.testing.assert_close(lab().mean(2), WANTED.mean(2), atol=1e-9, rtol=0)
    torch.testing.assert_close(
        lab().std(2, correction=0), WANTED.std(2, correction=0), atol=1e-9, rtol=0
    )


def test_stylize_when_style_is_the_content_changes_nothing() -> None:
    result = stylize(pictures(0), pictures(0), Parameters(), Run(0))
    torch.testing.assert_close(result, pictures(0).double(), atol=1e-6, rtol=0)


def test_luminance_scales_the_contrast_around_the_styles_mean() -> None:
    mean = WANTED[:, :1].mean(2, True)
    torch.testing.assert_close(lab(luminance=0.5)[:, :1] - mean, 0.5 * (lab()[:, :1] - mean))
    assert lab(luminance=0.0)[:, 0].std() < 1e-9
    torch.testing.assert_close(lab(luminance=0.5)[:, 1:], lab()[:, 1:])


def test_intensity_scales_chroma_alone() -> None:
    torch.testing.assert_close(lab(intensity=1.5)[:, 1:], 1.5 * lab()[:, 1:])
    torch.testing.assert_close(lab(intensity=1.5)[:, 0], lab()[:, 0])
    assert lab(intensity=0.0)[:, 1:].abs().max() < 1e-9


def test_neutralise_takes_the_cast_away_and_nothing_else() -> None:
    found = lab(neutralise=True)
    assert found[:, 1:].mean(2).abs().max() < 1e-9
    assert lab()[:, 1:].mean(2).abs().max() > 0.05
    centred = lab() - lab().mean(2, True)
    torch.testing.assert_close(found[:, 1:], centred[:, 1:], atol=1e-9, rtol=0)
    torch.testing.assert_close(found[:, 0], lab()[:, 0])


def test_fade_when_one_is_the_content_to_the_byte_and_between_blends() -> None:
    contents, styles = pictures(0), pictures(1)
    assert torch.equal(METHOD.apply(contents, styles, Parameters(fade=1.0), Run(0)), contents)
    whole = stylize(contents, styles, Parameters(), Run(0))
    half = stylize(contents, styles, Parameters(fade=0.5), Run(0))
    torch.testing.assert_close(half, (whole + contents) / 2)
