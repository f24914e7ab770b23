"""The complex steerable pyramid: a tight frame of oriented bands, exactly invertible.

Simoncelli & Freeman 1995; complex as in Portilla & Simoncelli 2000. Filters as in plenoptic's
`SteerablePyramidFreq(order=7, is_complex=True, tight_frame=True, downsample=True)`, written as
closed forms where plenoptic interpolates tables; coarse scales lie on coarse grids.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

ORIENTATIONS = 8
ORDER = ORIENTATIONS - 1  # of the Gaussian derivative: eight orientations steer order seven
MAX_SCALES = 5


@dataclass(frozen=True)
class Coefficients:
    """A picture's pyramid.

    Args:
        highpass: (B, C, H, W) real.
        bands: fine to coarse, scale k is (B, C, 8, H/2^k, W/2^k) complex.
        lowpass: (B, C, H/2^K, W/2^K) real.
    """

    highpass: Tensor
    bands: tuple[Tensor, ...]
    lowpass: Tensor


@dataclass(frozen=True)
class Filters:
    """Frequency responses for one size; zero frequency first, scale k already cropped.

    Args:
        highpass: (H, W) real.
        bands: scale k is (8, H/2^k, W/2^k) real; the response is i times it.
        lowpass: (H/2^K, W/2^K) real.
    """

    highpass: Tensor
    bands: tuple[Tensor, ...]
    lowpass: Tensor


def scales_for(height: int, width: int, wanted: int = MAX_SCALES) -> int:
    """Scales that fit a picture: at most floor(log2(shorter side)) - 2, at least 1."""
    return max(1, min(wanted, int(math.log2(min(height, width))) - 2))


@lru_cache(maxsize=8)  # 28 MB for 512 px; three levels of content and style are six sizes
def filters(height: int, width: int, scales: int, device: str) -> Filters:
    """Filters for pictures of `height` × `width` px, both multiples of 2^scales.

    Computed in float64, kept in float32 on `device`, the last sizes cached.
    """
    if height % 2**scales or width % 2**scales:
        raise ValueError(
            f"height, width: {height}×{width}, must be multiples of {2**scales} for {scales} scales"
        )
    if min(height, width) < 2 ** (scales + 2):
        raise ValueError(
            f"scales: came {scales}, {height}×{width} px hold {int(math.log2(min(height, width))) - 2}"
        )
    octave, angle = _polar(height, width)
    passed = _low(octave, 0)
    highpass = _high(octave, 0)
    bands = []
    for scale in range(scales):
        radial = passed * _high(octave, scale + 1)
        bands.append((radial * _angular(angle)).to(device, torch.float32))
        passed = _crop(passed * _low(octave, scale + 1))
        octave, angle = _crop(octave), _crop(angle)
    real = torch.float32
    return Filters(highpass.to(device, real), tuple(bands), passed.to(device, real))


def _polar(height: int, width: int) -> tuple[Tensor, Tensor]:
    """log2 of the radius (1 = Nyquist) and the angle of every frequency, (H, W) float64."""
    y = 2 * torch.fft.fftfreq(height, dtype=torch.float64)[:, None]
    x = 2 * torch.fft.fftfreq(width, dtype=torch.float64)[None, :]
    radius = torch.sqrt(x**2 + y**2)
    radius[0, 0] = radius[0, 1]  # any finite value: the zero frequency is in the lowpass
    return torch.log2(radius), torch.atan2(y, x)


def _high(octave: Tensor, scale: int) -> Tensor:
    """Rises from 0 to 1 within the octave that ends at 2^-scale of Nyquist."""
    return torch.cos(math.pi / 2 * (octave + scale).clamp(-1, 0))


def _low(octave: Tensor, scale: int) -> Tensor:
    """The complement: squares add to 1."""
    return -torch.sin(math.pi / 2 * (octave + scale).clamp(-1, 0))


def _angular(angle: Tensor) -> Tensor:
    """One-sided cos^7 around each of 8 directions, (8, H, W).

    The norm makes the squares add to 1 over a frequency and its opposite; the √2 is 2 (one-sided)
    over √2 (tight frame).
    """
    square = 2 ** (2 * ORDER) * math.factorial(ORDER) ** 2
    norm = math.sqrt(square / (ORIENTATIONS * math.factorial(2 * ORDER)))
    centres = torch.arange(ORIENTATIONS, dtype=torch.float64) * math.pi / ORIENTATIONS
    cosine = torch.cos(angle - centres[:, None, None])
    return math.sqrt(2) * norm * cosine.clamp(min=0) ** ORDER


def _crop(spectrum: Tensor) -> Tensor:
    """The lower half of the frequencies along both axes, (..., H, W) to (..., H/2, W/2)."""
    for axis in (-2, -1):
        count = spectrum.shape[axis] // 2
        negative = count // 2
        low = spectrum.narrow(axis, 0, count - negative)
        high = spectrum.narrow(axis, spectrum.shape[axis] - negative, negative)
        spectrum = torch.cat([low, high], axis)
    return spectrum


def _spread(spectrum: Tensor) -> Tensor:
    """The adjoint of `_crop`: zeros for the upper half of the frequencies."""
    for axis in (-2, -1):
        count = spectrum.shape[axis]
        negative = count // 2
        low = spectrum.narrow(axis, 0, count - negative)
        high = spectrum.narrow(axis, count - negative, negative)
        spectrum = torch.cat([low, torch.zeros_like(spectrum), high], axis)
    return spectrum


def analyse(planes: Tensor, scales: int) -> Coefficients:
    """Pyramid of (B, C, H, W) real planes; wraps round at the borders.

    Raises:
        ValueError: when a side is no multiple of 2^scales.
    """
    bank = filters(planes.shape[-2], planes.shape[-1], scales, str(planes.device))
    spectrum = torch.fft.fft2(planes, norm="ortho")
    highpass = torch.fft.ifft2(spectrum * bank.highpass, norm="ortho").real
    bands = []
    for band in bank.bands:
        bands.append(torch.fft.ifft2(1j * spectrum[:, :, None] * band, norm="ortho"))
        spectrum = _crop(spectrum)
    lowpass = torch.fft.ifft2(spectrum * bank.lowpass, norm="ortho").real
    return Coefficients(highpass, tuple(bands), lowpass)


def synthesise(coefficients: Coefficients) -> Tensor:
    """Planes (B, C, H, W) from their pyramid: the adjoint of `analyse`, hence its inverse."""
    height, width = coefficients.highpass.shape[-2:]
    scales = len(coefficients.bands)
    bank = filters(height, width, scales, str(coefficients.highpass.device))
    spectrum = torch.fft.fft2(coefficients.lowpass, norm="ortho") * bank.lowpass
    for band, response in zip(reversed(coefficients.bands), reversed(bank.bands), strict=True):
        spectrum = _spread(spectrum)
        spectrum = spectrum - 1j * (torch.fft.fft2(band, norm="ortho") * response).sum(2)
    spectrum = spectrum + torch.fft.fft2(coefficients.highpass, norm="ortho") * bank.highpass
    planes: Tensor = torch.fft.ifft2(spectrum, norm="ortho").real
    return planes
