"""The Laplacian loss: sees a picture only through its pooled second differences."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from stylize.encoders.pyramid import Pyramid
from stylize.losses.base import Loss, Sight
from stylize.losses.laplacian import edges, laplacian, laplacian_loss
from stylize.record import Guides


def image(seed: int = 0, height: int = 16, width: int = 20) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator, dtype=torch.float64)


def test_laplacian_of_a_point_is_the_kernel_of_each_channel_summed() -> None:
    point = torch.zeros(1, 3, 5, 5, dtype=torch.float64)
    point[0, :, 2, 2] = torch.tensor([1.0, 2.0, 3.0])
    expected = 6 * torch.tensor([[0.0, -1, 0], [-1, 4, -1], [0, -1, 0]], dtype=torch.float64)
    assert torch.equal(laplacian(point, 1)[0, 0], expected)


@pytest.mark.parametrize("pool", [2, 4])
def test_laplacian_every_few_pixels_is_that_of_the_pooled_picture(pool: int) -> None:
    cells = functional.avg_pool2d(image(), pool)
    expected = laplacian(cells, 1)
    found = laplacian(image(), pool)[..., ::pool, ::pool]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_laplacian_of_a_parabola_is_its_second_difference() -> None:
    parabola = (torch.arange(9, dtype=torch.float64) ** 2).expand(1, 1, 7, 9)
    torch.testing.assert_close(laplacian(parabola, 1), torch.full((1, 1, 5, 7), -2.0).double())


@pytest.mark.parametrize("pool", [1, 2, 4])
def test_laplacian_loss_at_the_content_is_zero_without_gradient(pool: int) -> None:
    values = image().requires_grad_()
    loss = laplacian_loss(values, laplacian(image(), pool), pool)
    (gradient,) = torch.autograd.grad(loss, values)
    assert float(loss.detach()) == float(gradient.abs().max()) == 0


def test_laplacian_loss_gradient_is_that_of_finite_differences() -> None:
    target = laplacian(image(1, 8, 8), 2)
    assert torch.autograd.gradcheck(
        lambda values: laplacian_loss(values, target, 2), image(0, 8, 8).requires_grad_()
    )


def test_a_zero_mean_pattern_a_constant_and_a_slope_are_not_seen() -> None:
    pattern = torch.zeros(16, 20, dtype=torch.float64)
    pattern[::4, ::4] = 1.0
    pattern = pattern - pattern[:4, :4].mean()
    rows, columns = torch.meshgrid(
        torch.arange(16).double(), torch.arange(20).double(), indexing="ij"
    )
    target = laplacian(image(), 4)
    for added in (pattern, torch.tensor(0.7), 0.02 * rows - 0.05 * columns):
        assert float(laplacian_loss(image() + added, target, 4)) < 1e-24
    assert laplacian_loss(image() + rows**2 / 100, target, 4) > 1e-3


def test_laplacian_sees_the_order_of_positions_which_statistics_do_not() -> None:
    order = torch.randperm(320, generator=torch.Generator().manual_seed(3))
    mixed = image().flatten(2)[..., order].reshape(1, 3, 16, 20)
    assert laplacian_loss(mixed, laplacian(image(), 2), 2) > 0.1


def test_laplacian_when_fewer_than_three_cells_are_left_names_the_argument() -> None:
    with pytest.raises(ValueError, match="pool: came 8, must leave 3 cells of 20×16 px"):
        laplacian(image(), 8)
    with pytest.raises(ValueError, match="pool: came 0"):
        laplacian(image(), 0)


def prepared(pools: list[int]) -> tuple[Loss, Sight]:
    content, style = image(0, 32, 40).float(), image(1, 32, 32).float()
    encoder = Pyramid("cpu").fitted(content, style)
    sight = Sight(encoder, encoder.enter(content), encoder.enter(style), Guides(), 0)
    return edges(pools)(sight), sight


def test_edges_are_zero_at_the_content_and_one_where_all_edges_are_gone() -> None:
    loss, sight = prepared([2, 4])
    assert float(loss(sight.content, {})) == 0
    assert float(loss(torch.zeros_like(sight.content), {})) == pytest.approx(1, rel=1e-4)


def test_edges_leave_out_pools_that_are_too_large() -> None:
    (loss, sight), (alone, _) = prepared([4, 16]), prepared([4])
    planes = sight.content.square()
    assert float(loss(planes, {})) == float(alone(planes, {}))
    none, _ = prepared([16])
    assert float(none(planes, {})) == 0
