"""Smoothing after any method: edges of the content, segments kept apart."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize import postprocess
from stylize.record import Guides, Labels, Run

Smooth = Callable[[Tensor, Tensor, Run], Tensor]
KEYS = ("smooth_matting", "smooth_gaussian", "smooth_guided")
EACH = pytest.mark.parametrize("smooth", [postprocess.registry()[key] for key in KEYS], ids=KEYS)


def noise(batch: int, height: int = 32, width: int = 40, seed: int = 0) -> Tensor:
    return torch.rand((batch, 3, height, width), generator=torch.Generator().manual_seed(seed))


def contents(batch: int, height: int = 32, width: int = 40) -> Tensor:
    """A dark half and a bright half."""
    halves = torch.full((batch, 3, height, width), 0.2)
    halves[..., width // 2 :] = 0.8
    return halves + 0.05 * noise(batch, height, width, 9)


def halves(left: int, right: int, height: int = 32, width: int = 40) -> Labels:
    labels = np.full((height, width), left, np.uint8)
    labels[:, width // 2 :] = right
    return labels


@EACH
def test_smoothing_takes_noise_away_and_keeps_the_edge(smooth: Smooth) -> None:
    content = contents(1)
    result = (1 - content + 0.2 * (noise(1) - 0.5)).clamp(0, 1)
    made = smooth(result, content, Run(0))
    assert made.shape == result.shape
    assert made.dtype == torch.float32
    assert 0 <= made.min() <= made.max() <= 1
    assert made[..., :18].std() < 0.6 * result[..., :18].std()
    assert (made[..., :20].mean() - made[..., 20:].mean()) > 0.5


@EACH
def test_smoothing_when_batched_equals_one_by_one(smooth: Smooth) -> None:
    result, content = noise(2), contents(2)
    together = smooth(result, content, Run(0))
    for index in range(2):
        part = slice(index, index + 1)
        alone = smooth(result[part], content[part], Run(0))
        torch.testing.assert_close(together[part], alone, atol=1e-6, rtol=0)


@EACH
def test_smoothing_keeps_constants(smooth: Smooth) -> None:
    flat = torch.full((1, 3, 32, 40), 0.3)
    torch.testing.assert_close(smooth(flat, contents(1), Run(0)), flat, atol=1e-6, rtol=0)


@EACH
def test_smoothing_with_masks_mixes_nothing_between_labels(smooth: Smooth) -> None:
    flat_content = 0.5 + 0.01 * noise(1, seed=3)
    result = torch.full((1, 3, 32, 40), 0.1)
    result[..., 20:] = 0.9
    guides = Guides(halves(0, 1), halves(0, 1))
    made = smooth(result, flat_content, Run(0, guides=guides))
    torch.testing.assert_close(made, result, atol=1e-5, rtol=0)
    assert (smooth(result, flat_content, Run(0)) - result).abs().max() > 0.1


@EACH
def test_smoothing_when_the_style_lacks_a_label_leaves_its_pixels_untouched(smooth: Smooth) -> None:
    result, content = noise(1), contents(1)
    made = smooth(result, content, Run(0, guides=Guides(halves(0, 5), halves(0, 0))))
    assert torch.equal(made[..., 20:], result[..., 20:])
    assert not torch.equal(made[..., :20], result[..., :20])


@EACH
@pytest.mark.parametrize("size", [(16, 16), (16, 51), (61, 33)])
def test_smoothing_at_any_size_and_of_flat_contents_is_finite(
    smooth: Smooth, size: tuple[int, int]
) -> None:
    for content in (torch.zeros(1, 3, *size), torch.ones(1, 3, *size), noise(1, *size)):
        run = Run(0)
        assert torch.isfinite(smooth(noise(1, *size, 5), content, run)).all()
        assert run.notes == []


@EACH
def test_smoothing_when_called_twice_gives_the_same_bytes_and_changes_no_input(
    smooth: Smooth,
) -> None:
    result, content = noise(1), contents(1)
    kept = result.clone(), content.clone()
    assert torch.equal(smooth(result, content, Run(0)), smooth(result, content, Run(0)))
    assert torch.equal(result, kept[0])
    assert torch.equal(content, kept[1])


@EACH
def test_smoothing_when_shapes_differ_names_the_results(smooth: Smooth) -> None:
    with pytest.raises(ValueError, match=r"^results: shape"):
        smooth(noise(1, 32, 41), contents(1), Run(0))
