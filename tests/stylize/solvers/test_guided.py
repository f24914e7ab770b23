"""The guided filter, against its formulas written out pixel by pixel."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize.solvers.guided import guided


def noise(channels: int, height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((channels, height, width), generator=generator, dtype=torch.float64)


def dense(images: Tensor, guide: Tensor, radius: int, epsilon: float) -> Tensor:
    """He et al. with loops; windows are cut at borders."""
    _, height, width = guide.shape
    colours = guide.permute(1, 2, 0).numpy()
    values = images.permute(1, 2, 0).numpy()

    def window(y: int, x: int) -> tuple[slice, slice]:
        return slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1)

    slopes = np.zeros((height, width, 3, values.shape[2]))
    offsets = np.zeros((height, width, values.shape[2]))
    for y, x in np.ndindex(height, width):
        here = colours[window(y, x)].reshape(-1, 3)
        there = values[window(y, x)].reshape(len(here), -1)
        centred = here - here.mean(0)
        covariance = centred.T @ centred / len(here) + epsilon * np.eye(3)
        slopes[y, x] = np.linalg.solve(covariance, centred.T @ (there - there.mean(0)) / len(here))
        offsets[y, x] = there.mean(0) - here.mean(0) @ slopes[y, x]
    filtered = np.zeros_like(values)
    for y, x in np.ndindex(height, width):
        slope, offset = (each[window(y, x)].mean((0, 1)) for each in (slopes, offsets))
        filtered[y, x] = colours[y, x] @ slope + offset
    return torch.from_numpy(filtered).permute(2, 0, 1)


@pytest.mark.parametrize(("radius", "epsilon"), [(1, 1e-2), (3, 1e-4), (30, 1e-3)])
def test_guided_is_the_formula_written_out(radius: int, epsilon: float) -> None:
    images, guide = noise(2, 11, 14, 1), noise(3, 11, 14)
    wanted = dense(images, guide, radius, epsilon)
    torch.testing.assert_close(guided(images, guide, radius, epsilon), wanted, atol=1e-9, rtol=0)


def test_guided_keeps_constants() -> None:
    flat = torch.full((3, 20, 24), 0.3, dtype=torch.float64)
    torch.testing.assert_close(guided(flat, noise(3, 20, 24)), flat, atol=1e-10, rtol=0)
    torch.testing.assert_close(guided(flat, flat), flat, atol=1e-10, rtol=0)


def test_guided_when_the_image_is_affine_in_the_guide_keeps_it() -> None:
    guide = noise(3, 20, 24)
    image = torch.einsum("ij,jhw->ihw", noise(1, 3, 3)[0], guide) + 0.2
    torch.testing.assert_close(guided(image, guide, 8, 1e-9), image, atol=2e-6, rtol=0)


def test_guided_when_epsilon_is_huge_is_the_box_filter_twice() -> None:
    image, guide = noise(1, 13, 15, 1), noise(3, 13, 15)

    def box(values: Tensor) -> Tensor:
        pool = torch.nn.functional.avg_pool2d
        return pool(values[None], 5, 1, 2, count_include_pad=False)[0]

    torch.testing.assert_close(guided(image, guide, 2, 1e9), box(box(image)), atol=1e-8, rtol=0)


def test_guided_is_linear_and_moves_with_the_image() -> None:
    first, second, guide = noise(3, 16, 18, 1), noise(3, 16, 18, 2), noise(3, 16, 18)
    parts = guided(first, guide, 3, 1e-3), guided(second, guide, 3, 1e-3)
    together = guided(0.5 * first - 2 * second + 0.7, guide, 3, 1e-3)
    wanted = 0.5 * parts[0] - 2 * parts[1] + 0.7
    torch.testing.assert_close(together, wanted, atol=1e-9, rtol=0)


def test_guided_when_masked_looks_at_nothing_outside() -> None:
    image, guide = noise(3, 16, 18, 1), noise(3, 16, 18)
    mask = torch.zeros(16, 18)
    mask[:, :9] = 1
    found = guided(image, guide, 3, 1e-3, mask)
    alone = guided(image[..., :9], guide[..., :9], 3, 1e-3)
    torch.testing.assert_close(found[..., :9], alone, atol=1e-9, rtol=0)
    assert (found[..., 9:] == 0).all()


def test_guided_when_an_argument_is_wrong_names_it() -> None:
    with pytest.raises(ValueError, match=r"^guide: "):
        guided(noise(3, 8, 9), noise(3, 9, 8))
    with pytest.raises(ValueError, match=r"^guide: "):
        guided(noise(3, 8, 9), noise(1, 8, 9))
    with pytest.raises(ValueError, match=r"^radius: "):
        guided(noise(3, 8, 9), noise(3, 8, 9), radius=0)
