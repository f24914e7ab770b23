"""Seamless cloning against a dense system written out pixel by pixel, and the card's invariants."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stylize.solvers.poisson import blended, laplacian

Planes = NDArray[np.float64]
HEIGHT, WIDTH = 17, 21


def pictures() -> tuple[Planes, Planes]:
    generator = np.random.default_rng(0)
    return generator.random((3, HEIGHT, WIDTH)), generator.random((3, HEIGHT, WIDTH))


def hole(top: int = 3, left: int = 4, height: int = 11, width: int = 14) -> NDArray[np.bool_]:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def dense(source: Planes, target: Planes, mask: NDArray[np.bool_], mixed: bool) -> Planes:
    """The card's equation, one pixel at a time."""
    places = [tuple(place) for place in np.argwhere(mask).tolist()]
    result = target.copy()
    for channel in range(len(source)):
        matrix, right = np.zeros((len(places), len(places))), np.zeros(len(places))
        for number, (row, column) in enumerate(places):
            for there in (
                (row, column + 1), (row, column - 1), (row + 1, column), (row - 1, column),
            ):  # fmt: skip
                if not (0 <= there[0] < HEIGHT and 0 <= there[1] < WIDTH):
                    continue
                matrix[number, number] += 1
                guide = source[channel, row, column] - source[channel, *there]
                other = target[channel, row, column] - target[channel, *there]
                right[number] += other if mixed and abs(other) > abs(guide) else guide
                if there in places:
                    matrix[number, places.index(there)] -= 1
                else:
                    right[number] += target[channel, *there]
        result[channel][mask] = np.linalg.solve(matrix, right)
    return result


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize(
    "mask", [hole(), hole(0, 0, 9, 8), hole(5, 0, 12, 21), hole() & ~hole(6, 7, 3, 3)],
    ids=["inside", "in the corner", "over three borders", "with a hole"],
)  # fmt: skip
def test_blended_matches_a_dense_solution(mask: NDArray[np.bool_], mixed: bool) -> None:
    source, target = pictures()
    result = blended(source, target, mask, mixed)
    np.testing.assert_allclose(result, dense(source, target, mask, mixed), atol=1e-12)
    assert np.array_equal(result[:, ~mask], target[:, ~mask])


@pytest.mark.parametrize("mixed", [False, True])
def test_blended_when_source_is_the_target_and_a_constant_gives_the_target(mixed: bool) -> None:
    _, target = pictures()
    np.testing.assert_allclose(blended(target + 0.3, target, hole(), mixed), target, atol=1e-13)


def test_blended_when_source_is_flat_obeys_the_maximum_principle_and_keeps_constants() -> None:
    _, target = pictures()
    mask = hole()
    ring = hole(2, 3, 13, 16) & ~mask
    filled = blended(np.full_like(target, 0.7), target, mask)
    for channel in range(3):
        inside, border = filled[channel][mask], target[channel][ring]
        assert border.min() <= inside.min() <= inside.max() <= border.max()
    flat = np.full_like(target, 0.25)
    np.testing.assert_allclose(blended(flat * 2, flat, mask), flat, atol=1e-14)


def test_blended_has_the_laplacian_of_the_source_inside() -> None:
    source, target = pictures()
    result = blended(source, target, hole())

    def second(planes: Planes) -> Planes:
        middle = planes[:, 1:-1, 1:-1]
        sides = planes[:, 2:, 1:-1] + planes[:, :-2, 1:-1]
        return 4 * middle - sides - planes[:, 1:-1, 2:] - planes[:, 1:-1, :-2]

    inner = hole()[1:-1, 1:-1]
    np.testing.assert_allclose(second(result)[:, inner], second(source)[:, inner], atol=1e-12)


def test_blended_is_affine_in_the_source() -> None:
    source, target = pictures()
    other = np.random.default_rng(5).random(source.shape)
    mask = hole()
    mixture = blended(0.3 * source + 0.7 * other, target, mask)
    parts = 0.3 * blended(source, target, mask) + 0.7 * blended(other, target, mask)
    np.testing.assert_allclose(mixture, parts, atol=1e-12)


def test_blended_when_the_mask_is_empty_or_everything() -> None:
    source, target = pictures()
    nothing, everything = np.zeros((HEIGHT, WIDTH), bool), np.ones((HEIGHT, WIDTH), bool)
    assert np.array_equal(blended(source, target, nothing), target)
    result = blended(source, target, everything)
    shift = (target - source).mean((1, 2), keepdims=True)
    np.testing.assert_allclose(result, source + shift, atol=1e-12)


def test_blended_when_mixed_lets_the_target_through_where_the_source_is_flat() -> None:
    _, target = pictures()
    flat = np.zeros_like(target)
    np.testing.assert_allclose(blended(flat, target, hole(), mixed=True), target, atol=1e-12)


def test_laplacian_is_symmetric_and_positive_with_the_cards_smallest_eigenvalue() -> None:
    """A grid with known values all around: 4 - 2 cos(π/12) - 2 cos(π/15) for 11 × 14 px."""
    matrix = laplacian(hole()).toarray()
    assert np.array_equal(matrix, matrix.T)
    expected = 4 - 2 * np.cos(np.pi / 12) - 2 * np.cos(np.pi / 15)
    assert np.linalg.eigvalsh(matrix)[0] == pytest.approx(expected, rel=1e-9)
    assert expected == pytest.approx(0.11, abs=0.005)


def test_blended_when_shapes_differ_names_the_argument() -> None:
    source, target = pictures()
    with pytest.raises(ValueError, match="source: shape"):
        blended(source[:, 1:], target, hole())
    with pytest.raises(ValueError, match="mask: shape"):
        blended(source, target, hole()[1:])
