"""Screening before the trials: which check is due, what it shows, whether it was passed."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from studies.drawing import plates
from studies.models import Participant, Screening
from stylize import imaging

Kind = Screening.Kind
Array = imaging.Array

# In the order in which they are put, with how often one may be tried.
ATTEMPTS = {Kind.WINDOW: 1, Kind.COLOUR_VISION: 2, Kind.BRIGHTNESS: 2, Kind.CARD: 1}
PLATES = ("shown", "deutan", "protan", "deutan", "protan", "deutan")
PLATES_RIGHT = 4  # of the five that a colour-blind eye cannot read
CARD_MM = 85.6  # ISO/IEC 7810, ID-1
PX_PER_MM = (1.5, 14.0)  # CSS px: what screens have, with room


class NotDue(ValueError):
    """A result for a check that is not the next one."""


@dataclass(frozen=True)
class Due:
    """The next check; `attempt` counts from 0."""

    kind: Screening.Kind
    hard: bool
    attempt: int


def due(participant: Participant) -> Due | None:
    """The first check that was neither passed nor used up within the study's hours."""
    study = participant.study
    gates = {kind: getattr(study, f"screen_{kind}") for kind in ATTEMPTS}
    if (
        set(gates.values()) == {"off"}
        or participant.kind == Participant.Kind.SIMULATED
        or participant.state != Participant.State.CONSENTED
    ):
        return None
    since = timezone.now() - timedelta(hours=study.screening_hours)
    rows = participant.screenings.filter(created_at__gte=since).values_list("kind", "passed")
    known = list(rows)
    for kind, allowed in ATTEMPTS.items():
        tried = sum(one == kind for one, _ in known)
        if gates[kind] != "off" and (kind, True) not in known and tried < allowed:
            return Due(kind, gates[kind] == "hard", tried)
    return None


def step(participant: Participant) -> dict[str, Any]:
    """What the page needs to put the next check; `kind` is None where none is due."""
    check = due(participant)
    if check is None:
        return {"kind": None}
    drawn = _pictures(participant, check)
    pictures = [base64.b64encode(imaging.encode_png(one)).decode() for one in drawn]
    study = participant.study
    return {
        "kind": check.kind,
        "hard": check.hard,
        "attempt": check.attempt,
        "pictures": pictures,
        "minimum": {"width": study.minimum_width, "height": study.minimum_height},
    }


def record(participant: Participant, sent: Mapping[str, Any]) -> tuple[bool, bool]:
    """Store how a check came out.

    Returns:
        Whether it was passed, and whether the participant may go on.

    Raises:
        NotDue: another check, or another attempt at it, is the next one.
        ValueError: naming the field and what would be right.
    """
    check = due(participant)
    if check is None or sent.get("kind") != check.kind:
        next_one = check.kind.value if check else "none"
        raise NotDue(f"kind: {next_one} is due, got {sent.get('kind')!r:.40}")
    if sent.get("attempt") != check.attempt:  # sent again, since no answer came back
        raise NotDue(f"attempt: {check.attempt} is due, got {sent.get('attempt')!r:.40}")
    passed, result = READ[check.kind](participant, check, sent)
    Screening.objects.create(participant=participant, kind=check.kind, passed=passed, result=result)
    used_up = check.attempt + 1 >= ATTEMPTS[check.kind]
    return passed, passed or not (check.hard and used_up)


def _right(participant: Participant, check: Due) -> tuple[list[int], np.random.Generator]:
    """What is right to say to each picture, and what draws them; the same for the same attempt."""
    place = list(ATTEMPTS).index(check.kind)
    rng = np.random.default_rng([participant.study.seed, participant.pk, place, check.attempt])
    if check.kind == Kind.COLOUR_VISION:
        return rng.choice(plates.DIGITS, len(PLATES)).tolist(), rng
    if check.kind == Kind.BRIGHTNESS:
        return rng.choice(plates.SQUARES, 2).tolist(), rng
    return [], rng


def _pictures(participant: Participant, check: Due) -> list[Array]:
    right, rng = _right(participant, check)
    if check.kind == Kind.COLOUR_VISION:
        shown = zip(right, PLATES, strict=True)
        return [plates.plate(digit, kind, rng) for digit, kind in shown]
    grounds = (True, False)[: len(right)]
    return [plates.steps(n, dark=dark, rng=rng) for n, dark in zip(right, grounds, strict=True)]


def _window(participant: Participant, check: Due, sent: Mapping[str, Any]) -> tuple[bool, Any]:
    study = participant.study
    found = {name: _number(sent, name) for name in ("width", "height", "ratio")}
    return found["width"] >= study.minimum_width and found["height"] >= study.minimum_height, found


def _said(participant: Participant, check: Due, sent: Mapping[str, Any]) -> tuple[bool, Any]:
    right, _ = _right(participant, check)
    said = sent.get("said")
    if not isinstance(said, list) or len(said) != len(right):
        raise ValueError(f"said: must be a list of {len(right)} digits or null, got {said!r:.60}")
    if not all(one is None or (isinstance(one, int) and 0 <= one <= 9) for one in said):
        raise ValueError(f"said: must hold digits 0 to 9 or null, got {said!r:.60}")
    hits = [one == other for one, other in zip(said, right, strict=True)]
    if check.kind == Kind.COLOUR_VISION:
        passed = hits[0] and sum(hits[1:]) >= PLATES_RIGHT
    else:  # the faintest step of each may be missed
        pairs = zip(said, right, strict=True)
        passed = all(one is not None and other - 1 <= one <= other for one, other in pairs)
    return passed, {"shown": right, "said": said}


def _card(participant: Participant, check: Due, sent: Mapping[str, Any]) -> tuple[bool, Any]:
    if sent.get("px_per_mm") is None:
        return False, {"px_per_mm": None}
    found = {name: _number(sent, name) for name in ("px_per_mm", "ratio")}
    low, high = PX_PER_MM
    return low <= found["px_per_mm"] <= high, found


def _number(sent: Mapping[str, Any], name: str) -> float:
    value = sent.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise ValueError(f"{name}: must be a number above 0, got {value!r:.40}")
    return round(float(value), 4)


READ: dict[Screening.Kind, Callable[..., tuple[bool, Any]]] = {
    Kind.WINDOW: _window,
    Kind.COLOUR_VISION: _said,
    Kind.BRIGHTNESS: _said,
    Kind.CARD: _card,
}
