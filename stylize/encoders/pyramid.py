"""Rectified steerable pyramid on decorrelated colours: features without learned weights.

Brochard, Zhang & Mallat 2022 (rectified wavelet phases: near VGG quality for textures); Portilla
& Simoncelli 2000. Invertible: the phases subtract to the coefficients, and those are a tight frame.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from stylize.encoders.base import Layer, Role
from stylize.encoders.steerable import ORIENTATIONS, Coefficients, analyse, synthesise

MAX_SCALES = 5
CONTENT_SCALES = (1, 2, 3)  # pinning the finest scale forbids strokes and leaves dots instead
PATCH_SCALES = (2, 3)  # their windows of 3×3 steps span 12 and 24 px, those of relu3_1 and relu4_1
MARGIN = 64  # px of smooth continuation that keep opposite borders apart
DARKEST_VARIANCE = 1e-4  # of a colour axis: grey pairs must not have their noise blown up


@dataclass(frozen=True)
class Pyramid:
    """The encoder `pyramid`.

    Args:
        device: where the colour matrices are.
        scales: at most this many; smaller pictures have fewer.
        colours: rows are the axes of the planes, in sRGB.
        mean: sRGB colour that becomes 0.
    """

    device: str
    scales: int = MAX_SCALES
    colours: tuple[tuple[float, ...], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    key: str = "pyramid"

    def fitted(self, content: Tensor, style: Tensor) -> "Pyramid":
        """Axes that whiten the colours of both pictures together; scales that fit both."""
        pixels = torch.cat([content[0].flatten(1), style[0].flatten(1)], 1).double().cpu()
        mean = pixels.mean(1, keepdim=True)
        centred = pixels - mean
        variances, axes = torch.linalg.eigh(centred @ centred.T / pixels.shape[1])
        whitening = axes.T / (variances + DARKEST_VARIANCE).sqrt()[:, None]
        scales = min(scales_for(*content.shape[2:]), scales_for(*style.shape[2:]), self.scales)
        rows = tuple(tuple(row) for row in whitening.tolist())
        return replace(self, scales=scales, colours=rows, mean=tuple(mean[:, 0].tolist()))

    def layers(self, height: int, width: int) -> tuple[Layer, ...]:
        """`scale0`… fine to coarse, then `lowpass`."""
        scales = min(self.scales, scales_for(height, width))
        # Small pictures lack the wanted scales; their coarsest has to do.
        pinned = [k for k in CONTENT_SCALES if k < scales] or [scales - 1]
        matched = [k for k in PATCH_SCALES if k < scales] or [scales - 1]
        bands = []
        for scale in range(scales):
            roles: set[Role] = {"style"}
            roles |= {"content"} if scale in pinned else set()
            roles |= {"patch"} if scale in matched else set()
            channels = 4 * 3 * ORIENTATIONS
            bands.append(Layer(f"scale{scale}", 2**scale, channels, frozenset(roles)))
        return (*bands, Layer("lowpass", 2**scales, 3, frozenset[Role]({"base", "content"})))

    def enter(self, images: Tensor) -> Tensor:
        """Decorrelated colours (B, 3, H, W) of sRGB pictures."""
        matrix, mean = self._matrix(images)
        return torch.einsum("ij,bjhw->bihw", matrix, images - mean)

    def leave(self, planes: Tensor) -> Tensor:
        """The inverse of `enter`, unclipped."""
        matrix, mean = self._matrix(planes)
        inverse = torch.linalg.inv(matrix.double()).to(planes.dtype)
        return torch.einsum("ij,bjhw->bihw", inverse, planes) + mean

    def _matrix(self, like: Tensor) -> tuple[Tensor, Tensor]:
        mean = torch.tensor(self.mean, dtype=like.dtype, device=like.device)
        matrix = torch.tensor(self.colours, dtype=like.dtype, device=like.device)
        return matrix, mean[None, :, None, None]

    def encode(self, images: Tensor) -> dict[str, Tensor]:
        """`features` of sRGB pictures (B, 3, H, W)."""
        return self.features(self.enter(images))

    def features(self, planes: Tensor) -> dict[str, Tensor]:
        """Rectified bands and the lowpass, cropped to the picture."""
        height, width = planes.shape[-2:]
        coefficients = self.coefficients(planes)
        maps = {}
        for scale, band in enumerate(coefficients.bands):
            stride = 2**scale
            inside = math.ceil(height / stride), math.ceil(width / stride)
            maps[f"scale{scale}"] = rectify(band, *inside)
        stride = 2 ** len(coefficients.bands)
        low = coefficients.lowpass
        maps["lowpass"] = low[..., : math.ceil(height / stride), : math.ceil(width / stride)]
        return maps

    def coefficients(self, planes: Tensor) -> Coefficients:
        """The whole pyramid of planes (B, 3, H, W), continued beyond the right and lower border."""
        height, width = planes.shape[-2:]
        scales = min(self.scales, scales_for(height, width))
        return analyse(continued(planes, 2**scales), scales)

    def reconstruct(self, coefficients: Coefficients, height: int, width: int) -> Tensor:
        """Planes (B, 3, height, width) from `coefficients`: the inverse."""
        return synthesise(coefficients)[..., :height, :width]


def scales_for(height: int, width: int) -> int:
    """Scales that fit a picture: the coarsest map has 8 steps on its short side, or is the first."""
    return max(1, int(math.log2(min(height, width))) - 2)


def continued(planes: Tensor, multiple: int) -> Tensor:
    """Continue planes (B, C, H, W) so that they wrap round without a seam.

    Beyond the right border the mirrored right side fades into the mirrored left side, which the
    wrap-round meets; the same downwards. The picture stays at the origin, so grids stay aligned.

    Args:
        planes: any floats.
        multiple: of both new sides; each grows by at least `MARGIN`.
    """
    for axis in (-2, -1):
        count = planes.shape[axis]
        total = math.ceil((count + MARGIN) / multiple) * multiple
        steps = torch.arange(1, total - count + 1, device=planes.device)
        share = torch.sin(math.pi / 2 * (steps - 0.5) / (total - count)) ** 2
        share = share.to(planes.dtype).reshape([-1, 1] if axis == -2 else [-1])
        from_right = planes.index_select(axis, _mirrored(count - 1 + steps, count))
        from_left = planes.index_select(axis, _mirrored(steps - 1 - (total - count), count))
        planes = torch.cat([planes, torch.lerp(from_right, from_left, share)], axis)
    return planes


def _mirrored(positions: Tensor, count: int) -> Tensor:
    """Indices in 0..count-1 of positions on a line that is mirrored at both borders."""
    around = positions % (2 * count)
    return torch.where(around < count, around, 2 * count - 1 - around)


def rectify(band: Tensor, height: int, width: int) -> Tensor:
    """Four phases of a complex band: relu of Re, Im, -Re, -Im.

    Args:
        band: (B, C, 8, H, W) complex.
        height, width: what is kept of it, from its origin on.

    Returns:
        (B, 4·C·8, height, width) real.
    """
    result: Tensor = _Rectify.apply(band, height, width)
    return result


def unrectify(maps: Tensor) -> Tensor:
    """The inverse of `rectify`, and for maps that are no rectified band the nearest sense of one.

    Args:
        maps: (B, 4·C·8, h, w) real.

    Returns:
        (B, C, 8, h, w) complex.
    """
    positive, negative = maps.chunk(2, 1)
    real, imaginary = (positive - negative).chunk(2, 1)
    batch, channels, height, width = real.shape
    shape = (batch, channels // ORIENTATIONS, ORIENTATIONS, height, width)
    return torch.complex(real.reshape(shape), imaginary.reshape(shape))


class _Rectify(torch.autograd.Function):
    """Cropped, taken apart and rectified in few passes over memory, half of autograd's time."""

    @staticmethod
    def forward(context: Any, band: Tensor, height: int, width: int) -> Tensor:
        parts = torch.view_as_real(band)[..., :height, :width, :].movedim(-1, 1)
        maps = parts.new_empty((len(parts), 2, *parts.shape[1:]))  # sign, part, colour, direction
        positive, negative = maps.unbind(1)
        torch.clamp(positive.copy_(parts), max=0, out=negative).neg_()
        positive.clamp_(min=0)
        context.save_for_backward(maps)
        context.shape = band.shape
        return maps.flatten(1, 4)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (maps,) = context.saved_tensors
        positive, negative = gradients[0].reshape(maps.shape).unbind(1)
        band = torch.zeros(context.shape, dtype=maps.dtype.to_complex(), device=maps.device)
        parts = torch.view_as_real(band)[..., : maps.shape[-2], : maps.shape[-1], :]
        parts.movedim(-1, 1).copy_(torch.where(maps[:, 0] > 0, positive, -negative))
        return band, None, None
