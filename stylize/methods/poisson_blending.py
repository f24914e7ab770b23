"""Pérez, Gangnet & Blake 2003: an element's gradients between the painting's values.

The baseline of painterly harmonization: the content is the naive composite, the style the
painting, label 1 of the content's mask the element. Computed on sRGB values, as they come. A
composite no longer knows what lay around the element: where the painting begins, the element is
continued by its nearest pixels, or the seam would count among the gradients that are kept.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers import poisson
from stylize.solvers.compositing import element, of_one_size
from stylize.solvers.poisson import Mask, Planes

PAINTING = 0.05  # composite and painting are the same up to here: both may have been JPEGs


@dataclass(frozen=True)
class Parameters:
    mixed: bool = parameter(
        False, help="Take the stronger gradient of both, so that the painting shows through."
    )


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """The element's gradients between the painting's values, (B, 3, H, W), unclipped."""
    styles = of_one_size(contents, styles, run)
    mask = element(contents, run).cpu().numpy()
    results = []
    for index in range(len(contents)):
        source, target = (np.asarray(each[index].double().cpu()) for each in (contents, styles))
        around = continued(source, target, mask)
        blended = poisson.blended(around, target, mask, parameters.mixed)
        results.append(torch.from_numpy(blended).to(contents.device, contents.dtype))
        run.progress((index + 1) / len(contents))
    return torch.stack(results)


def continued(composite: Planes, painting: Planes, mask: Mask) -> Planes:
    """The composite with the element's nearest pixel where around it is nothing but the painting.

    Args:
        composite, painting: (C, H, W) in [0, 1].
        mask: (H, W) bool, the element; not empty.
    """
    rows, columns = distance_transform_edt(~mask, return_distances=False, return_indices=True)
    bare = ~mask & (np.abs(composite - painting).max(0) < PAINTING)
    return np.where(bare, composite[:, rows, columns], composite)


METHOD = Method(
    key="poisson_blending",
    title="Poisson blending",
    citation=Citation(
        authors=("Patrick Pérez", "Michel Gangnet", "Andrew Blake"),
        year=2003,
        title="Poisson Image Editing",
        venue="ACM Transactions on Graphics 22 (3), 313-318 (SIGGRAPH)",
        identifier="10.1145/882262.882269",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(masks=True, aligned=True),
    summary="An element pasted into a painting (label 1 of the content's mask) loses its seam.",
)
