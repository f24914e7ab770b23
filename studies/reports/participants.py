"""CSV: one row per participant, also of those who left no answer; no panel's id in any."""

from collections.abc import Iterator
from typing import Any

from studies.models import Participant, Study

COLUMNS = {
    "participant": "Random id of the visit; drawn anew when somebody withdraws.",
    "participant_kind": "person, or simulated (a program with known tastes). Previews are left out.",
    "participant_state": "started, consented, declined, finished, or withdrawn: then nothing else is kept.",
    "started_at": "When Start was pressed (UTC, ISO 8601).",
    "consented_at": "When the participant agreed (UTC, ISO 8601).",
    "consent_version": "Which text was agreed to: the first 12 hex digits of its SHA-256.",
    "finished_at": "When the last answer had arrived and the code was given (UTC, ISO 8601).",
}


def columns(study: Study) -> dict[str, str]:
    """The columns of participants.csv, in order, with their meaning."""
    return dict(COLUMNS)


def rows(study: Study) -> Iterator[dict[str, Any]]:
    people = study.participants.exclude(kind=Participant.Kind.PREVIEW).order_by("pk")
    for person in people.iterator(chunk_size=2000):
        yield _row(person)


def _row(person: Participant) -> dict[str, Any]:
    times = ("started_at", "consented_at", "finished_at")
    return {
        "participant": person.public_id,
        "participant_kind": person.kind,
        "participant_state": person.state,
        "consent_version": person.consent_version,
        **{name: at.isoformat() if (at := getattr(person, name)) else None for name in times},
    }
