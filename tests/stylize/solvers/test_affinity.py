"""Graphs of pixels, against the formulas written out window by window and pair by pair."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stylize.record import Labels
from stylize.solvers.affinity import Picture, gaussian_affinity, laplacian, matting_affinity

EPSILON = 1e-7


def picture(height: int, width: int, seed: int = 0) -> Picture:
    """Two colours with a slanted border between them, and grain."""
    y, x = np.mgrid[:height, :width]
    side = (x + 0.4 * y > 0.6 * width)[..., None]
    grain = 0.1 * np.random.default_rng(seed).random((height, width, 3))
    return np.where(side, (0.1, 0.4, 0.7), (0.8, 0.5, 0.2)) + grain


def grey(height: int, width: int) -> Picture:
    """Black and white noise: of rank one in colour, as hard as it gets."""
    noise = np.random.default_rng(0).random((height, width, 1)) > 0.5
    return np.repeat(noise.astype(float), 3, 2)


def dense_matting(image: Picture) -> NDArray[np.float64]:
    """Levin's formula with one loop per window, by pseudo-inverse of the bordered colours."""
    height, width, _ = image.shape
    numbers = np.arange(height * width).reshape(height, width)
    weights = np.zeros((height * width, height * width))
    for y in range(height - 2):
        for x in range(width - 2):
            inside = numbers[y : y + 3, x : x + 3].ravel()
            colours = image[y : y + 3, x : x + 3].reshape(9, 3)
            centred = colours - colours.mean(0)
            inverse = np.linalg.inv(centred.T @ centred / 9 + EPSILON / 9 * np.eye(3))
            weights[np.ix_(inside, inside)] += (1 + centred @ inverse @ centred.T) / 9
    return weights


def dense_gaussian(image: Picture) -> NDArray[np.float64]:
    height, width, _ = image.shape
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    weights = np.zeros((height, width, height, width))
    variance = np.array(
        [
            [padded[y : y + 3, x : x + 3].reshape(9, 3).var(0).sum() for x in range(width)]
            for y in range(height)
        ]
    )
    for y, x, v, u in np.ndindex(height, width, height, width):
        if max(abs(y - v), abs(x - u)) == 1:
            spread = (variance[y, x] + variance[v, u]) / 2 + 1e-6
            weights[y, x, v, u] = np.exp(-np.sum((image[y, x] - image[v, u]) ** 2) / spread)
    return weights.reshape(height * width, height * width)


@pytest.mark.parametrize("size", [(3, 3), (8, 9), (13, 5), (70, 4)])
def test_matting_affinity_is_the_dense_formula(size: tuple[int, int]) -> None:
    image = picture(*size)
    found = matting_affinity(image)
    np.testing.assert_allclose(found.toarray(), dense_matting(image), atol=1e-9)
    assert np.diff(found.indptr).max() <= 25


@pytest.mark.parametrize("size", [(3, 3), (7, 9)])
def test_gaussian_affinity_is_the_dense_formula(size: tuple[int, int]) -> None:
    image = picture(*size)
    found = gaussian_affinity(image)
    np.testing.assert_allclose(found.toarray(), dense_gaussian(image), atol=1e-12)
    assert np.diff(found.indptr).max() <= 9


@pytest.mark.parametrize("image", [picture(20, 24), grey(20, 24), np.full((20, 24, 3), 0.5)])
def test_laplacian_of_matting_is_symmetric_and_positive_with_row_sums_of_0(image: Picture) -> None:
    weights = matting_affinity(image)
    matrix = laplacian(weights).toarray()
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-10)
    np.testing.assert_allclose(matrix.sum(1), 0, atol=1e-7)
    assert np.linalg.eigvalsh(matrix)[0] >= -1e-7
    assert set(weights.sum(1).round(6)) == {1, 2, 3, 4, 6, 9}


def test_laplacian_of_gaussian_is_positive_with_row_sums_of_0() -> None:
    matrix = laplacian(gaussian_affinity(picture(12, 15))).toarray()
    np.testing.assert_allclose(matrix.sum(1), 0, atol=1e-12)
    assert np.linalg.eigvalsh(matrix)[0] >= -1e-12


def test_laplacian_of_matting_is_blind_to_affine_recolouring_and_not_to_noise() -> None:
    image = picture(8, 9)
    matrix = laplacian(matting_affinity(image))
    mixing = np.random.default_rng(1).random((3, 3))
    recoloured = (image @ mixing + 0.3).reshape(-1, 3)
    noise = np.random.default_rng(2).random((72, 3))
    assert np.sum(recoloured * (matrix @ recoloured)) < 1e-3
    assert np.sum(noise * (matrix @ noise)) > 10


@pytest.mark.parametrize("affinity", [matting_affinity, gaussian_affinity])
def test_affinity_when_pixels_are_labelled_never_crosses_labels(affinity: object) -> None:
    labels: Labels = np.zeros((12, 14), np.uint8)
    labels[:, 7:], labels[0, 0], labels[5, 3] = 1, 2, 3
    assert callable(affinity)
    weights = affinity(picture(12, 14), labels)
    rows, columns = weights.nonzero()
    flat = labels.ravel()
    np.testing.assert_array_equal(flat[rows], flat[columns])
    assert weights.sum(1).min() > 0
    matrix = laplacian(weights).toarray()
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-10)
    assert np.linalg.eigvalsh(matrix)[0] >= -1e-10
    whole = affinity(picture(12, 14), np.full((12, 14), 4, np.uint8)) - affinity(picture(12, 14))
    assert abs(whole).max() < 1e-12


def test_affinity_when_the_picture_is_wrong_names_it() -> None:
    for bad in (np.zeros((2, 9, 3)), np.zeros((9, 9)), np.full((5, 5, 3), np.nan)):
        with pytest.raises(ValueError, match=r"^picture: "):
            matting_affinity(bad)
        with pytest.raises(ValueError, match=r"^picture: "):
            gaussian_affinity(bad)
