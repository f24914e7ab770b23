"""The steerable pyramid against plenoptic's, and as a tight frame."""

from pathlib import Path

import numpy as np
import pytest
import torch

from stylize.encoders.steerable import Coefficients, analyse, filters, synthesise

FIXTURE_COMMAND = """Made with plenoptic 2.1.1 by

    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:32, 0:48]
    image = 0.5 + 0.3 * np.sin(0.35 * x + 0.2 * y) + 0.1 * (x > 20) - 0.1 * (y > 11)
    image = np.clip(image + 0.05 * rng.standard_normal((32, 48)), 0, 1).astype(np.float32)
    pyramid = po.process.SteerablePyramidFreq(
        (32, 48), height=3, order=7, is_complex=True, tight_frame=True, downsample=True
    )
    found = pyramid(torch.from_numpy(image)[None, None])
    bands = {f"scale{k}": found[k][0, 0].numpy() for k in range(3)}
    bands["scale0"] = bands["scale0"][::2]  # every second orientation: a small file
    residuals = {k: found["residual_" + k][0, 0].numpy() for k in ("highpass", "lowpass")}
    np.savez_compressed("tests/data/steerable_pyramid.npz", image=image, **residuals, **bands)
"""
FIXTURE = Path(__file__).parents[2] / "data" / "steerable_pyramid.npz"


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def test_analyse_gives_the_coefficients_of_plenoptic() -> None:
    stored = np.load(FIXTURE)
    found = analyse(torch.from_numpy(stored["image"])[None, None], 3)
    for name, band in zip(("scale0", "scale1", "scale2"), found.bands, strict=True):
        step = 2 if name == "scale0" else 1
        np.testing.assert_allclose(band[0, 0, ::step], stored[name], atol=1e-5)
    np.testing.assert_allclose(found.highpass[0, 0], stored["highpass"], atol=1e-5)
    np.testing.assert_allclose(found.lowpass[0, 0], stored["lowpass"], atol=1e-5)


@pytest.mark.parametrize(
    ("height", "width", "scales"),
    [(64, 48, 3), (16, 16, 2), (32, 96, 3), (40, 120, 3), (96, 160, 4)],
)
def test_synthesise_inverts_analyse(height: int, width: int, scales: int) -> None:
    planes = noise(2, 3, height, width)
    restored = synthesise(analyse(planes, scales))
    torch.testing.assert_close(restored, planes, atol=1e-5, rtol=0)


def test_analyse_keeps_the_energy() -> None:
    planes = noise(1, 1, 64, 96)
    found = analyse(planes, 4)
    parts = [found.highpass, found.lowpass, *found.bands]
    energy = sum(float(part.abs().double().square().sum()) for part in parts)
    assert energy == pytest.approx(float(planes.double().square().sum()), rel=1e-6)


def test_synthesise_is_the_adjoint_of_analyse() -> None:
    planes = noise(1, 1, 32, 48)
    other = analyse(noise(2, 1, 32, 48)[1:], 3)
    left = sum(
        float((mine * theirs.conj()).real.sum())
        for mine, theirs in zip(_parts(analyse(planes, 3)), _parts(other), strict=True)
    )
    assert left == pytest.approx(float((planes * synthesise(other)).sum()), rel=1e-5)


def _parts(coefficients: Coefficients) -> list[torch.Tensor]:
    return [coefficients.highpass, *coefficients.bands, coefficients.lowpass]


@pytest.mark.parametrize("orientation", range(8))
def test_band_when_grating_has_its_orientation_answers_most(orientation: int) -> None:
    # Wavelength 4 px, the peak of scale 0; the grating's normal points along the orientation.
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    angle = torch.tensor(orientation * torch.pi / 8)
    grating = torch.sin(torch.pi / 2 * (x * angle.cos() + y * angle.sin()))
    inside = analyse(grating[None, None], 3).bands[0][0, 0, :, 16:48, 16:48]
    energy = inside.abs().square().mean((1, 2))
    assert int(energy.argmax()) == orientation


def test_analyse_when_picture_moves_by_the_grid_moves_the_bands() -> None:
    planes = noise(1, 1, 64, 64)
    moved = analyse(planes.roll((8, 16), (2, 3)), 3)
    still = analyse(planes, 3)
    for scale, (one, other) in enumerate(zip(moved.bands, still.bands, strict=True)):
        shift = (8 // 2**scale, 16 // 2**scale)
        torch.testing.assert_close(one, other.roll(shift, (3, 4)), atol=1e-5, rtol=0)


def test_filters_when_size_does_not_divide_names_it() -> None:
    with pytest.raises(ValueError, match="33×48, must be multiples of 8"):
        filters(33, 48, 3, "cpu")


def test_filters_when_scales_are_too_many_says_how_many_fit() -> None:
    with pytest.raises(ValueError, match="scales: came 4, 32×96 px hold 3"):
        filters(32, 96, 4, "cpu")
