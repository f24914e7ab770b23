"""What an encoder is: pictures to an ordered dict of named feature maps, asked for by role."""

from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

Role = Literal["style", "content", "patch", "base"]


@dataclass(frozen=True)
class Layer:
    """One feature map.

    Args:
        name: key in the result of `encode`.
        stride: pixels of the picture per step of the map.
        channels: of the map.
        roles: what methods use it for. "patch": its small windows are matched as wholes. "base":
            what is left below the coarsest style layer.
    """

    name: str
    stride: int
    channels: int
    roles: frozenset[Role]


class Encoder(Protocol):
    """Maps pictures to features. Methods ask for layers by role, never by name or index.

    Features are computed from `planes`: the picture in the colour coordinates that suit the
    encoder, in which methods also optimise.
    """

    @property
    def key(self) -> str:
        """Name in a recipe."""

    def fitted(self, content: Tensor, style: Tensor) -> "Encoder":
        """The encoder adapted to one pair, (1, 3, H, W) and (1, 3, h, w) sRGB in [0, 1].

        An encoder with nothing to adapt returns itself.
        """

    def layers(self, height: int, width: int) -> tuple[Layer, ...]:
        """The maps of a picture of this size, fine to coarse."""

    def enter(self, images: Tensor) -> Tensor:
        """Planes (B, 3, H, W) of sRGB pictures (B, 3, H, W)."""

    def leave(self, planes: Tensor) -> Tensor:
        """The inverse of `enter`, unclipped."""

    def features(self, planes: Tensor) -> dict[str, Tensor]:
        """Maps (B, channels, ⌈H/stride⌉, ⌈W/stride⌉) by layer name, in the order of `layers`.

        They cover the picture and nothing outside it: statistics may average over all positions.
        """

    def encode(self, images: Tensor) -> dict[str, Tensor]:
        """`features` of sRGB pictures."""


def names(encoder: Encoder, role: Role, height: int, width: int) -> tuple[str, ...]:
    """Names of the layers that have `role` for a picture of `height` × `width` px."""
    return tuple(each.name for each in encoder.layers(height, width) if role in each.roles)
