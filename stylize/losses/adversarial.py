"""Patches that a small network, trained alongside, cannot tell from the style's (Li & Wand 2016, MDAN).

Instead of the nearest window of the style, a discriminator of the whole set: after training it
needs nothing of the style. It has no batch normalisation, unlike the paper's, as that would let
every window see all others.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from stylize.losses.base import Features, Prepare, Sight

HIDDEN = 16  # channels
SMALLEST = 1e-8  # of a map's mean square: a constant style has none
SLOPE = 0.2  # of the leaky rectifiers, as in the authors' code
MOMENTUM = (0.5, 0.999)  # of Adam, likewise


def hinge(scores: Tensor, real: bool) -> Tensor:
    """Mean of max(0, 1 - y · score), y = 1 for `real` and -1 otherwise; 0 beyond all margins."""
    return (1 - scores if real else 1 + scores).clamp(min=0).mean()


def discriminator(channels: int, seed: int) -> nn.Sequential:
    """A network from maps (1, channels, h, w) to the score of every position, (1, 1, h, w).

    A score sees 5×5 positions; beyond the border the map is continued.

    Args:
        channels: of the map.
        seed: of its weights, which are the same on every device.
    """
    generator = torch.Generator().manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(channels, HIDDEN, 1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(HIDDEN, HIDDEN, 3, padding=1, padding_mode="replicate"),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(HIDDEN, 1, 3, padding=1, padding_mode="replicate"),
    )
    with torch.no_grad():
        for layer in network:
            if isinstance(layer, nn.Conv2d) and layer.bias is not None:
                spread = (2 / layer.weight[0].numel()) ** 0.5
                layer.weight.copy_(spread * torch.randn(layer.weight.shape, generator=generator))
                nn.init.zeros_(layer.bias)
    return network


@dataclass
class Judge:
    """The discriminator of one layer, or of the picture itself.

    Args:
        layer: name of the layer; empty for the planes.
        weight: of its hinge in the loss.
        factor: by which its maps are multiplied: the style's have a mean square of 1.
        style: the style's map in those units.
        network: from such maps to scores.
        optimizer: of the network.
    """

    layer: str
    weight: float
    factor: float
    style: Tensor
    network: nn.Sequential
    optimizer: torch.optim.Optimizer

    def scores(self, planes: Tensor, features: Features) -> Tensor:
        """(1, 1, h, w), above 1 for what is surely the style's."""
        found: Tensor = self.network(self.factor * _map(self.layer, planes, features))
        return found

    @torch.enable_grad()
    def train(self, planes: Tensor, features: Features, steps: int) -> None:
        """Learn to tell the style from a picture."""
        maps = self.factor * _map(self.layer, planes, features)
        self.network.requires_grad_(True)
        for _ in range(steps):
            self.optimizer.zero_grad()
            loss = hinge(self.network(self.style), True) + hinge(self.network(maps), False)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
        self.network.requires_grad_(False)  # the picture's gradient has no use for the weights'


@dataclass
class PatchAdversary:
    """The loss: the hinges of a picture's patches that are to pass for the style's.

    Args:
        every: evaluations between two trainings.
        steps: of each training.
        judges: one per layer.
    """

    every: int
    steps: int
    judges: list[Judge]

    def __call__(self, planes: Tensor, features: Features) -> Tensor:
        found = [
            judge.weight * hinge(judge.scores(planes, features), True) for judge in self.judges
        ]
        return torch.stack(found).sum()

    def renew(self, planes: Tensor, features: Features) -> None:
        for judge in self.judges:
            judge.train(planes, features, self.steps)


def patch_adversary(every: int, steps: int, rate: float, warm_up: int, finer: float) -> Prepare:
    """The loss whose discriminators have seen the content first.

    Args:
        every: evaluations between two trainings.
        steps: of Adam in each of them.
        rate: of Adam.
        warm_up: steps before the first evaluation.
        finer: weight of the layers finer than the patch layers, and of the picture itself, beside
            the patch layers' 1; 0 for none.
    """

    def prepare(sight: Sight) -> PatchAdversary:
        judges = []
        for number, (layer, weight) in enumerate(_weights(sight, finer)):
            style = _map(layer, sight.style, sight.style_features)
            factor = (float(style.square().mean()) + SMALLEST) ** -0.5
            network = discriminator(style.shape[1], sight.seed + number).to(style.device)
            optimizer = torch.optim.Adam(network.parameters(), lr=rate, betas=MOMENTUM)
            judge = Judge(layer, weight, factor, factor * style, network, optimizer)
            judge.train(sight.content, sight.content_features, warm_up)
            judges.append(judge)
        return PatchAdversary(every, steps, judges)

    return prepare


def _weights(sight: Sight, finer: float) -> list[tuple[str, float]]:
    """Layers with weights that sum to 1 over the patch layers and to `finer` over the others."""
    patch = sight.layers("patch")
    names = sight.layers("style")
    others = (*names[: names.index(patch[0])], "")
    weighted = [(name, 1 / len(patch)) for name in patch]
    return weighted + [(name, finer / len(others)) for name in others if finer > 0]


def _map(layer: str, planes: Tensor, features: Features) -> Tensor:
    return features[layer] if layer else planes
