"""Colour spaces, and the linear algebra of colour clouds that several methods share.

Everything is float64 and unclipped: a method clips once, at its very end.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

# Reinhard et al. 2001: display RGB to cone responses, as printed; its inverse is computed,
# because the printed one is wrong in the second decimal (a round trip would cost 0.007).
CONES = (
    (0.3811, 0.5783, 0.0402),
    (0.1967, 0.7244, 0.0782),
    (0.0241, 0.1288, 0.8444),
)
# Ruderman et al. 1998: orthogonal axes of log cone responses: l, α, β.
RUDERMAN = (
    (3**-0.5, 3**-0.5, 3**-0.5),
    (6**-0.5, 6**-0.5, -2 * 6**-0.5),
    (2**-0.5, -(2**-0.5), 0.0),
)
# IEC 61966-2-1: linear sRGB to XYZ; the white point is the row sums, so grey has a* = b* = 0.
XYZ = (
    (0.4124, 0.3576, 0.1805),
    (0.2126, 0.7152, 0.0722),
    (0.0193, 0.1192, 0.9505),
)
# NTSC 1953: luminance, then chroma that vanishes on greys; its inverse is computed.
YIQ = (
    (0.299, 0.587, 0.114),
    (0.596, -0.274, -0.322),
    (0.211, -0.523, 0.312),
)
DARKEST = 1e-3  # cone response below which the logarithm is cut off


@dataclass(frozen=True)
class Space:
    """A colour space: two functions on (B, 3, ...) float64, sRGB in [0, 1] on the other side."""

    enter: Callable[[Tensor], Tensor]
    leave: Callable[[Tensor], Tensor]


def _mix(matrix: tuple[tuple[float, ...], ...], colours: Tensor, invert: bool = False) -> Tensor:
    weights = torch.tensor(matrix, dtype=torch.float64, device=colours.device)
    if invert:
        weights = torch.linalg.inv(weights)
    return torch.einsum("ij,bj...->bi...", weights, colours)


def linearised(colours: Tensor) -> Tensor:
    """sRGB to linear light (IEC 61966-2-1), odd around 0 so that values below 0 survive."""
    size = colours.abs()
    curve = torch.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return colours.sign() * curve


def displayed(colours: Tensor) -> Tensor:
    """Linear light to sRGB: the inverse of `linearised`."""
    size = colours.abs()
    curve = torch.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)
    return colours.sign() * curve


def to_ruderman(colours: Tensor, darkest: float = DARKEST) -> Tensor:
    """lαβ of Reinhard et al. 2001; cone responses below `darkest` count as `darkest`."""
    return _mix(RUDERMAN, torch.log10(_mix(CONES, colours).clamp(min=darkest)))


def from_ruderman(lab: Tensor) -> Tensor:
    """The inverse of `to_ruderman`."""
    return _mix(CONES, 10 ** _mix(RUDERMAN, lab, invert=True), invert=True)


def _white(like: Tensor) -> Tensor:
    white = torch.tensor(XYZ, dtype=torch.float64, device=like.device).sum(1)
    return white.reshape(1, 3, *[1] * (like.ndim - 2))


def to_cielab(colours: Tensor) -> Tensor:
    """CIELAB of the sRGB white, L* in 0..100."""
    xyz = _mix(XYZ, linearised(colours))
    ratio = xyz / _white(xyz)
    root = torch.where(
        ratio > (6 / 29) ** 3,
        ratio.clamp(min=(6 / 29) ** 3) ** (1 / 3),
        ratio / (3 * (6 / 29) ** 2) + 4 / 29,
    )
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def from_cielab(lab: Tensor) -> Tensor:
    """The inverse of `to_cielab`."""
    y = (lab[:, 0] + 16) / 116
    root = torch.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], 1)
    ratio = torch.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
    return displayed(_mix(XYZ, ratio * _white(lab), invert=True))


def to_yiq(colours: Tensor) -> Tensor:
    """YIQ of the values as displayed: Y in 0..1, I and Q around 0."""
    return _mix(YIQ, colours)


def from_yiq(yiq: Tensor) -> Tensor:
    """The inverse of `to_yiq`."""
    return _mix(YIQ, yiq, invert=True)


def _unchanged(colours: Tensor) -> Tensor:
    return colours


SPACES = {
    "rgb": Space(_unchanged, _unchanged),
    "cielab": Space(to_cielab, from_cielab),
    "ruderman": Space(to_ruderman, from_ruderman),
}
CHANNELS = ("all", "luminance")


def space_for(name: str, channels: str) -> Space:
    """The space `name`, whose first axis is luminance where only that is wanted (YIQ for RGB).

    Args:
        name: one of `SPACES`.
        channels: one of `CHANNELS`.
    """
    if channels == "luminance" and name == "rgb":
        return Space(to_yiq, from_yiq)
    return SPACES[name]


def match_moments(values: Tensor, targets: Tensor) -> Tensor:
    """Give each channel of (B, C, N) the mean and deviation of `targets`, (B, C, M).

    A constant channel only moves to the mean: its ratio of deviations is taken as 1.
    """
    mean, target_mean = values.mean(2, True), targets.mean(2, True)
    deviation = values.std(2, correction=0, keepdim=True)
    target = targets.std(2, correction=0, keepdim=True)
    flat = deviation < 1e-12
    ratio = torch.where(flat, 1.0, target / torch.where(flat, 1.0, deviation))
    return ratio * (values - mean) + target_mean


def mean_and_covariance(cloud: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (B, C, 1) and covariance (B, C, C), over N - 1, of a cloud (B, C, N).

    A single point has covariance 0.
    """
    mean = cloud.mean(2, keepdim=True)
    centred = cloud - mean
    return mean, centred @ centred.transpose(1, 2) / max(1, cloud.shape[2] - 1)


def symmetric_power(matrices: Tensor, power: float, floor: Tensor) -> Tensor:
    """Power of symmetric positive (B, C, C) matrices, eigenvalues raised to `floor`, (B,)."""
    values, vectors = torch.linalg.eigh(matrices)
    raised = torch.maximum(values, floor[:, None]).pow(power)
    powered: Tensor = vectors @ torch.diag_embed(raised) @ vectors.transpose(1, 2)
    return powered
