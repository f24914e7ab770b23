"""Encoders: pictures to feature maps, one instance per process, weights and device."""

from functools import lru_cache

from stylize.encoders.base import Encoder
from stylize.encoders.pyramid import Pyramid
from stylize.encoders.vgg19 import Vgg19
from stylize.encoders.weights import (
    VARIANTS,
    MissingWeights,
    Weights,
    WeightsRefused,
    read,
    read_path,
)
from stylize.record import torchvision_vgg19

__all__ = [
    "TITLES",
    "VARIANTS",
    "MissingWeights",
    "WeightsRefused",
    "get",
    "provide",
    "provided",
    "read",
    "weights_of",
]

TITLES = {"pyramid": "Steerable pyramid"} | {key: each.title for key, each in VARIANTS.items()}
_provided: dict[str, Weights] = {}


def provide(key: str, weights: Weights | None) -> None:
    """Have this process's `get(key)` use these weights; None: those it was given no more.

    Raises:
        ValueError: when the weights belong to another encoder.
    """
    if weights is None:
        _provided.pop(key, None)
    elif weights.key != key:
        raise ValueError(f"weights: are those of {weights.key}, must be of {key}")
    else:
        _provided[key] = weights


def provided(key: str) -> Weights | None:
    """The weights that this process was given for `key`."""
    return _provided.get(key)


def weights_of(key: str) -> Weights | None:
    """The weights that `get(key)` uses; None where an encoder needs none.

    For `vgg19` those that torchvision downloaded on this machine will do. Nothing is downloaded.

    Raises:
        ValueError: when there is no such encoder.
        MissingWeights: when they are not there.
    """
    if key not in TITLES:
        raise ValueError(f"encoder: came {key!r}, must be one of {', '.join(sorted(TITLES))}")
    if key not in VARIANTS:
        return None
    if weights := provided(key):
        return weights
    if key == "vgg19" and (path := torchvision_vgg19()):
        return read_path(path)
    raise MissingWeights(f"encoder: the weights of {key} are not here, import them first")


def get(key: str, device: str, bf16: bool = False) -> Encoder:
    """The encoder `key` on a torch device.

    Args:
        bf16: of networks on CUDA: convolve in bfloat16. Elsewhere nothing changes.

    Raises:
        ValueError, MissingWeights: see `weights_of`.
    """
    return _built(key, weights_of(key), device, bf16)


@lru_cache(maxsize=8)
def _built(key: str, weights: Weights | None, device: str, bf16: bool) -> Encoder:
    return Pyramid(device) if weights is None else Vgg19(weights.to(device), device, bf16)
