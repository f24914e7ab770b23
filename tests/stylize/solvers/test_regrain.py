"""Regraining against a sparse solve of the equations it iterates, and its fixed points."""

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.sparse.linalg import spsolve

from stylize.solvers.regrain import regrain, weights


def picture(seed: int, height: int = 48, width: int = 64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    rough = torch.rand((1, 3, 6, 8), generator=generator, dtype=torch.float64)
    return torch.nn.functional.interpolate(rough, size=(height, width), mode="bilinear")


def test_regrain_when_graded_is_the_original_changes_nothing() -> None:
    torch.testing.assert_close(regrain(picture(0), picture(0)), picture(0), atol=1e-12, rtol=0)


def test_regrain_as_the_authors_blurs_edges_of_an_unchanged_picture() -> None:
    edge = torch.zeros(1, 3, 48, 64, dtype=torch.float64)
    edge[..., 30:] = 1
    assert (regrain(edge, edge, init="authors") - edge).abs().max() > 0.01
    assert (regrain(edge, edge) - edge).abs().max() < 1e-12


def test_regrain_when_smoothness_is_zero_keeps_the_graded_colours() -> None:
    generator = torch.Generator().manual_seed(3)
    original, graded = torch.rand((2, 1, 3, 48, 64), generator=generator, dtype=torch.float64)
    difference = (regrain(original, graded, smoothness=0.0) - graded).abs()
    assert difference.max() <= 2e-3  # what four damped steps leave of a difference of 1


def test_regrain_when_iterated_long_solves_the_sparse_system() -> None:
    original, graded = picture(0, 8, 9), picture(1, 8, 9)
    found = regrain(original, graded, iterations=(5000,))
    data, smooth = (each[0, 0].numpy() for each in weights(original, 1.0))
    matrix = sparse.lil_matrix((72, 72))
    right = np.zeros((72, 3))
    for row in range(8):
        for column in range(9):
            here = row * 9 + column
            right[here] = data[row, column] * graded[0, :, row, column].numpy()
            matrix[here, here] = data[row, column]
            for i, j in (
                (row - 1, column),
                (row + 1, column),
                (row, column - 1),
                (row, column + 1),
            ):
                if 0 <= i < 8 and 0 <= j < 9:
                    link = (smooth[row, column] + smooth[i, j]) / 2
                    matrix[here, here] += link
                    matrix[here, i * 9 + j] -= link
                    step = original[0, :, row, column] - original[0, :, i, j]
                    right[here] += link * step.numpy()
    solved = spsolve(matrix.tocsr(), right)
    np.testing.assert_allclose(found[0].flatten(1).T, solved, atol=1e-5)


def test_regrain_brings_the_originals_gradients_nearer() -> None:
    original = picture(0)
    generator = torch.Generator().manual_seed(5)
    grain = 0.05 * torch.randn(original.shape, generator=generator, dtype=torch.float64)
    cleaned = regrain(original, original * 0.7 + 0.1 + grain)
    before = (grain.diff(dim=3)).square().mean().sqrt()
    after = (cleaned - original).diff(dim=3).square().mean().sqrt()
    assert after < 0.3 * before


def test_regrain_when_both_are_constant_stays_constant() -> None:
    flat = torch.full((1, 3, 48, 64), 0.4, dtype=torch.float64)
    assert regrain(flat, flat + 0.3).std() < 1e-12


@pytest.mark.parametrize(("name", "value"), [("init", "mine"), ("smoothness", -1.0)])
def test_regrain_when_an_argument_is_wrong_names_it(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        regrain(picture(0), picture(1), **{name: value})  # type: ignore[arg-type]
