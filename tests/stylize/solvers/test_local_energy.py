"""Laplacian stacks and their energies."""

import math

import pytest
import torch

from stylize.solvers.blur import blurred
from stylize.solvers.local_energy import energies_of, levels_for, stack


def noise() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(1, 3, 48, 40, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("levels", [1, 3, 5])
def test_stack_adds_up_to_the_picture(levels: int) -> None:
    images = noise()
    layers, residual = stack(images, levels)
    assert len(layers) == levels
    torch.testing.assert_close(sum(layers, residual), images, atol=2e-15, rtol=0)


def test_stack_is_of_doubling_blurs() -> None:
    images = noise()
    layers, residual = stack(images, 2)
    torch.testing.assert_close(layers[0], images - blurred(images, 2))
    torch.testing.assert_close(layers[1], blurred(images, 2) - blurred(images, 4))
    torch.testing.assert_close(residual, blurred(images, 4))


def test_energies_of_are_local_mean_squares() -> None:
    """A wave of amplitude a has the mean square a²/2 wherever one looks."""
    wave = 0.2 * torch.cos(torch.arange(200, dtype=torch.float64) * math.pi / 2)
    layer = wave.expand(1, 3, 200, 200).contiguous()
    found = energies_of([layer])[0][..., 60:140, 60:140]
    torch.testing.assert_close(found, torch.full_like(found, 0.02), atol=1e-4, rtol=0)
    assert (energies_of([torch.zeros(1, 3, 9, 9)])[0] == 0).all()


def test_levels_for_a_small_picture_are_fewer() -> None:
    def levels(height: int, width: int) -> int:
        return levels_for(torch.zeros(1, 3, height, width), 6)

    assert levels(16, 400) == 1
    assert levels(64, 64) == 3
    assert levels(512, 512) == levels(2000, 3000) == 6
    # The widest blur, 2^levels, is at most an eighth of the shorter side.
    assert 2 ** levels(255, 300) <= 255 / 8
