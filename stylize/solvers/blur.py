"""Gaussian blur of any width, the same at every border."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def blurred(images: Tensor, sigma: float, size: int = 0) -> Tensor:
    """Convolve with a normalised Gaussian; beyond the border the outermost values go on.

    Args:
        images: (B, C, H, W) floats.
        sigma: standard deviation in px, above 0.
        size: side of the kernel, odd; 0 for three deviations to either side.

    Returns:
        (B, C, H, W), within the range of each plane.
    """
    reach = size // 2 if size else math.ceil(3 * sigma)
    places = torch.arange(-reach, reach + 1, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (places / sigma).square())
    kernel = (kernel / kernel.sum()).to(images.device, images.dtype)
    planes = images.flatten(0, 1)[:, None]
    for axis in (2, 3):
        # A kernel wider than the picture needs no more of the border than one value's weight.
        padding = (reach, reach, 0, 0) if axis == 3 else (0, 0, reach, reach)
        shape = (1, 1, 1, -1) if axis == 3 else (1, 1, -1, 1)
        padded = functional.pad(planes, padding, mode="replicate")
        planes = functional.conv2d(padded, kernel.reshape(shape))
    return planes.reshape(images.shape)
