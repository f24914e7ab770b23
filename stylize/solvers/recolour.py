"""What every transfer of colours shares: whole pictures or region by region, all channels or one.

A method only says how one cloud of colours moves towards another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from stylize.record import Run, parameter
from stylize.solvers.colour import CHANNELS, Space

Move = Callable[[Tensor, Tensor, Run], Tensor]  # (1, C, N), (1, C, M) float64 → (1, C, N)
Masks = Sequence[tuple[Tensor, Tensor]]  # bool (H, W) of the content, (h, w) of the style


@dataclass(frozen=True)
class Recolour:
    """Parameters that every transfer of colours has."""

    channels: str = parameter(
        "all",
        choices=CHANNELS,
        help="All, or luminance alone: the content's chroma stays (Gatys et al. 2016; "
        "Y of YIQ for rgb, else the space's first axis).",
    )
    strength: float = parameter(
        1.0, low=0.0, high=1.0, help="0 is the content, 1 the method's picture."
    )


def recoloured(
    contents: Tensor, styles: Tensor, space: Space, channels: str, masks: Masks | None, move: Move,
    run: Run,
) -> Tensor:  # fmt: skip
    """Move the colours of each picture, or of each of its regions, towards the style's.

    Args:
        contents, styles: (B, 3, H, W) and (B, 3, h, w) sRGB in [0, 1].
        space: in which `move` works; its first axis is luminance if only that is wanted.
        channels: one of `CHANNELS`; "luminance" moves the first axis alone.
        masks: pairs of regions, each in no other; None for the whole pictures. Pixels outside
            all of them stay as they are, to the byte.
        move: called per picture and region, with the part of the run.
        run: told the progress.

    Returns:
        (B, 3, H, W) float64, unclipped.
    """
    moving = 1 if channels == "luminance" else 3
    results = contents.double().clone()
    whole = contents.new_ones(contents.shape[2:], dtype=torch.bool)
    style_whole = styles.new_ones(styles.shape[2:], dtype=torch.bool)
    pairs = [(whole, style_whole)] if masks is None else masks
    total = len(contents) * len(pairs)
    for index in range(len(contents)):
        for number, (inside, style_inside) in enumerate(pairs):
            values = space.enter(contents[index : index + 1, :, inside].double())
            targets = space.enter(styles[index : index + 1, :, style_inside].double())
            done = index * len(pairs) + number
            part = run.part(done / total, (done + 1) / total)
            moved = move(values[:, :moving], targets[:, :moving], part)
            back = space.leave(torch.cat([moved, values[:, moving:]], 1))
            results[index : index + 1, :, inside] = back
    return results


def covered(contents: Tensor, masks: Masks | None) -> Tensor:
    """(H, W) bool: the pixels that `recoloured` moves."""
    if masks is None:
        return contents.new_ones(contents.shape[2:], dtype=torch.bool)
    result = contents.new_zeros(contents.shape[2:], dtype=torch.bool)
    for inside, _ in masks:
        result |= inside
    return result
