"""Pérez, Gangnet & Blake 2003: an element's gradients between the painting's values.

The baseline of painterly harmonization: the content is the naive composite, the style the
painting, label 1 of the content's mask the element. Computed on sRGB values, as they come.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers import poisson
from stylize.solvers.compositing import element, of_one_size


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
        blended = poisson.blended(source, target, mask, parameters.mixed)
        results.append(torch.from_numpy(blended).to(contents.device, contents.dtype))
        run.progress((index + 1) / len(contents))
    return torch.stack(results)


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
