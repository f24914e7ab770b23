"""The photorealism term."""

import numpy as np
import torch
from torch import Tensor

from stylize.losses.matting import matting_energy, matting_laplacian
from stylize.solvers.affinity import laplacian, matting_affinity


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((3, height, width), generator=generator, dtype=torch.float64)


def test_matting_energy_is_the_dense_quadratic_form_per_pixel() -> None:
    content, image = noise(8, 9), noise(8, 9, 1)
    matrix = laplacian(matting_affinity(content.permute(1, 2, 0).contiguous().numpy())).toarray()
    rows = image.flatten(1).numpy()
    wanted = sum(row @ matrix @ row for row in rows) / 72
    found = matting_energy(image, matting_laplacian(content))
    np.testing.assert_allclose(float(found), wanted, rtol=1e-10)


def test_matting_energy_has_the_gradient_of_finite_differences() -> None:
    matrix = matting_laplacian(noise(5, 6))
    image = noise(5, 6, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda each: matting_energy(each, matrix), image)


def test_matting_energy_of_affine_recolourings_is_almost_0_and_of_noise_is_not() -> None:
    content = noise(8, 9)
    matrix = matting_laplacian(content)
    mixed = torch.einsum("ij,jhw->ihw", noise(3, 3)[0], content) + 0.4
    assert matting_energy(mixed, matrix) < 1e-5
    assert matting_energy(content, matrix) < 1e-5
    assert matting_energy(noise(8, 9, 2), matrix) > 0.1


def test_matting_energy_of_a_constant_is_0() -> None:
    flat = torch.full((3, 8, 9), 0.5, dtype=torch.float64)
    assert abs(matting_energy(flat, matting_laplacian(noise(8, 9)))) < 1e-12
    assert abs(matting_energy(noise(8, 9), matting_laplacian(flat))) > 0.1


def test_matting_laplacian_in_float32_is_that_of_float64() -> None:
    content = noise(12, 14).float()
    exact = matting_laplacian(content.double()).to_dense()
    assert matting_laplacian(content).dtype == torch.float32
    torch.testing.assert_close(
        matting_laplacian(content).to_dense().double(), exact, atol=1e-6, rtol=1e-6
    )
