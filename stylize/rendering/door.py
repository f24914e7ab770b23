"""Where the numeric rooms, and torch with them, are loaded: by the first call, never at a start."""

from __future__ import annotations

from typing import Any, NamedTuple


class Rooms(NamedTuple):
    """The numeric rooms as modules."""

    encoders: Any
    measures: Any
    methods: Any
    postprocess: Any


def numeric() -> Rooms:
    """The numeric rooms, which load torch: the house's only late import of its own."""
    from stylize import encoders, measures, methods, postprocess

    return Rooms(encoders, measures, methods, postprocess)


def method_of(key: str) -> Any:
    registry = numeric().methods.registry()
    if key not in registry:
        raise ValueError(f"method: came {key!r}, must be one of {', '.join(sorted(registry))}")
    return registry[key]
