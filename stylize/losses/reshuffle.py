"""Matches that use every part of the style about equally often (Gu, Chen, Liao & Yuan 2018).

Between the random field, whose windows take what is nearest however often, and the Gram matrix:
a map that holds every window of the style exactly once has the style's Gram matrix.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from stylize.losses.patches import nearest, scores

ROUNDS = 5  # as in the authors' code
STRIPS = 16  # at most, that choose in turn


def evenly_used(
    features: Tensor, styles: Sequence[Tensor], size: int, weight: float, rounds: int = ROUNDS
) -> Tensor:
    """`nearest` under a cost of 1 - correlation + `weight` · usage / usual usage.

    Windows choose in turn, strip by strip, under the usage of all others: choosing all at once,
    they would leave and take the same place together.

    Args:
        features, styles, size: as for `nearest`.
        weight: 0 for `nearest` itself.
        rounds: how often every strip chooses.

    Returns:
        (N,) int64.
    """
    if weight == 0:
        return nearest(features, styles, size)
    usual = features[0].numel() * size**2 / sum(each[0].numel() for each in styles)
    rows = features.shape[1] - size + 1
    lines = -(-rows // STRIPS)
    strips = [features[:, top : top + lines + size - 1] for top in range(0, rows, lines)]
    chosen: list[Tensor] = [torch.zeros(0, dtype=torch.int64, device=features.device)] * len(strips)
    for _ in range(rounds):
        for number, strip in enumerate(strips):
            others = torch.cat(chosen[:number] + chosen[number + 1 :])
            usage = usage_of(others, styles, size).to(features.dtype)
            chosen[number] = nearest(strip, styles, size, penalties=weight / usual * usage)
    return torch.cat(chosen)


def usage_of(index: Tensor, styles: Sequence[Tensor], size: int) -> Tensor:
    """How often the positions of a style's window are used, on average over the window.

    Args:
        index: (N,) as from `nearest`.
        styles, size: as there.

    Returns:
        (M,) float64.
    """
    shapes = [(each.shape[1] - size + 1, each.shape[2] - size + 1) for each in styles]
    counts = torch.bincount(index, minlength=sum(h * w for h, w in shapes)).double()
    window = torch.ones((1, 1, size, size), dtype=torch.float64, device=index.device)
    usages, first = [], 0
    for height, width in shapes:
        each = counts[first : first + height * width].reshape(1, 1, height, width)
        covered = functional.conv_transpose2d(each, window)
        usages.append((functional.conv2d(covered, window) / size**2).flatten())
        first += height * width
    return torch.cat(usages)


def exactly_shared(features: Tensor, styles: Sequence[Tensor], size: int) -> Tensor:
    """The matches of highest total correlation in which no window of the style is used oftener
    than needed: once when there are no more windows than the style has.

    Args:
        features, styles, size: as for `nearest`; N · M correlations are held at once.

    Returns:
        (N,) int64; a permutation when N = M.
    """
    from scipy.optimize import linear_sum_assignment

    table = scores(features, styles, size).double().cpu().numpy()
    wanted, offered = table.shape
    _, place = linear_sum_assignment(np.tile(table, -(-wanted // offered)), maximize=True)
    return torch.from_numpy(place % offered).to(features.device)
