"""What a loss is: prepared once from all it may look at, then called at every evaluation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from stylize.encoders.base import Encoder, Role, names
from stylize.record import Guides

Features = dict[str, Tensor]  # layer name → (1, C, h, w)
Loss = Callable[[Tensor, Features], Tensor]  # planes (1, 3, H, W) and their features → scalar


@dataclass(frozen=True)
class Sight:
    """All that a loss may look at when it is prepared, at one size.

    Args:
        encoder: fitted to the pair.
        content: planes (1, 3, H, W) that the picture is to resemble.
        style: planes (1, 3, h, w).
        guides: masks and further styles, reduced to these sizes.
        seed: of whatever the loss draws.
    """

    encoder: Encoder
    content: Tensor
    style: Tensor
    guides: Guides
    seed: int

    @cached_property
    def content_features(self) -> Features:
        with torch.no_grad():
            return self.encoder.features(self.content)

    @cached_property
    def style_features(self) -> Features:
        with torch.no_grad():
            return self.encoder.features(self.style)

    def layers(self, role: Role) -> tuple[str, ...]:
        """Names of the layers with `role` that both pictures have, fine to coarse."""
        return names(self.encoder, role, *self.content.shape[2:])


Prepare = Callable[[Sight], Loss]


@runtime_checkable
class Renewed(Protocol):
    """A loss that looks at the picture again and again: for new matches, or to train on it.

    Between two looks it is one fixed function, as line searches need.

    Args:
        every: evaluations between two looks.
    """

    every: int

    def __call__(self, planes: Tensor, features: Features) -> Tensor:
        """The loss, as of any `Loss`."""

    def renew(self, planes: Tensor, features: Features) -> None:
        """Look at the picture; called without gradients."""


@dataclass(frozen=True)
class Term:
    """One summand of what is minimised.

    Args:
        prepare: makes the loss for one size.
        weight: of the loss.
        name: under which its scale is recorded.
        scaled: whether the loss is first scaled so that, at the content, its gradient is as large
            as that of E_style; weights of losses with different units then compare.
    """

    prepare: Prepare
    weight: float
    name: str = ""
    scaled: bool = False
