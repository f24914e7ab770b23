"""Gatys, Bethge, Hertzmann & Shechtman 2016, "Preserving Color in Neural Artistic Style Transfer".

Section 3.2, luminance only: the luminance of the result with the colour of the content, in YIQ.
"""

import torch
from torch import Tensor

from stylize.record import Run

LUMA = (0.299, 0.587, 0.114)  # the Y of YIQ, NTSC 1953, as in the paper


def keep_colour(results: Tensor, contents: Tensor, run: Run) -> Tensor:
    """The luminance of the results with the chroma of the contents.

    Where a colour would leave the RGB cube its chroma is reduced until it fits, hue and luminance
    kept (not in the paper, whose clipping would change the luminance).

    Args:
        results: (B, 3, H, W) float32 sRGB in [0, 1], a method's output.
        contents: (B, 3, H, W) float32 sRGB in [0, 1], the method's contents.
        run: of the method; not looked at.

    Returns:
        (B, 3, H, W) float32 sRGB in [0, 1].

    Raises:
        ValueError: when the shapes differ.
    """
    if results.shape != contents.shape:
        raise ValueError(
            f"results: shape {tuple(results.shape)}, must be that of contents, "
            f"{tuple(contents.shape)}"
        )
    weights = results.new_tensor(LUMA).view(1, 3, 1, 1)
    luminance = (results * weights).sum(dim=1, keepdim=True)  # (B, 1, H, W)
    # I and Q are linear and vanish on greys: content minus its own Y holds exactly its I and Q.
    chroma = contents - (contents * weights).sum(dim=1, keepdim=True)  # (B, 3, H, W)
    room = torch.where(chroma > 0, 1 - luminance, luminance)
    share = room / chroma.abs().clamp_min(1e-8)
    share = share.amin(dim=1, keepdim=True).clamp(0.0, 1.0)
    return (luminance + share * chroma).clamp(0.0, 1.0)
