"""CSV: one row per participant, also of those who left no answer; no panel's id in any."""

from collections.abc import Iterator
from typing import Any

from studies.models import Participant, Study

COLUMNS = {
    "participant": "Random id of the visit; drawn anew when somebody withdraws.",
    "participant_kind": "person, or simulated (a program with known tastes). Previews are left out.",
    "participant_state": "started, consented, declined, screened (turned away by a check), finished, or "
    "withdrawn: then nothing else is kept.",
    "started_at": "When Start was pressed (UTC, ISO 8601).",
    "consented_at": "When the participant agreed (UTC, ISO 8601).",
    "consent_version": "Which text was agreed to: the first 12 hex digits of its SHA-256.",
    "finished_at": "When the last answer had arrived and the code was given (UTC, ISO 8601).",
}

CHECKS = {
    "window": "Check of the window's size: passed, failed, or empty where it was not put.",
    "window_width": "Width of the window at the check, in CSS px.",
    "window_height": "Height of the window at the check, in CSS px.",
    "pixel_ratio": "Device pixels per CSS px at the check of the window or the card.",
    "colour_vision": "Plates of dots: passed (the plate for everybody and four of five), or failed.",
    "brightness": "Faint squares on black and white: passed (at most one missed on each), or failed.",
    "card": "Size of a card on the screen: passed, or failed (no card, or an impossible size).",
    "px_per_mm": "CSS px per millimetre, from the card.",
}


def columns(study: Study) -> dict[str, str]:
    """The columns of participants.csv, in order, with their meaning."""
    asked = {
        f"about: {one.label}": f"Asked after the last trial: {one.get_kind_display()}"
        + (f" ({', '.join(one.choice_list)})." if one.kind == one.Kind.CHOICE else ".")
        for one in study.demographics.all()
    }
    return COLUMNS | CHECKS | asked


def rows(study: Study) -> Iterator[dict[str, Any]]:
    people = (
        study.participants.prefetch_related("screenings")
        .exclude(kind=Participant.Kind.PREVIEW)
        .order_by("pk")
    )
    for person in people.iterator(chunk_size=2000):
        yield _row(person)


def _row(person: Participant) -> dict[str, Any]:
    times = ("started_at", "consented_at", "finished_at")
    return {
        **_checks(person),
        "participant": person.public_id,
        "participant_kind": person.kind,
        "participant_state": person.state,
        "consent_version": person.consent_version,
        **{f"about: {label}": said for label, said in (person.demographics or {}).items()},
        **{name: at.isoformat() if (at := getattr(person, name)) else None for name in times},
    }


def _checks(person: Participant) -> dict[str, Any]:
    """The last result of each check."""
    found: dict[str, Any] = {}
    for check in person.screenings.all():
        found[check.kind] = "passed" if check.passed else "failed"
        measured = {
            "window_width": "width",
            "window_height": "height",
            "pixel_ratio": "ratio",
            "px_per_mm": "px_per_mm",
        }
        found |= {name: check.result[key] for name, key in measured.items() if key in check.result}
    return found
