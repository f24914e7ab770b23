"""E2 against reference results, its invariances, and what it says of scrolls that do not hang together."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from studies.analysis import alignment, joint_alignment
from studies.analysis.data import Placements
from tests.studies.analysis import reference, simulate
from tests.studies.analysis.test_placement import FILES, simulated_file


def some(seed: int, participants: int = 6, **changes: Any) -> Placements:
    return simulate.drawn_placements(seed, 3, 4, participants, **changes)


@pytest.mark.parametrize("name", FILES)
def test_fit_agrees_with_the_reference(name: str) -> None:
    expected = reference.results(f"f_simulated/{name}_reference.json")
    scenes = len(expected["E1_content_slopes"])
    given = simulated_file(name, scenes, expected["n_images"])
    quality, without = joint_alignment.fit(given)
    np.testing.assert_allclose(quality, expected["E2_joint_ml"], atol=1e-6)
    np.testing.assert_allclose(
        alignment.jackknife_se(without), expected["E2_jackknife_se_python"], atol=1e-6
    )


def test_fit_is_the_maximum_of_the_likelihood_as_it_is_written() -> None:
    given = some(1)
    images = given.scene * 4 + given.recipe
    _, scroll = np.unique(given.scroll, return_inverse=True)
    x, _ = alignment.z_scores(given.position, scroll)
    count, sizes = scroll.max() + 1, np.bincount(scroll)

    def minus(point: np.ndarray) -> float:
        log_gain, origin, quality = np.split(point, [count, 2 * count])
        z = np.exp(log_gain)[scroll] * x + origin[scroll] - quality[images]
        return float(-sizes @ log_gain + (z * z).sum() / 2)

    found = minimize(minus, np.zeros(2 * count + 12), method="BFGS", options={"gtol": 1e-6}).x
    expected = alignment.standardised(found[None, 2 * count :])[0]
    np.testing.assert_allclose(joint_alignment.fit(given)[0], expected, atol=1e-4)


def test_any_rising_line_on_any_scroll_changes_nothing() -> None:
    given = some(2)
    rng = np.random.default_rng(3)
    _, scroll = np.unique(given.scroll, return_inverse=True)
    unit, origin = np.exp(rng.normal(0, 2, scroll.max() + 1)), rng.normal(0, 500, scroll.max() + 1)
    moved = replace(given, position=unit[scroll] * given.position + origin[scroll])
    for before, after in zip(joint_alignment.fit(given), joint_alignment.fit(moved), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-7)


def test_without_each_participant_is_the_fit_of_the_others() -> None:
    given = some(4)
    _, without = joint_alignment.fit(given)
    for person in range(6):
        rows = given.participant != person
        columns = ("participant", "scene", "recipe", "scroll", "agreement", "position")
        rest = replace(given, **{name: getattr(given, name)[rows] for name in columns})
        np.testing.assert_allclose(without[person], joint_alignment.fit(rest)[0], atol=1e-7)


def test_scrolls_without_noise_give_the_truth() -> None:
    rng = np.random.default_rng(5)
    truth = rng.standard_normal((3, 4))
    given = simulate.placements(rng, truth, 4, noise=0.0, shared=(0, 2))
    quality, _ = joint_alignment.fit(given)
    np.testing.assert_allclose(quality, ((truth - truth.mean()) / truth.std()).ravel(), atol=1e-4)


def test_scroll_on_one_spot_is_left_out() -> None:
    given = some(6)
    flat = given.scroll == given.scroll[0]
    spot = replace(given, position=np.where(flat, 7.0, given.position))
    columns = ("participant", "scene", "recipe", "scroll", "agreement", "position")
    less = replace(given, **{name: getattr(given, name)[~flat] for name in columns})
    np.testing.assert_allclose(
        joint_alignment.fit(spot)[0], joint_alignment.fit(less)[0], atol=1e-7
    )


def test_fault_counts_the_groups_that_do_not_hang_together() -> None:
    assert joint_alignment.fault(some(7)) == ""
    assert "fall into 3 groups" in joint_alignment.fault(some(7, shared=None))
    assert joint_alignment.fault(some(7, shared=(0,))) != ""
