"""How a trial was seen: what the browser logs beside an answer, checked, bounded and summed up."""

import math
from collections.abc import Mapping
from typing import Any

EVENTS_MAX = 200
LAYOUTS = ("side_by_side", "stacked", "flip", "grid", "line")
POINTERS = ("mouse", "touch", "pen", "keyboard")
# Each event with how many numbers follow its time and its name.
EVENTS = {
    "hidden": 0,  # the page went out of sight: another tab, a locked phone
    "visible": 0,
    "blur": 0,  # another window has the keyboard
    "focus": 0,
    "resize": 2,  # width, height in CSS pixels
    "ratio": 1,  # device pixels per CSS pixel: the browser's own zoom, another monitor
    "pinch": 1,  # the page enlarged by two fingers
    "layout": 1,  # index in LAYOUTS
    "zoom": 1,  # device pixels per picture pixel, both pictures alike
    "flip": 1,  # place of the picture now seen, from 0
    "enlarge": 1,  # place of the picture opened large, from 0
    "reference": 1,  # place of the reference held or opened, from 0
}


def read(log: Any) -> dict[str, Any]:
    """Check a browser's log of one trial.

    Args:
        log: object of any of layout (LAYOUTS), window ([width, height] at onset, CSS pixels), ratio
            (device pixels per CSS pixel at onset), pinch (page scale at onset), scale (device
            pixels per picture pixel at onset), pointer (POINTERS: what the answer came by), events
            (at most EVENTS_MAX of [ms from onset, name, numbers…], see EVENTS) and dropped (how
            many events there were beyond those).

    Returns:
        The same, of these keys only.

    Raises:
        ValueError: where, what came, what would be right.
    """
    if not isinstance(log, dict):
        raise ValueError(f"viewing: must be an object, got {type(log).__name__}")
    made: dict[str, Any] = {}
    for key, words in (("layout", LAYOUTS), ("pointer", POINTERS)):
        if (word := log.get(key)) is not None:
            if word not in words:
                raise ValueError(f"{key}: must be one of {', '.join(words)}, got {word!r:.40}")
            made[key] = word
    for key in ("ratio", "pinch", "scale", "dropped"):
        if (value := log.get(key)) is not None:
            made[key] = _number(key, value)
    if (window := log.get("window")) is not None:
        made["window"] = _numbers("window", window, 2)
    made["events"] = _events(log.get("events", []))
    return made


def _events(events: Any) -> list[list[Any]]:
    if not isinstance(events, list) or len(events) > EVENTS_MAX:
        raise ValueError(f"events: must be a list of at most {EVENTS_MAX}")
    made: list[list[Any]] = []
    for event in events:
        name = event[1] if isinstance(event, list) and len(event) > 1 else None
        if not isinstance(name, str) or name not in EVENTS:
            raise ValueError(f"events: must be [ms, name, numbers…], got {event!r:.60}")
        made.append([_number("ms", event[0]), name, *_numbers(name, event[2:], EVENTS[name])])
    return made


def _numbers(key: str, values: Any, count: int) -> list[float]:
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f"{key}: must hold {count} numbers, got {values!r:.40}")
    return [_number(key, value) for value in values]


def _number(key: str, value: Any) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not 0 <= value < math.inf:
        raise ValueError(f"{key}: must be a number from 0 on, got {value!r:.40}")
    return float(min(value, 1e12))


def summary(log: Mapping[str, Any] | None, reaction_ms: float | None) -> dict[str, Any]:
    """What an analyst filters by, one value each; None where the browser told nothing.

    Args:
        log: as `read` returned it, or None.
        reaction_ms: from onset to the answer: until then a page that stays hidden is hidden.
    """
    log = log or {}
    width, height = log.get("window", (None, None))
    events = log.get("events")
    heard = events is not None
    count = dict.fromkeys(("blur", "resize", "zoom"), 0)
    hidden = 0.0
    since: float | None = None
    for ms, name, *_ in events or []:
        if name in count:
            count[name] += 1
        if name == "hidden":
            since = ms if since is None else since
        elif name == "visible" and since is not None:
            hidden, since = hidden + ms - since, None
    if since is not None and reaction_ms is not None:
        hidden += max(0.0, reaction_ms - since)
    return {
        "layout": log.get("layout"),
        "window_width": width,
        "window_height": height,
        "pixel_ratio": log.get("ratio"),
        "picture_scale": log.get("scale"),
        "pointer": log.get("pointer"),
        "hidden_ms": round(hidden, 1) if heard else None,
        "blurs": count["blur"] if heard else None,
        "resizes": count["resize"] if heard else None,
        "zooms": count["zoom"] if heard else None,
    }
