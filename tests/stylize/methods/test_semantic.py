"""Semantic transfer: every region takes its colours from the style's region of its label."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize.methods.semantic import METHOD, Parameters
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
    warmth = (result[:, 0] - result[:, 2]).mean((0, 1))
    left, right = float(warmth[4:24].mean()), float(warmth[40:60].mean())
    assert (left > right + 0.3) == warm_left
    assert (right > left + 0.3) != warm_left


def test_apply_without_masks_or_with_a_label_the_style_lacks_refuses() -> None:
    with pytest.raises(ValueError, match="masks: came none"):
        METHOD.apply(CONTENT, STYLE, SHORT, Run(0))
    guides = Guides(labels(0, 2), labels(0, 1))
    with pytest.raises(ValueError, match="masks: the style's lacks label 2"):
        METHOD.apply(CONTENT, STYLE, SHORT, Run(0, guides=guides))
