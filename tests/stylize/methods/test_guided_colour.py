"""Masks and luminance in every transfer of colours: the card's invariants."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize import methods
from stylize.record import Guides, Labels, Run, validated
from stylize.solvers.colour import to_cielab, to_ruderman, to_yiq

GUIDED = ("histogram", "reinhard", "mkl", "idt", "sliced_ot", "match_colour")
LUMINANT: tuple[tuple[str, dict[str, object]], ...] = (
    ("histogram", {"space": "rgb"}),
    ("histogram", {"space": "cielab"}),
    ("reinhard", {"space": "ruderman"}),
    ("mkl", {"space": "rgb"}),
    ("idt", {"regrain": False}),
    ("idt", {"regrain": True}),
    ("sliced_ot", {"space": "cielab", "regrain": False}),
    ("sliced_ot", {"space": "cielab", "regrain": True}),
)
ENTER = {"rgb": to_yiq, "cielab": to_cielab, "ruderman": to_ruderman}


def pictures(seed: int, height: int = 24, width: int = 30, batch: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((batch, 3, height, width), generator=generator) * 0.5 + 0.2


def labels(height: int, width: int, upper: int = 1, lower: int = 2) -> Labels:
    made = np.full((height, width), lower, np.uint8)
    made[: height // 2] = upper
    return made


def unclipped(key: str, contents: Tensor, styles: Tensor, run: Run, **values: object) -> Tensor:
    method: Any = methods.registry()[key]
    found: Tensor = method.stylize(contents, styles, validated(method.parameters, values), run)
    return found


@pytest.mark.parametrize("key", GUIDED)
def test_one_label_everywhere_is_the_unmasked_result_to_the_byte(key: str) -> None:
    content, style = pictures(0), pictures(1, 17, 20)
    guides = Guides(labels(24, 30, 5, 5), labels(17, 20, 5, 5))
    run = Run(0, guides=guides)
    found = unclipped(key, content, style, run)
    assert torch.equal(found, unclipped(key, content, style, Run(0)))
    assert run.notes == []


@pytest.mark.parametrize("key", GUIDED)
def test_a_label_that_the_style_lacks_keeps_the_content_to_the_byte_and_is_noted(key: str) -> None:
    content, style = pictures(0), pictures(1, 18, 20) * 0.6
    run = Run(0, guides=Guides(labels(24, 30, 1, 2), labels(18, 20, 1, 3)))
    found = unclipped(key, content, style, run)
    assert torch.equal(found[..., 12:, :], content[..., 12:, :].double())
    assert (found[..., :12, :] - content[..., :12, :]).abs().max() > 0.01
    assert run.notes == ["The style's mask lacks these labels, the content stays there: 2."]


@pytest.mark.parametrize("key", GUIDED)
def test_masks_without_a_common_label_give_the_content(key: str) -> None:
    content = pictures(0)
    run = Run(0, guides=Guides(labels(24, 30, 1, 2), labels(18, 20, 3, 4)))
    assert torch.equal(unclipped(key, content, pictures(1, 18, 20), run), content.double())
    assert len(run.notes) == 1


@pytest.mark.parametrize(
    ("key", "values"), [("mkl", {}), ("reinhard", {"space": "rgb"}), ("match_colour", {})]
)
def test_every_region_has_its_pairs_mean_and_deviation(key: str, values: dict[str, object]) -> None:
    content, style = pictures(0), pictures(1, 18, 20) * 0.7
    content[..., :12, :] *= 0.5
    run = Run(0, guides=Guides(labels(24, 30), labels(18, 20, 2, 1)))
    enter = to_cielab if key == "match_colour" else torch.Tensor.double
    found, wanted = enter(unclipped(key, content, style, run, **values)), enter(style.double())
    for mine, its in ((slice(0, 12), slice(9, 18)), (slice(12, 24), slice(0, 9))):
        here, there = found[..., mine, :].flatten(2), wanted[..., its, :].flatten(2)
        torch.testing.assert_close(here.mean(2), there.mean(2), atol=1e-9, rtol=0)
        freedom = int(key == "mkl")  # its covariances are over N - 1
        torch.testing.assert_close(
            here.std(2, correction=freedom), there.std(2, correction=freedom), atol=1e-9, rtol=0
        )


@pytest.mark.parametrize(("key", "values"), LUMINANT)
def test_luminance_alone_keeps_the_chroma_and_moves_the_luminance(
    key: str, values: dict[str, object]
) -> None:
    content, style = pictures(0), pictures(1, 17, 20) * 0.6
    enter = ENTER[str(values.get("space", "rgb"))]
    found = enter(unclipped(key, content, style, Run(0), channels="luminance", **values))
    kept, wanted = enter(content.double()), enter(style.double())
    torch.testing.assert_close(found[:, 1:], kept[:, 1:], atol=1e-6, rtol=0)
    if values.get("regrain"):  # which holds these rough pictures to the content's gradients
        return
    gap = (kept[:, 0].mean() - wanted[:, 0].mean()).abs()
    assert (found[:, 0].mean() - wanted[:, 0].mean()).abs() < 0.05 * gap
