"""From small to full size: solve a picture reduced, enlarge the result, refine it."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from stylize.imaging import resize_depth, resize_labels
from stylize.record import Depth, Guides, Labels, Run

SMALLEST_SIDE = 32  # px: no size goes below it

Solve = Callable[[Tensor | None, Tensor, Tensor, int, Run], Tensor]


def coarse_to_fine(
    content: Tensor, style: Tensor, coarsest: int, budgets: tuple[int, int], run: Run, solve: Solve
) -> Tensor:
    """Solve at sizes that double, each from the result of the one before.

    Args:
        content, style: (1, 3, H, W) and (1, 3, h, w) sRGB in [0, 1]; both are reduced alike.
        coarsest: the longer side is halved until it is no more, in px.
        budgets: evaluations at the coarsest size and at every finer one.
        run: its masks and depth map are reduced with the pictures.
        solve: called with the enlarged result so far (None at first), the content and style of
            the size, its budget and the part of the run; returns (1, 3, height, width).

    Returns:
        (1, 3, H, W), what the last `solve` returned.
    """
    factors = factors_for(content.shape[2], content.shape[3], coarsest)
    counts = [budgets[0]] + [budgets[1]] * (len(factors) - 1)
    costs = [count / factor**2 for count, factor in zip(counts, factors, strict=True)]
    result, done = None, 0.0
    for factor, count, cost in zip(factors, counts, costs, strict=True):
        small, small_style = reduced(content, factor), reduced(style, factor)
        end = min(1.0, done + cost / max(sum(costs), 1e-9))
        part = replace(
            run.part(done, end), guides=_reduced_guides(run.guides, small, small_style, factor)
        )
        start = None if result is None else resized(result, *small.shape[2:])
        result = solve(start, small, small_style, count, part)
        done = end
    return content if result is None else result


def factors_for(height: int, width: int, coarsest: int) -> list[int]:
    """By how much to reduce, coarsest first: powers of 2, the short side staying usable."""
    factors = [1]
    while max(height, width) / factors[0] > coarsest:
        if min(height, width) / (2 * factors[0]) < SMALLEST_SIDE:
            break
        factors.insert(0, 2 * factors[0])
    return factors


def reduced(images: Tensor, factor: float) -> Tensor:
    """(B, 3, H, W) in [0, 1], both sides divided by `factor`, without aliasing."""
    if factor == 1:
        return images
    size = [max(1, round(side / factor)) for side in images.shape[2:]]
    small = functional.interpolate(images, size=size, mode="bicubic", antialias=True)
    return small.clamp(0, 1)


def resized(images: Tensor, height: int, width: int) -> Tensor:
    """Bicubic, unclipped."""
    return functional.interpolate(images, size=(height, width), mode="bicubic")


def _reduced_guides(guides: Guides, content: Tensor, style: Tensor, factor: int) -> Guides:
    exemplars = [reduced(torch.from_numpy(each)[None], factor) for each in guides.exemplars]
    labels = zip(guides.exemplar_labels, exemplars, strict=False)
    return Guides(
        content_labels=_labels(guides.content_labels, content),
        style_labels=_labels(guides.style_labels, style),
        exemplars=tuple(each[0].numpy() for each in exemplars),
        depth=_depth(guides.depth, content),
        exemplar_labels=tuple(_labels(each, picture) for each, picture in labels),
    )


def _labels(labels: Labels | None, picture: Tensor) -> Labels | None:
    return None if labels is None else resize_labels(labels, *picture.shape[2:])


def _depth(depth: Depth | None, picture: Tensor) -> Depth | None:
    return None if depth is None else resize_depth(depth, *picture.shape[2:])
