"""Gatys: style error reached, content kept, nothing bleeds, and the card's invariants."""

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import encoders, imaging
from stylize.encoders.base import names
from stylize.losses.moments import relative_error, style_error
from stylize.methods.gatys import METHOD, Parameters
from stylize.painter import PAINTINGS
from stylize.record import Cancelled, Run


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
