"""Where the numeric rooms, and torch with them, are loaded: by the first call, never at a start."""

from __future__ import annotations

from typing import Any


def numeric() -> tuple[Any, Any, Any, Any]:
    """The numeric rooms, which load torch: the house's only late import of its own."""
    from stylize import encoders, measures, methods, postprocess

    return encoders, measures, methods, postprocess


def method_of(key: str) -> Any:
    registry = numeric()[2].registry()
    if key not in registry:
        raise ValueError(f"method: came {key!r}, must be one of {', '.join(sorted(registry))}")
    return registry[key]
