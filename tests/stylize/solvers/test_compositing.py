"""Masks around an element, its clean-up, and the blend that leaves the painting alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize.record import Guides, Run
from stylize.solvers.compositing import cleaned, dilated, element, laid_over, of_one_size


def noise(seed: int, height: int = 40, width: int = 50) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def box(height: int = 40, width: int = 50) -> Tensor:
    tight = torch.zeros(height, width, dtype=torch.bool)
    tight[12:25, 15:33] = True
    return tight


def test_laid_over_beyond_three_pixels_of_the_element_is_the_painting_bit_for_bit() -> None:
    painting, result, tight = noise(0), noise(1), box()
    made = laid_over(result, painting, tight)
    far = torch.ones_like(tight)
    far[9:28, 12:36] = False
    assert torch.equal(made[..., far], painting[..., far])
    assert torch.equal(laid_over(painting, painting, tight), painting)
    torch.testing.assert_close(made[..., 16:21, 19:29], result[..., 16:21, 19:29])


def test_dilated_grows_the_element_with_the_pictures_size() -> None:
    assert (dilated(box())[box()] == 1).all()

    def growth(side: int) -> float:
        tight = torch.zeros(side, side, dtype=torch.bool)
        tight[:, : side // 2] = True
        return float(dilated(tight).sum() - tight.sum()) / side

    # A straight edge: of a Gaussian cut off at ±1.5 deviations a tenth is left 1.02 deviations
    # away, and the deviation is 35/3 px at 700 px.
    assert 11 <= growth(700) <= 13
    assert 5 <= growth(350) <= 7


def test_cleaned_when_result_is_the_painting_stays_near_it() -> None:
    painting = torch.nn.functional.avg_pool2d(noise(2, 60, 60), 5, 1, 2)
    made = cleaned(painting, painting, painting, 0)
    assert (made - painting).abs().mean() < 0.02


def test_cleaned_takes_its_colours_from_the_painting() -> None:
    painting = torch.tensor([0.2, 0.3, 0.6])[:, None, None] * torch.ones(1, 3, 40, 40)
    speckled = painting.clone()
    speckled[0, 0, 20, 20] = 1.0
    made = cleaned(speckled, painting, painting, 0)
    assert (made - painting).abs().max() < 0.7 * (speckled - painting).abs().max()


def test_element_is_label_1_and_must_be_there() -> None:
    labels = np.zeros((40, 50), np.uint8)
    run = Run(0)
    with pytest.raises(ValueError, match=r"^masks: that of the content has no label 1"):
        element(noise(0), replace(run, guides=Guides(labels, labels)))
    labels[3, 4] = 1
    labels[5, 6] = 2
    found = element(noise(0), replace(run, guides=Guides(labels, labels)))
    assert found.nonzero().tolist() == [[3, 4]]
    with pytest.raises(ValueError, match=r"^masks: "):
        element(noise(0), run)


def test_of_one_size_resizes_the_painting_and_says_so() -> None:
    run = Run(0)
    contents = noise(0)
    assert of_one_size(contents, contents, run) is contents
    assert run.notes == []
    found = of_one_size(contents, noise(1, 80, 100), run)
    assert found.shape == contents.shape
    assert run.notes == [
        "The painting was resized from 100×80 to 50×40 px, the size of the content."
    ]
