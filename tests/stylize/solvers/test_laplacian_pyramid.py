"""The Laplacian pyramid in a vector: an exact inverse at any size."""

import pytest
import torch

from stylize.solvers.laplacian_pyramid import composed, decomposed, finest_band, sizes_of


def random(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [(64, 48), (37, 51), (16, 129), (17, 16), (1, 1)])
def test_composed_gives_back_what_was_decomposed(size: tuple[int, int]) -> None:
    images = random(2, 3, *size)
    sizes = sizes_of(*size, 5)
    vector = decomposed(images, sizes)
    assert vector.shape == (6 * sum(height * width for height, width in sizes),)
    torch.testing.assert_close(composed(vector, sizes, (2, 3)), images, atol=1e-6, rtol=0)


def test_sizes_are_halved_down_to_one() -> None:
    assert sizes_of(37, 5, 4) == [(37, 5), (18, 2), (9, 1), (4, 1), (2, 1)]


def test_finest_band_of_a_flat_picture_is_zero_and_of_an_edge_is_not() -> None:
    flat, edge = torch.full((1, 3, 20, 20), 0.3), torch.zeros(1, 3, 20, 20)
    edge[..., 11:] = 1.0
    assert float(finest_band(flat, (10, 10)).abs().max()) < 1e-6
    band = finest_band(edge, (10, 10))
    assert float(band.abs().max()) > 0.2
    assert float(band[..., :8].abs().max()) < 1e-6


def test_composed_when_the_residual_alone_moves_changes_coarse_shapes() -> None:
    sizes = sizes_of(32, 32, 5)
    vector = torch.zeros(3 * sum(height * width for height, width in sizes))
    vector[-3:] = 1.0
    torch.testing.assert_close(composed(vector, sizes, (1, 3)), torch.ones(1, 3, 32, 32))
