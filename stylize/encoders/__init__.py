"""Encoders: pictures to ordered, named feature maps."""

from collections.abc import Callable
from functools import cache

from stylize.encoders.base import Encoder
from stylize.encoders.pyramid import Pyramid

ENCODERS: dict[str, Callable[[str], Encoder]] = {"pyramid": Pyramid}


@cache
def get(key: str, device: str) -> Encoder:
    """The encoder `key` on a torch device, one per process.

    Raises:
        ValueError: when there is no such encoder.
    """
    if key not in ENCODERS:
        known = ", ".join(sorted(ENCODERS))
        raise ValueError(f"encoder: came {key!r}, must be one of {known}")
    return ENCODERS[key](device)
