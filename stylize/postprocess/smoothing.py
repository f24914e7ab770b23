"""Smoothing that gives a result the edges of its content, segment by segment where there are masks.

Li, Liu, Li, Yang & Kautz 2018, "A Closed-form Solution to Photorealistic Image Stylization", and
their fast approximation by the guided filter.
"""

import numpy as np
import torch
from torch import Tensor

from stylize.losses.regions import regions
from stylize.record import Run
from stylize.solvers.guided import guided
from stylize.solvers.matting import ALPHA, Affinity, smoothed

# At the code's α colours flow over a hundred pixels, and edges of a Gaussian graph only dampen it.
ALPHAS: dict[Affinity, float] = {"matting": ALPHA, "gaussian": 0.99}


def smooth_matting(results: Tensor, contents: Tensor, run: Run) -> Tensor:
    """Smoothed along the matting affinity of the content, as in the authors' code; α = 0.9999.

    Args:
        results, contents: (B, 3, H, W) float32 sRGB in [0, 1].
        run: with masks, labels do not mix, and those that the style lacks keep their result;
            notes receive a sentence when the solver stops early.

    Returns:
        (B, 3, H, W) float32 sRGB in [0, 1].

    Raises:
        ValueError: when the shapes differ.
    """
    return _solved(results, contents, run, "matting")


def smooth_gaussian(results: Tensor, contents: Tensor, run: Run) -> Tensor:
    """`smooth_matting` along the Gaussian affinity of neighbours (the lecture's); α = 0.99."""
    return _solved(results, contents, run, "gaussian")


def _solved(results: Tensor, contents: Tensor, run: Run, affinity: Affinity) -> Tensor:
    _check(results, contents)
    labels = run.guides.content_labels
    made = [
        smoothed(_pixels(result), _pixels(content), run, affinity, labels, ALPHAS[affinity])
        for result, content in zip(results, contents, strict=True)
    ]
    smooth = torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2)
    return _unmatched_kept(smooth.to(results.device, results.dtype), results, run)


def smooth_guided(results: Tensor, contents: Tensor, run: Run) -> Tensor:
    """The guided filter with the content as guide; arguments as those of `smooth_matting`."""
    _check(results, contents)
    labels = run.guides.content_labels
    masks: list[Tensor | None] = [None]
    if labels is not None:
        masks = [
            torch.from_numpy(labels == label).to(results.device) for label in np.unique(labels)
        ]
    made = [
        torch.stack([guided(result, content, mask=mask) for mask in masks]).sum(0)
        for result, content in zip(results, contents, strict=True)
    ]
    return _unmatched_kept(torch.stack(made).to(results.dtype), results, run)


def _unmatched_kept(smooth: Tensor, results: Tensor, run: Run) -> Tensor:
    """`smooth` in [0, 1], but the result where masks share no label."""
    if run.guides.content_labels is not None:
        shared = torch.zeros(results.shape[2:], device=results.device)
        for region in regions(run.guides, str(results.device)):
            shared += region.content
        smooth = torch.where(shared > 0, smooth, results)
    return smooth.clamp(0, 1)


def _pixels(image: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return image.detach().permute(1, 2, 0).double().cpu().contiguous().numpy()


def _check(results: Tensor, contents: Tensor) -> None:
    if results.shape != contents.shape:
        raise ValueError(
            f"results: shape {tuple(results.shape)}, must be that of contents, "
            f"{tuple(contents.shape)}"
        )
