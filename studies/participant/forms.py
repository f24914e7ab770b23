"""What comes in: a panel's parameters, and the fields of an answer and of an event."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from studies.models import Demographic, Event
from studies.participant.access import Refused

# Prolific, Mechanical Turk, CloudResearch, SONA and the like; anything else is left where it is.
PANEL = (
    "PROLIFIC_PID",
    "STUDY_ID",
    "SESSION_ID",
    "workerId",
    "assignmentId",
    "hitId",
    "participantId",
    "participant_id",
    "projectId",
    "psid",
    "survey_code",
)
PARAMETER_MAX = 200
PUBLIC_ID_MAX = 32
EVENT_FIELDS = 12


@dataclass(frozen=True)
class SentAnswer:
    trial: str
    uuid: UUID
    content: Any
    reaction_ms: float | None
    viewing: Any
    undoes: UUID | None


@dataclass(frozen=True)
class SentEvent:
    uuid: UUID
    kind: str
    content: dict[str, Any]
    waited_ms: float


def panel_parameters(sent: Mapping[str, Any]) -> dict[str, str]:
    """The parameters by which a panel names its participant, out of an address or a form."""
    named = {name: str(sent.get(name, "")).strip() for name in PANEL}
    return {
        name: value
        for name, value in named.items()
        if value and len(value) <= PARAMETER_MAX and value.isprintable()
    }


def sent_answer(body: Mapping[str, Any]) -> SentAnswer:
    return SentAnswer(
        trial=_trial(body.get("trial")),
        uuid=_uuid("uuid", body.get("uuid")),
        content=body.get("content"),
        reaction_ms=_milliseconds("reaction_ms", body.get("reaction_ms")),
        viewing=body.get("viewing"),
        undoes=None if body.get("undoes") is None else _uuid("undoes", body["undoes"]),
    )


def sent_event(body: Mapping[str, Any]) -> SentEvent:
    kind, content = body.get("kind"), body.get("content")
    if kind not in Event.Kind.values:
        raise Refused(400, f"kind: must be one of {', '.join(Event.Kind.values)}, got {kind!r:.40}")
    if not isinstance(content, dict) or not all(map(_plain, [*content, *content.values()])):
        raise Refused(400, "content: must be an object of short words, finite numbers and truths")
    if len(content) > EVENT_FIELDS:
        raise Refused(400, f"content: must hold at most {EVENT_FIELDS} fields, got {len(content)}")
    waited_ms = _milliseconds("waited_ms", body.get("waited_ms"))
    return SentEvent(_uuid("uuid", body.get("uuid")), kind, content, waited_ms or 0.0)


def consent(body: Mapping[str, Any]) -> bool:
    agree = body.get("agree")
    if not isinstance(agree, bool):
        raise Refused(400, f"agree: must be true or false, got {agree!r:.40}")
    return agree


def demographics(
    asked: Iterable[Demographic], body: Mapping[str, Any]
) -> tuple[dict[str, object], dict[str, str]]:
    """What was said about oneself, by label, and what is wrong with it, by label."""
    answers = body.get("answers")
    if not isinstance(answers, dict):
        raise Refused(400, f"answers: must be an object, got {type(answers).__name__}")
    told: dict[str, object] = {}
    wrong: dict[str, str] = {}
    for one in asked:
        try:
            told[one.label] = one.read(answers.get(one.label))
        except ValueError as error:
            wrong[one.label] = str(error)
    return told, wrong


def _trial(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused(400, f"trial: must be a trial's id, got {value!r:.40}")
    if len(value) > PUBLIC_ID_MAX or not value.isprintable():
        raise Refused(404, "trial: is none of this visit")
    return value


def _uuid(name: str, value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise Refused(400, f"{name}: must be a UUID, got {value!r:.40}") from error


def _plain(value: Any) -> bool:
    """What every database's JSON takes: no NUL, no half of a surrogate pair, no infinity."""
    if isinstance(value, str):
        return len(value) <= PARAMETER_MAX and value.isprintable()
    if isinstance(value, bool) or value is None:
        return True
    return isinstance(value, int | float) and abs(value) < 1e15


def _milliseconds(name: str, value: Any) -> float | None:
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < math.inf:
        raise Refused(400, f"{name}: must be milliseconds or null, got {value!r:.40}")
    return float(min(value, 1e12))
