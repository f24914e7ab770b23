"""Plates: a normal eye reads the digit, an eye without the cone in question cannot."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from studies.drawing import plates

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB: not the model the plates are made by.
SEEN_BY = {
    "normal": np.eye(3),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}  # fmt: skip


def seen(picture: np.ndarray, eye: str) -> np.ndarray:
    """The picture in CIELAB as such an eye sees it."""
    srgb = picture / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = (linear @ SEEN_BY[eye].T).clip(0, 1)
    return rgb2lab(plates._encoded(linear))


def apart(digit: int, kind: str, eye: str) -> tuple[float, float]:
    """How far the digit's dots are from the ground's: in chroma (ΔE), and in lightness (AUC)."""
    rng = np.random.default_rng(digit)
    picture = plates.plate(digit, kind, rng)
    mask = plates._mask(digit)
    lab = seen(picture, eye)
    # Whole dots only: neither paper nor the mixed pixels at their edges.
    dots = lab[..., 0] < seen(np.full((1, 1, 3), plates.GROUND), eye)[0, 0, 0] - 8
    figure, ground = lab[dots & mask], lab[dots & ~mask]
    chroma = np.linalg.norm(figure[:, 1:].mean(axis=0) - ground[:, 1:].mean(axis=0))
    light = np.searchsorted(np.sort(ground[:, 0]), figure[:, 0]).mean() / len(ground)
    return float(chroma), float(light)


@pytest.mark.parametrize("digit", plates.DIGITS)
@pytest.mark.parametrize("kind", ["deutan", "protan"])
def test_plate_is_read_by_a_normal_eye_and_not_by_one_without_the_cone(
    kind: str, digit: int
) -> None:
    normal, _ = apart(digit, kind, "normal")
    blind, light = apart(digit, kind, kind)
    assert normal > 30
    assert blind < 2
    assert 0.4 < light < 0.6, "brightness must not tell it either"


@pytest.mark.parametrize("eye", SEEN_BY)
def test_plate_for_everybody_is_read_by_its_brightness(eye: str) -> None:
    assert apart(5, "shown", eye)[1] < 0.15


def test_plates_of_one_seed_are_the_same_and_of_others_not() -> None:
    one, two, other = (plates.plate(3, "deutan", np.random.default_rng(n)) for n in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("count", plates.SQUARES)
@pytest.mark.parametrize("dark", [True, False])
def test_steps_hold_as_many_greys_as_asked_for(count: int, dark: bool) -> None:
    picture = plates.steps(count, dark=dark, rng=np.random.default_rng(4))
    levels = {16 + 8 * step for step in range(count)}
    wanted = {0} | levels if dark else {255} | {255 - level for level in levels}
    assert set(np.unique(picture)) == wanted
    assert np.ptp(picture, axis=2).max() == 0
