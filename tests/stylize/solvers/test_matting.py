"""Closed-form smoothing, against dense solutions of the printed equations."""

from typing import Literal

import numpy as np
import pytest

from stylize.record import Labels, Run
from stylize.solvers import matting
from stylize.solvers.affinity import Picture, gaussian_affinity, matting_affinity
from stylize.solvers.matting import Affinity, aggregated, smoothed

BOTH = pytest.mark.parametrize("affinity", ["matting", "gaussian"])
MAKE = {"matting": matting_affinity, "gaussian": gaussian_affinity}


def picture(height: int, width: int, seed: int = 0) -> Picture:
    y, x = np.mgrid[:height, :width]
    side = (x + 0.4 * y > 0.6 * width)[..., None]
    grain = 0.1 * np.random.default_rng(seed).random((height, width, 3))
    return np.where(side, (0.1, 0.4, 0.7), (0.8, 0.5, 0.2)) + grain


def noisy(height: int, width: int, seed: int = 7) -> Picture:
    return np.random.default_rng(seed).random((height, width, 3))


def dense(
    results: Picture, contents: Picture, affinity: Affinity, alpha: float, form: str
) -> Picture:
    weights = MAKE[affinity](contents).toarray()
    degrees = weights.sum(1)
    values = results.reshape(-1, 3)
    if form == "rw":
        solved = np.linalg.solve(
            np.diag(degrees) - alpha * weights, (1 - alpha) * degrees[:, None] * values
        )
    else:
        normal = weights / np.sqrt(np.outer(degrees, degrees))
        solved = (1 - alpha) * np.linalg.solve(np.eye(len(degrees)) - alpha * normal, values)
    return solved.reshape(results.shape)


@BOTH
@pytest.mark.parametrize("form", ["rw", "sym"])
@pytest.mark.parametrize("alpha", [0.9, 0.9999])
def test_smoothed_when_tiny_is_the_dense_solution(
    affinity: Affinity, form: Literal["rw", "sym"], alpha: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matting, "TOLERANCE", 1e-12)
    results, contents, run = noisy(20, 24), picture(20, 24), Run(0)
    found = smoothed(results, contents, run, affinity, alpha=alpha, normalisation=form)
    wanted = dense(results, contents, affinity, alpha, form)
    np.testing.assert_allclose(found, wanted, atol=1e-8)
    assert run.notes == []


@BOTH
@pytest.mark.parametrize("size", [(24, 90), (45, 46)])
def test_smoothed_over_several_levels_is_the_dense_solution(
    affinity: Affinity, size: tuple[int, int]
) -> None:
    results, contents, run = noisy(*size), picture(*size), Run(0)
    found = smoothed(results, contents, run, affinity)
    wanted = dense(results, contents, affinity, 0.9999, "rw")
    assert abs(found - wanted).max() < 1e-4
    assert run.notes == []


@BOTH
def test_smoothed_when_alpha_is_near_0_returns_the_result(affinity: Affinity) -> None:
    results = noisy(20, 24)
    found = smoothed(results, picture(20, 24), Run(0), affinity, alpha=1e-6)
    np.testing.assert_allclose(found, results, atol=1e-5)


@BOTH
def test_smoothed_keeps_constants_in_rw_and_not_in_the_printed_form(affinity: Affinity) -> None:
    flat, contents = np.full((40, 50, 3), 0.5), picture(40, 50)
    np.testing.assert_allclose(smoothed(flat, contents, Run(0), affinity), flat, atol=1e-10)
    printed = smoothed(flat, contents, Run(0), affinity, normalisation="sym")
    assert abs(printed - flat).max() > 0.05


def test_smoothed_by_matting_hardly_moves_an_affine_recolouring() -> None:
    contents = picture(40, 50)
    recoloured = contents @ np.array([[0.5, 0.1, 0.1], [0.2, 0.6, 0.0], [0.0, 0.1, 0.4]]) + 0.1
    assert abs(smoothed(recoloured, contents, Run(0)) - recoloured).max() < 0.02


@BOTH
def test_smoothed_is_linear_in_the_result(
    affinity: Affinity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matting, "TOLERANCE", 1e-11)
    contents, first, second = picture(40, 45), noisy(40, 45, 1), noisy(40, 45, 2)
    parts = [smoothed(each, contents, Run(0), affinity) for each in (first, second)]
    together = smoothed(0.3 * first + 2 * second, contents, Run(0), affinity)
    np.testing.assert_allclose(together, 0.3 * parts[0] + 2 * parts[1], atol=1e-7)


@BOTH
@pytest.mark.parametrize("axis", [0, 1])
def test_smoothed_when_both_are_mirrored_is_mirrored(
    affinity: Affinity, axis: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matting, "TOLERANCE", 1e-12)
    results, contents = noisy(40, 45), picture(40, 45)
    plain = smoothed(results, contents, Run(0), affinity)
    flipped = [np.ascontiguousarray(np.flip(each, axis)) for each in (results, contents)]
    mirrored = smoothed(flipped[0], flipped[1], Run(0), affinity)
    np.testing.assert_allclose(np.flip(mirrored, axis), plain, atol=1e-8)


@BOTH
def test_smoothed_when_labelled_mixes_nothing_between_labels(affinity: Affinity) -> None:
    labels: Labels = np.zeros((30, 40), np.uint8)
    labels[:, 20:] = 1
    results = np.where(labels[..., None] == 0, 0.2, 0.9) * np.ones(3)
    contents = picture(30, 40)
    found = smoothed(results, contents, Run(0), affinity, labels)
    np.testing.assert_allclose(found, results, atol=1e-9)
    assert abs(smoothed(results, contents, Run(0), affinity) - results).max() > 0.1


@pytest.mark.parametrize("contents", [np.full((48, 50, 3), 0.5), np.zeros((48, 50, 3))])
@BOTH
def test_smoothed_when_the_content_is_flat_is_smooth(affinity: Affinity, contents: Picture) -> None:
    run, results = Run(0), noisy(48, 50)
    found = smoothed(results, contents, run, affinity)
    assert run.notes == []
    assert found.std() < 0.1 * results.std()
    assert abs(found.mean() - results.mean()) < 0.02


def test_smoothed_when_the_content_is_black_and_white_noise_converges() -> None:
    bits = np.random.default_rng(0).random((60, 60, 1)) > 0.5
    run = Run(0)
    found = smoothed(noisy(60, 60), np.repeat(bits.astype(float), 3, 2), run)
    assert run.notes == []
    assert np.isfinite(found).all()


def test_smoothed_when_iterations_run_out_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matting, "MAX_ITERATIONS", 1)
    run = Run(0)
    smoothed(noisy(60, 60), picture(60, 60), run)
    assert run.notes[0].startswith("Smoothing stopped after 1 iterations")


def test_smoothed_when_an_argument_is_wrong_names_it() -> None:
    good = picture(8, 9)
    with pytest.raises(ValueError, match=r"^results: "):
        smoothed(good[1:], good, Run(0))
    for alpha in (0.0, 1.0, -1.0):
        with pytest.raises(ValueError, match=r"^alpha: "):
            smoothed(good, good, Run(0), alpha=alpha)
    with pytest.raises(ValueError, match=r"^affinity: "):
        smoothed(good, good, Run(0), "cosine")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^normalisation: "):
        smoothed(good, good, Run(0), normalisation="none")  # type: ignore[arg-type]


def test_aggregated_base_is_orthonormal_and_spans_the_vectors() -> None:
    near = np.concatenate([np.ones((11 * 17, 1, 1)), noisy(11, 17).reshape(-1, 1, 3)], 2)
    base, coarse, shape = aggregated(near, (11, 17), 5)
    assert shape == (2, 3)
    np.testing.assert_allclose((base.T @ base).toarray(), np.eye(2 * 3 * 4), atol=1e-12)
    np.testing.assert_allclose(base @ coarse.reshape(-1, 4), near[:, 0], atol=1e-12)
