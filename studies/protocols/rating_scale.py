"""Infinite rating scale: place all pictures on a line without ends. Analysis: placement."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studies.protocols.base import Protocol, Rules, require_object


def read(content: Any, addresses: Sequence[str], rules: Rules) -> dict[str, Any]:
    """Check `{"positions": {<address>: float}}` (all placed, line units) or `{"chosen": "skip"}`.

    Raises:
        ValueError: What came and what would be right.
    """
    if isinstance(content, dict) and set(content) == {"chosen"}:
        if content["chosen"] != "skip":
            raise ValueError(f"chosen: must be skip, got {content['chosen']!r:.40}")
        return {"chosen": "skip"}
    positions = require_object(content, "positions")["positions"]
    if not isinstance(positions, dict):
        raise ValueError(f"positions: must be an object, got {type(positions).__name__}")
    if missing := set(addresses) - set(positions):
        raise ValueError(f"positions: {len(missing)} of {len(addresses)} stimuli are not placed")
    if len(positions) > len(addresses):
        raise ValueError("positions: hold an address that is not in this trial")
    return {"positions": {address: _number(positions[address]) for address in addresses}}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"positions: must be numbers, got {value!r:.40}")
    try:
        number = float(value)
    except OverflowError:  # an integer beyond float64
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("positions: must be finite numbers")
    return number


def simulate(
    addresses: Sequence[str], utility: Mapping[str, float], rng: np.random.Generator
) -> dict[str, Any]:
    """Place at offset + gain × (utility + noise): every scroll has its own offset and gain."""
    offset, gain = rng.normal(0.0, 300.0), np.exp(rng.normal(4.0, 0.5))
    return {
        "positions": {
            address: float(offset + gain * (utility[address] + rng.normal(0.0, 0.8)))
            for address in addresses
        }
    }


PROTOCOL = Protocol("rating_scale", "Infinite rating scale", None, True, read, simulate)
