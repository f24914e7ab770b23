"""Simonyan, Vedaldi & Zisserman 2013: the picture that a classifier takes most for a class.

Maximises an unnormalised class score less λ‖I‖², I being normalised about the training mean; and,
of encoders without classes, the mean of one channel. No transfer: the style is ignored, and of the
content only the size counts. Ours are L-BFGS for gradient ascent, the unit of λ (the paper names
no value), the smoothness and a start from noise: at zero a convolution has the same slope
everywhere, and a flat picture would stay flat.

The classifier of the painter's styles lies beside this file, in `weights/painter_styles.npz`:
plain arrays, read without pickle; `python -m stylize.training.painter_styles` makes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from stylize import encoders
from stylize.encoders.base import names
from stylize.encoders.weights import MissingWeights
from stylize.losses.regularisers import variation
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter, torchvision_vgg19
from stylize.solvers.optimize import OPTIMIZERS, minimise

PAINTER_WEIGHTS = Path(__file__).parent / "weights" / "painter_styles.npz"
PAINTER_CLASSES = ("brush strokes", "stained glass", "mondrian", "waves", "photograph")
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet; also the painter's
NETWORKS = ("painter_styles", "encoder", "vgg19")
START_DEVIATION = 0.5  # of the noise, in the units of I
COARSEST_NOISE = 4  # cells a side: with blobs of all sizes there is something for every class

Score = Callable[[Tensor], Tensor]  # I (1, 3, H, W), normalised → scalar


@dataclass(frozen=True)
class Parameters:
    """What is maximised, and what is held against it."""

    network: str = parameter(
        "painter_styles",
        choices=NETWORKS,
        help="painter_styles: our own small classifier; encoder: a channel of the recipe's encoder; "
        "vgg19: the 1000 classes of ImageNet, with torchvision's weights.",
    )
    unit: int = parameter(
        0,
        low=0,
        high=4095,
        help="The class or the channel; painter_styles: "
        + ", ".join(f"{index} {name}" for index, name in enumerate(PAINTER_CLASSES))
        + ".",
    )
    layer: int = parameter(2, low=0, high=20, help="Of the encoder's style layers; 0 is finest.")
    penalty: float = parameter(
        0.7,
        low=1e-3,
        high=1e4,
        help="λ; 1 would give a linear score's optimum a deviation of 1. The paper names none.",
    )
    smoothness: float = parameter(
        0.2, low=0.0, high=1e4, help="Of squared steps between pixels, times λ; not in the paper."
    )
    gamut: float = parameter(
        20.0, low=0.0, high=1e4, help="Of values that cannot be shown, times λ; not in the paper."
    )
    iterations: int = parameter(120, low=0, high=5000, help="Evaluations; not in the paper.")
    optimizer: str = parameter("lbfgs", choices=OPTIMIZERS, help="The paper: gradient ascent.")
    history: int = parameter(20, low=1, high=200, help="Pairs that L-BFGS keeps.")


class PainterStyles(nn.Module):
    """A classifier of pictures of any size from 16 px: three convolutions, averaged, one layer.

    It does not see a picture's mean colour: else flat colours would be its class images.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 5, padding=2)
        self.second = nn.Conv2d(16, 32, 3, padding=1)
        self.third = nn.Conv2d(32, 48, 3, padding=1)
        self.last = nn.Linear(48, len(PAINTER_CLASSES))

    def forward(self, values: Tensor) -> Tensor:
        """Unnormalised scores (B, 5) of normalised pictures (B, 3, H, W)."""
        values = values - values.mean((2, 3), keepdim=True)
        for convolution in (self.first, self.second, self.third):
            values = functional.avg_pool2d(torch.relu(convolution(values)), 2)
        scores: Tensor = self.last(values.mean((2, 3)))
        return scores


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """One picture of the contents' size, for all of them; (B, 3, H, W), unclipped."""
    height, width = contents.shape[2:]
    score = score_of(parameters, height, width, run)
    start = noise(height, width, run.seed).to(contents.device)
    best = maximised(score, start, weight_of(score, start, parameters.penalty), parameters, run)
    with torch.no_grad():
        run.figures["score at the start"] = float(score(start))
        run.figures["score"] = float(score(best))
    return from_values(best).expand_as(contents)


def maximised(
    score: Score, start: Tensor, weight: float, parameters: Parameters, run: Run
) -> Tensor:
    """arg max over I of score(I) - λ‖I‖² (equation 1 of the paper), less what we add, times λ.

    Args:
        score: unnormalised; a softmax would lower the other classes instead.
        start: (1, 3, H, W).
        weight: λ > 0.

    Returns:
        (1, 3, H, W).
    """

    def shortfall(values: Tensor) -> Tensor:
        held = values.square().sum()
        if parameters.smoothness > 0:
            held = held + parameters.smoothness * variation(values)
        if parameters.gamut > 0:
            shown = to_values(from_values(values).clamp(0, 1))
            held = held + parameters.gamut * (values - shown).square().sum()
        return weight * held - score(values)

    return minimise(
        shortfall, start, parameters.iterations, run, parameters.history, parameters.optimizer
    )


def noise(height: int, width: int, seed: int) -> Tensor:
    """The start: octaves of noise from coarse cells to pixels, equally strong, (1, 3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    total, cells = torch.zeros(1, 3, height, width), COARSEST_NOISE
    while cells <= max(height, width):
        lattice = torch.randn((1, 3, cells, cells), generator=generator)
        total += functional.interpolate(lattice, size=(height, width), mode="bicubic")
        cells *= 2
    return START_DEVIATION * total / total.std()


def weight_of(score: Score, start: Tensor, penalty: float) -> float:
    """λ such that a linear score with the slope of `score` at `start` has its optimum at 1/penalty.

    That optimum is w/(2λ); what is made equal is its root mean square.
    """
    slope = _slope(score, start).square().mean().sqrt()
    return penalty * max(float(slope), 1e-12) / 2


def saliency(score: Score, values: Tensor) -> Tensor:
    """M_ij = max over channels of |∂S/∂I_ij|, from one backward pass.

    Args:
        score: of (B, 3, H, W), normalised; the sum over a batch is taken.
        values: (B, 3, H, W).

    Returns:
        (B, H, W), non-negative.
    """
    return _slope(score, values).abs().amax(1)


def _slope(score: Score, values: Tensor) -> Tensor:
    variable = values.detach().clone().requires_grad_()
    return torch.autograd.grad(score(variable).sum(), variable)[0]


def class_score(classifier: Callable[[Tensor], Tensor], unit: int) -> Score:
    """S_c of any classifier that is in evaluation mode: (1, 3, H, W) normalised → (1, classes)."""
    return lambda values: classifier(values)[0, unit]


def channel_score(encoder_key: str, device: str, layer: str, unit: int) -> Score:
    """The mean of one channel of an encoder's layer."""
    encoder = encoders.get(encoder_key, device)
    return lambda values: encoder.encode(from_values(values))[layer][0, unit].mean()


def score_of(parameters: Parameters, height: int, width: int, run: Run) -> Score:
    """What `parameters` name, for pictures of `height` × `width` px.

    Raises:
        ValueError: when there is no such layer or unit.
        MissingWeights: when torchvision's weights of VGG-19 are not on this machine.
    """
    if parameters.network == "encoder":
        encoder = encoders.get(run.encoder, run.device)
        layers = names(encoder, "style", height, width)
        layer = layers[_within("layer", parameters.layer, len(layers), f"{width}×{height} px")]
        channels = {each.name: each.channels for each in encoder.layers(height, width)}[layer]
        unit = _within("unit", parameters.unit, channels, layer)
        return channel_score(run.encoder, run.device, layer, unit)
    if parameters.network == "vgg19":
        unit = _within("unit", parameters.unit, 1000, "vgg19")
        return class_score(vgg19_classifier(run.device), unit)
    unit = _within("unit", parameters.unit, len(PAINTER_CLASSES), "painter_styles")
    return class_score(painter_classifier(run.device), unit)


def _within(name: str, value: int, count: int, where: str) -> int:
    if value >= count:
        raise ValueError(f"{name}: came {value}, {where} has 0 to {count - 1}")
    return value


@cache
def painter_classifier(device: str) -> PainterStyles:
    """Our own classifier, in evaluation mode; one per process and device."""
    network = PainterStyles()
    with np.load(PAINTER_WEIGHTS, allow_pickle=False) as arrays:
        state = {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files}
    network.load_state_dict(state)
    return network.eval().requires_grad_(False).to(device)


@cache
def vgg19_classifier(device: str) -> nn.Module:
    """VGG-19 with its classifier, in evaluation mode: dropout would make the score random.

    Raises:
        MissingWeights: when the file is not in torchvision's cache; nothing is downloaded.
    """
    file = torchvision_vgg19()
    if file is None:
        raise MissingWeights(
            "network: vgg19 needs the weights with their classifier as torchvision downloads them, "
            "which are not on this machine"
        )
    from torchvision.models import vgg19

    network: nn.Module = vgg19(weights=None)
    network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return network.eval().requires_grad_(False).to(device)


def to_values(images: Tensor) -> Tensor:
    """I of sRGB pictures (B, 3, H, W) in [0, 1]: normalised about the training mean."""
    mean, deviation = _constants(images)
    return (images - mean) / deviation


def from_values(values: Tensor) -> Tensor:
    """The inverse of `to_values`: the mean is added back."""
    mean, deviation = _constants(values)
    return values * deviation + mean


def _constants(like: Tensor) -> tuple[Tensor, Tensor]:
    both = torch.tensor([MEAN, DEVIATION], dtype=like.dtype, device=like.device)
    return both[0][None, :, None, None], both[1][None, :, None, None]


METHOD = Method(
    key="class_image",
    title="Class image (Simonyan)",
    citation=Citation(
        authors=("Karen Simonyan", "Andrea Vedaldi", "Andrew Zisserman"),
        year=2013,
        title="Deep Inside Convolutional Networks: Visualising Image Classification Models "
        "and Saliency Maps",
        venue="International Conference on Learning Representations (ICLR), workshop 2014",
        identifier="arXiv:1312.6034",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="No transfer: the picture that a classifier takes most for one class; of the content "
    "only the size counts, the style is ignored.",
)
