"""Give a graded picture the gradients of the original again (Pitié, Kokaram & Dahyot 2007).

Minimises Σ ψ‖X - graded‖² + φ‖∇X - ∇original‖² by damped Jacobi steps, coarse to fine, with the
constants of the authors' regrain.m.
"""

import torch
from torch import Tensor
from torch.nn import functional

ITERATIONS = (4, 16, 32, 64, 64, 64)  # finest level first
SMALLEST = 20  # px: no level has a side this short or shorter
DAMPING = 0.2


def regrain(
    original: Tensor,
    graded: Tensor,
    smoothness: float = 1.0,
    init: str = "correction",
    iterations: tuple[int, ...] = ITERATIONS,
) -> Tensor:
    """Remove the grain that grading brought, keeping its colours.

    Args:
        original: (B, C, H, W) floats, the picture before grading.
        graded: the same shape.
        smoothness: >= 0; at 0 `graded` comes back wherever the original has a gradient.
        init: what a coarse level hands to the finer one. "correction": its difference from the
            original, so that regrain(I, I) = I; "authors": the picture itself, as in regrain.m,
            which blurs edges by up to 0.14.
        iterations: per level, finest first.

    Returns:
        (B, C, H, W), unclipped.

    Raises:
        ValueError: when `init` is neither, or `smoothness` is negative.
    """
    if init not in ("correction", "authors"):
        raise ValueError(f"init: came {init!r}, must be correction or authors")
    if smoothness < 0:
        raise ValueError(f"smoothness: came {smoothness}, must be at least 0")
    return _level(original, graded, smoothness, init, iterations, 0)


def _level(
    original: Tensor, graded: Tensor, smoothness: float, init: str, iterations: tuple[int, ...],
    level: int,
) -> Tensor:  # fmt: skip
    start = original
    height, width = original.shape[2:]
    half = (-(-height // 2), -(-width // 2))
    if len(iterations) > 1 and min(half) > SMALLEST:
        small, small_graded = _resized(original, half), _resized(graded, half)
        solved = _level(small, small_graded, smoothness, init, iterations[1:], level + 1)
        if init == "correction":
            start = original + _resized(solved - small, (height, width))
        else:
            start = _resized(solved, (height, width))
    data, smooth = weights(original, smoothness, level)
    return _jacobi(start, original, graded, data, smooth, iterations[0])


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(images, size=size, mode="bilinear", antialias=True)


def weights(original: Tensor, smoothness: float, level: int = 0) -> tuple[Tensor, Tensor]:
    """ψ and φ, (B, 1, H, W) each, from the length of the two-pixel differences."""
    padded = functional.pad(original, (1, 1, 1, 1), mode="replicate")
    across = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
    down = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
    steepness = (across**2 + down**2).sum(1, keepdim=True).sqrt()
    data = (256 * steepness / 5).clamp(max=1)
    smooth = 30 * 2.0**-level / (1 + 10 * steepness / max(smoothness, 2.2e-16))
    return data, smooth


def _neighbours(images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Left, right, upper and lower neighbour of every pixel; the border is its own neighbour."""
    padded = functional.pad(images, (1, 1, 1, 1), mode="replicate")
    return (
        padded[:, :, 1:-1, :-2],
        padded[:, :, 1:-1, 2:],
        padded[:, :, :-2, 1:-1],
        padded[:, :, 2:, 1:-1],
    )


def _jacobi(
    start: Tensor, original: Tensor, graded: Tensor, data: Tensor, smooth: Tensor, steps: int
) -> Tensor:
    links = [(each + smooth) / 2 for each in _neighbours(smooth)]
    total = data + torch.stack(links).sum(0)
    fixed = data * graded
    for link, neighbour in zip(links, _neighbours(original), strict=True):
        fixed = fixed + link * (original - neighbour)
    solution = start
    for _ in range(steps):
        pulled = fixed
        for link, neighbour in zip(links, _neighbours(solution), strict=True):
            pulled = pulled + link * neighbour
        solution = (1 - DAMPING) * pulled / (total + 2.2e-16) + DAMPING * solution
    return solution
