"""Infinite rating scale: place all pictures on a line without ends. Analysis: placement."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studies.protocols.base import Protocol, Rules, require_object

MOVES_MAX = 1000
WINDOW = {"width": 1e6, "pixel_ratio": 100.0, "distance_cm": 10_000.0}  # each above 0, up to this


def read(content: Any, addresses: Sequence[str], rules: Rules) -> dict[str, Any]:
    """Check `{"positions": {<address>: float}}` (all placed, line units) or `{"chosen": "skip"}`.

    Beside the positions may stand `moves`, a list of `[place, ms, position]` (place in the order shown from 0,
    milliseconds from first paint, line units or null for the tray), and `window`, an object of `width` (CSS
    pixels), `pixel_ratio` and, where the participant stated it, `distance_cm`.

    Raises:
        ValueError: What came and what would be right.
    """
    if isinstance(content, dict) and set(content) == {"chosen"}:
        if content["chosen"] != "skip":
            raise ValueError(f"chosen: must be skip, got {content['chosen']!r:.40}")
        return {"chosen": "skip"}
    beside = [name for name in ("moves", "window") if isinstance(content, dict) and name in content]
    positions = require_object(content, "positions", *beside)["positions"]
    if not isinstance(positions, dict):
        raise ValueError(f"positions: must be an object, got {type(positions).__name__}")
    if missing := set(addresses) - set(positions):
        raise ValueError(f"positions: {len(missing)} of {len(addresses)} stimuli are not placed")
    if len(positions) > len(addresses):
        raise ValueError("positions: hold an address that is not in this trial")
    stored: dict[str, Any] = {
        "positions": {address: _number("positions", positions[address]) for address in addresses}
    }
    if "moves" in beside:
        stored["moves"] = _moves(content["moves"], len(addresses))
    if "window" in beside:
        stored["window"] = _window(content["window"])
    return stored


def _moves(moves: Any, stimuli: int) -> list[list[Any]]:
    if not isinstance(moves, list) or len(moves) > MOVES_MAX:
        got = f"{len(moves)} of them" if isinstance(moves, list) else type(moves).__name__
        raise ValueError(f"moves: must be a list of at most {MOVES_MAX}, got {got}")
    return [_move(move, stimuli) for move in moves]


def _move(move: Any, stimuli: int) -> list[Any]:
    if not isinstance(move, list) or len(move) != 3:
        raise ValueError(f"moves: each must be [place, ms, position], got {move!r:.40}")
    place, ms, position = move
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < stimuli:
        raise ValueError(f"moves: a place must be 0 to {stimuli - 1}, got {place!r:.40}")
    moved = None if position is None else _number("moves", position)
    return [place, _number("moves", ms), moved]


def _window(window: Any) -> dict[str, float]:
    if not isinstance(window, dict) or not {"width", "pixel_ratio"} <= set(window) <= set(WINDOW):
        got = sorted(map(str, window)) if isinstance(window, dict) else type(window).__name__
        raise ValueError(
            "window: must hold width and pixel_ratio, and distance_cm or nothing else, "
            f"got {got!r:.60}"
        )
    read = {name: _number("window", value) for name, value in window.items()}
    for name, value in read.items():
        if not 0 < value <= WINDOW[name]:
            raise ValueError(
                f"window: {name} must be above 0, up to {WINDOW[name]:g}, got {value:g}"
            )
    return read


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{where}: must be numbers, got {value!r:.40}")
    try:
        number = float(value)
    except OverflowError:  # an integer beyond float64
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{where}: must be finite numbers")
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
