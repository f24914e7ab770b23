"""The blur against scipy's, and what it must keep."""

import pytest
import torch
from scipy import ndimage

from stylize.solvers.blur import blurred


def noise(height: int = 20, width: int = 31) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, height, width, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("sigma", [0.7, 2.0, 9.0])
def test_blurred_matches_scipy(sigma: float) -> None:
    images = noise()
    expected = ndimage.gaussian_filter(
        images.numpy(), sigma, axes=(2, 3), mode="nearest", radius=int(-(-3 * sigma // 1))
    )
    torch.testing.assert_close(blurred(images, sigma), torch.from_numpy(expected))


def test_blurred_with_a_size_has_that_support() -> None:
    point = torch.zeros(1, 1, 15, 15)
    point[..., 7, 7] = 1
    found = blurred(point, 3.0, 7)
    assert (found[..., 4:11, 4:11] > 0).all()
    assert float(found.sum()) == pytest.approx(1)
    found[..., 4:11, 4:11] = 0
    assert (found == 0).all()


def test_blurred_keeps_constants_and_ranges() -> None:
    images = noise()
    torch.testing.assert_close(
        blurred(torch.full_like(images, 0.3), 4), torch.full_like(images, 0.3)
    )
    result = blurred(images, 50)
    assert result.shape == images.shape
    assert images.min() < result.min()
    assert result.max() < images.max()
