"""Semantic transfer: every region takes its colours from the style's region of its label."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize.methods.semantic import METHOD, Parameters, noise_of
from stylize.record import Guides, Run


def halves(left: tuple[float, ...], right: tuple[float, ...], seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    picture = 0.1 * torch.rand((1, 3, 48, 64), generator=generator)
    picture[..., :32] += 0.9 * torch.tensor(left)[:, None, None]
    picture[..., 32:] += 0.9 * torch.tensor(right)[:, None, None]
    return picture


def labels(left: int, right: int) -> np.ndarray:
    made = np.full((48, 64), right, np.uint8)
    made[:, :32] = left
    return made


ORANGE, BLUE = (0.9, 0.5, 0.1), (0.1, 0.3, 0.9)
CONTENT = halves((0.5, 0.5, 0.5), (0.6, 0.6, 0.6), 0)
STYLE = halves(ORANGE, BLUE, 1)
SHORT = Parameters(coarse_evaluations=25, content_weight=0.02, recolour=False)


@pytest.mark.parametrize(("style_labels", "warm_left"), [((0, 1), True), ((1, 0), False)])
def test_apply_gives_each_region_the_look_of_its_label(
    style_labels: tuple[int, int], warm_left: bool
) -> None:
    guides = Guides(labels(0, 1), labels(*style_labels))
    result = METHOD.apply(CONTENT, STYLE, SHORT, Run(0, guides=guides))
    left, right = warmth(result)
    assert (left > right + 0.3) == warm_left
    assert (right > left + 0.3) != warm_left


def test_apply_without_masks_or_with_a_label_the_style_lacks_refuses() -> None:
    with pytest.raises(ValueError, match="masks: came none"):
        METHOD.apply(CONTENT, STYLE, SHORT, Run(0))
    guides = Guides(labels(0, 2), labels(0, 1))
    with pytest.raises(ValueError, match="masks: the style's lacks label 2"):
        METHOD.apply(CONTENT, STYLE, SHORT, Run(0, guides=guides))


# Doodle mode

DOODLE = replace(SHORT, doodle=True)


def doodled(
    content: Tensor, content_labels: tuple[int, int], style_labels: tuple[int, int]
) -> Tensor:
    guides = Guides(labels(*content_labels), labels(*style_labels))
    return METHOD.apply(content, STYLE, DOODLE, Run(0, guides=guides))


def warmth(result: Tensor) -> tuple[float, float]:
    """Red less blue, inside the left and the right half."""
    columns = (result[:, 0] - result[:, 2]).mean((0, 1))
    return float(columns[4:24].mean()), float(columns[40:60].mean())


def test_doodle_does_not_look_at_the_content_s_picture() -> None:
    other = halves((0.9, 0.0, 0.2), (0.0, 0.9, 0.1), 5)
    assert torch.equal(doodled(CONTENT, (0, 1), (0, 1)), doodled(other, (0, 1), (0, 1)))
    plain = [
        METHOD.apply(each, STYLE, SHORT, Run(0, guides=Guides(labels(0, 1), labels(0, 1))))
        for each in (CONTENT, other)
    ]
    assert not torch.allclose(*plain, atol=0.05)


def test_doodle_when_labels_are_renumbered_on_both_sides_is_the_same() -> None:
    first, second = doodled(CONTENT, (0, 1), (0, 1)), doodled(CONTENT, (7, 3), (7, 3))
    torch.testing.assert_close(first, second, atol=1e-3, rtol=0)


@pytest.mark.parametrize(("style_labels", "warm_left"), [((0, 1), True), ((1, 0), False)])
def test_doodle_labels_decide_which_region_of_the_style_is_used(
    style_labels: tuple[int, int], warm_left: bool
) -> None:
    left, right = warmth(doodled(CONTENT, (0, 1), style_labels))
    assert (left > right + 0.3) == warm_left
    assert (right > left + 0.3) != warm_left


def test_doodle_of_another_seed_is_another_picture() -> None:
    guides = Guides(labels(0, 1), labels(0, 1))
    made = [METHOD.apply(CONTENT, STYLE, DOODLE, Run(seed, guides=guides)) for seed in (0, 1)]
    assert not torch.equal(*made)


def test_noise_of_a_style_has_its_pixels_alone() -> None:
    style = torch.rand(2, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    made = noise_of(style, (40, 50), 3)
    assert made.shape == (2, 3, 40, 50)
    assert set(made[1, 0].flatten().tolist()) <= set(style[1, 0].flatten().tolist())
    torch.testing.assert_close(made.mean((2, 3)), style.mean((2, 3)), atol=0.03, rtol=0)
    assert torch.equal(made, noise_of(style, (40, 50), 3))
