"""Laying an element into a painting (Luan, Paris, Shechtman & Bala 2018, the authors' code).

Masks around it, removal of what the optimisation leaves behind, and the final blend.
"""

import torch
from torch import Tensor
from torch.nn import functional

from stylize.record import Run
from stylize.solvers import patchmatch
from stylize.solvers.blur import blurred
from stylize.solvers.colour import from_cielab, to_cielab
from stylize.solvers.guided import guided

ELEMENT = 1  # label of what was pasted
DILATION = 35 / 700  # kernel of the dilated mask, of the longer side
DILATED_FROM = 0.1
SOFT, SOFT_SIGMA = 7, 3.0  # kernel of the tight mask's softening
VOTE = 7 / 700  # side of the patches, of the longer side; at least 3 px
DETAIL, DETAIL_SIGMA, SEARCHES, VECTOR = 7, 1.0, 4, 24


def element(contents: Tensor, run: Run) -> Tensor:
    """(H, W) bool: label 1 of the content's mask.

    Raises:
        ValueError: when there is none.
    """
    labels = run.guides.content_labels
    if labels is None or not (labels == ELEMENT).any():
        raise ValueError(f"masks: that of the content has no label {ELEMENT}, the pasted element")
    return torch.from_numpy(labels == ELEMENT).to(contents.device)


def of_one_size(contents: Tensor, styles: Tensor, run: Run) -> Tensor:
    """The paintings at the size of the composites; noted where that changes them."""
    size = contents.shape[2:]
    if styles.shape[2:] == size:
        return styles
    run.notes.append(
        f"The painting was resized from {styles.shape[3]}×{styles.shape[2]} to "
        f"{size[1]}×{size[0]} px, the size of the content."
    )
    resized = functional.interpolate(styles, size=tuple(size), mode="bicubic", antialias=True)
    return resized.clamp(0, 1)


def dilated(tight: Tensor) -> Tensor:
    """(H, W) float32, 1 where a Gaussian of 5 % of the longer side still sees the element."""
    size = int(DILATION * max(tight.shape) / 2) * 2 + 1
    wide = blurred(tight[None, None].float(), size / 3, size)[0, 0]
    return ((wide > DILATED_FROM) | tight).float()


def cleaned(result: Tensor, composite: Tensor, painting: Tensor, seed: int) -> Tensor:
    """Chroma smoothed along the composite's edges, structure rebuilt from the painting's patches.

    Args:
        result, composite, painting: (1, 3, H, W) sRGB in [0, 1].
    """
    lab = to_cielab(result.double())
    lab[0, 1:] = guided(lab[0, 1:], composite[0], radius=2, epsilon=0.01)
    smooth = from_cielab(lab).to(result.dtype).clamp(0, 1)
    vote = max(3, int(VOTE * max(result.shape[2:]) / 2) * 2 + 1)
    vectors = [patchmatch.patches(each[0], vote) for each in (smooth, painting)]
    own, theirs = patchmatch.compressed(vectors[0], vectors[1], VECTOR)
    size = result.shape[2], result.shape[3]
    start = patchmatch.linear_field(size, size, str(result.device))
    generator = torch.Generator().manual_seed(seed)
    field, _ = patchmatch.patchmatch(own, theirs, start, max(size), SEARCHES, generator)
    base = patchmatch.voted(painting[0].permute(1, 2, 0), field, vote).permute(2, 0, 1)
    return base + smooth - blurred(smooth, DETAIL_SIGMA, DETAIL)


def laid_over(result: Tensor, painting: Tensor, tight: Tensor) -> Tensor:
    """The result inside the softened mask, the painting itself outside of it."""
    soft = blurred(tight[None, None].to(result.dtype), SOFT_SIGMA, SOFT)
    return torch.where(soft > 0, torch.lerp(painting, result, soft), painting)
