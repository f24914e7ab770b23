"""Mahendran & Vedaldi 2015: find a picture from its features alone, to see what they keep.

The features are the encoder's layers from one depth on: a `pyramid` with all its scales is
invertible, so dropping the fine ones shows what those carry. L-BFGS instead of the authors'
gradient descent with momentum; σ, an average norm that the paper measures, is `NATURAL`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylize import encoders
from stylize.encoders.base import Encoder
from stylize.losses.base import Features
from stylize.losses.regularisers import (
    NATURAL,
    bounded,
    from_grey_levels,
    grey_levels,
    natural_energy,
    variation,
)
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers.optimize import OPTIMIZERS, minimise


@dataclass(frozen=True)
class Parameters:
    """Weights as in the authors' code, of grey levels over σ²."""

    first_layer: int = parameter(
        2, low=0, high=20, help="Keep the encoder's layers from this one on; 0 is the finest; ours."
    )
    variation_weight: float = parameter(
        1.0, low=0.0, high=1e4, help="λ_V; paper: 1 for early layers, 10 and 100 for deep ones."
    )
    variation_power: float = parameter(
        2.0, low=1.0, high=3.0, help="β of the variation; authors' code: 2, as 1 leaves spikes."
    )
    bound_weight: float = parameter(8e-10, low=0.0, high=1e-3, help="λ_α; authors' code: 8e-10.")
    bound_power: float = parameter(6.0, low=1.0, high=12.0, help="α; the paper: 6.")
    iterations: int = parameter(
        150, low=0, high=5000, help="Evaluations; the authors: 400 steps of gradient descent."
    )
    optimizer: str = parameter(
        "lbfgs", choices=OPTIMIZERS, help="The paper: gradient descent with momentum."
    )
    history: int = parameter(30, low=1, high=200, help="Pairs that L-BFGS keeps.")


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """The contents as their features remember them; (B, 3, H, W), unclipped."""
    encoder = encoders.get(run.encoder, run.device)
    results = []
    for index in range(len(contents)):
        part = run.part(index / len(contents), (index + 1) / len(contents))
        results.append(inverted(encoder, contents[index : index + 1], parameters, part))
    return torch.cat(results)


def inverted(encoder: Encoder, content: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """One picture from its features.

    Args:
        encoder: is fitted to the content alone.
        content: (1, 3, H, W) sRGB in [0, 1].

    Returns:
        (1, 3, H, W), unclipped.
    """
    fitted = encoder.fitted(content, content)
    kept = kept_features(fitted, content, parameters.first_layer)

    def energy(planes: Tensor) -> Tensor:
        found = fitted.features(planes)
        return data_term(found, kept) + penalty(fitted.leave(planes), parameters)

    start = fitted.enter(from_grey_levels(_noise(content, run.seed)))
    best = minimise(
        energy, start, parameters.iterations, run, parameters.history, parameters.optimizer
    )
    with torch.no_grad():
        run.figures["data term"] = float(data_term(fitted.features(best), kept))
    return fitted.leave(best)


def kept_features(encoder: Encoder, content: Tensor, first: int) -> Features:
    """Φ0: the features of the content from layer `first` on, or the deepest where it has fewer."""
    layers = [layer.name for layer in encoder.layers(*content.shape[2:])]
    with torch.no_grad():
        features = encoder.encode(content)
    return {name: features[name] for name in layers[min(first, len(layers) - 1) :]}


def data_term(features: Features, kept: Features) -> Tensor:
    """‖Φ(x) - Φ0‖² / ‖Φ0‖² over all layers of `kept` together (equation 1 of the paper)."""
    missed = torch.stack([(features[name] - each).square().sum() for name, each in kept.items()])
    energy = torch.stack([each.square().sum() for each in kept.values()]).sum()
    return missed.sum() / energy.clamp(min=torch.finfo(energy.dtype).tiny ** 0.5)


def penalty(images: Tensor, parameters: Parameters) -> Tensor:
    """(λ_V/2 R_Vβ + λ_α/2 R_α) / σ² of sRGB pictures, as the authors' code weighs them."""
    values = grey_levels(images)
    total = parameters.variation_weight / 2 * variation(values, parameters.variation_power)
    total = total + parameters.bound_weight / 2 * bounded(values, parameters.bound_power)
    return total / natural_energy(values)


def _noise(like: Tensor, seed: int) -> Tensor:
    """N(0, 1) scaled to norm σ, in grey levels; the paper's start."""
    generator = torch.Generator().manual_seed(seed)
    noise = NATURAL * torch.randn(like.shape, generator=generator)
    return noise.to(like.device, like.dtype)


METHOD = Method(
    key="feature_inversion",
    title="Feature inversion (Mahendran & Vedaldi)",
    citation=Citation(
        authors=("Aravindh Mahendran", "Andrea Vedaldi"),
        year=2015,
        title="Understanding Deep Image Representations by Inverting Them",
        venue="IEEE Conference on Computer Vision and Pattern Recognition (CVPR)",
        identifier="arXiv:1412.0035",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True),
    summary="The content is found again from its coarse features alone; the style is ignored.",
)
