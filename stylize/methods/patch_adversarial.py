"""Li & Wand 2016 (MDAN): a discriminator, trained alongside, scores the picture's neural patches.

The picture descends max(0, 1 - score), as in the authors' code: -score until the margin is
reached. The feed-forward generator of the same paper (MGAN) is not this method.
"""

from dataclasses import dataclass

from torch import Tensor

from stylize.losses.adversarial import patch_adversary
from stylize.losses.base import Term
from stylize.losses.loop import Loop, optimised, pull
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.optimize import OPTIMIZERS


@dataclass(frozen=True)
class Parameters(Loop):
    """Of the discriminator and the picture that it judges."""

    content_weight: float = parameter(
        0.3, low=0.0, high=10.0, help="Of the content's features; here the style pulls harder."
    )
    style_weight: float = pull(0.5)
    optimizer: str = parameter("adam", choices=OPTIMIZERS, help="The authors' code: Adam.")
    train_every: int = parameter(
        4, low=1, high=1000,
        help="Evaluations between two trainings of the discriminator; the authors' code: 1.",
    )  # fmt: skip
    train_steps: int = parameter(
        2, low=1, high=100, help="Of Adam in each training; the authors' code: 1."
    )
    train_rate: float = parameter(
        0.002, low=1e-6, high=1.0, help="Of the discriminator's Adam; the authors' code: 0.02."
    )
    warm_up: int = parameter(
        30, low=0, high=1000,
        help="Steps on style and content before the first evaluation; the authors' code: none.",
    )  # fmt: skip
    finer_weight: float = parameter(
        0.5, low=0.0, high=10.0,
        help="Of finer layers and pixels that are judged as well; the paper, on VGG: 0.",
    )  # fmt: skip


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """Scores + weighted content, gamut and grain; (B, 3, H, W), unclipped."""
    prepare = patch_adversary(
        every=parameters.train_every,
        steps=parameters.train_steps,
        rate=parameters.train_rate,
        warm_up=parameters.warm_up,
        finer=parameters.finer_weight,
    )
    term = Term(prepare, parameters.style_weight, "scores", scaled=True)
    return optimised(contents, styles, [term], parameters, run)


METHOD = Method(
    key="patch_adversarial",
    title="Patch adversarial (MDAN)",
    citation=Citation(
        authors=("Chuan Li", "Michael Wand"),
        year=2016,
        title="Precomputed Real-Time Texture Synthesis with Markovian Generative Adversarial "
        "Networks",
        venue="European Conference on Computer Vision (ECCV)",
        identifier="10.1007/978-3-319-46487-9_43",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="A small network learns to tell the style's pieces; the picture learns to pass.",
)
