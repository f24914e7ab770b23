"""Store what a participant answered: each answer exactly once, whatever the network does."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from studies.models import Answer, AnswerRevision, Participant, Slot, Trial
from studies.protocols import viewing as seen


class AnswerRefused(ValueError):
    """What came is no answer to this trial; the message says what would be."""


def record(
    trial: Trial,
    uuid: UUID,
    content: Any,
    reaction_ms: float | None,
    viewing: Any = None,
    undoes: UUID | None = None,
) -> tuple[dict[str, Any], bool, bool]:
    """Store the trial's answer, or keep what comes later as a revision that replaces nothing.

    Args:
        trial: with participant and study loaded.
        uuid: drawn by the browser for this answer; a repeated one is the same answer again.
        content: as the study's protocol reads it.
        reaction_ms: from first paint, in ms.
        viewing: how the trial was seen, as the browser logged it; a log that makes no sense is
            replaced by the reason and never costs the answer.
        undoes: uuid of the answer that the participant took back for this one.

    Returns:
        The content that stands, whether it was stored by this call, whether a revision was sent.

    Raises:
        AnswerRefused: naming what is wrong with the content, or a uuid that another trial used.
    """
    study = trial.participant.study
    try:
        content = study.asking.read(content, trial.addresses, study.rules)
    except ValueError as error:
        raise AnswerRefused(str(error)) from error
    given = {"uuid": uuid, "content": content, "reaction_ms": reaction_ms, "viewing": _log(viewing)}
    try:
        with transaction.atomic():
            if undoes is not None:
                _take_back(trial, undoes)
            Answer.objects.create(trial=trial, **given)
            if trial.slot_id is not None:
                # Not if the lease ran out and somebody else holds it now: they will answer it.
                held = Slot.objects.filter(pk=trial.slot_id, participant=trial.participant_id)
                held.update(answered=True)
    except IntegrityError:
        return _again(trial, given)
    return content, True, False


def _log(viewing: Any) -> dict[str, Any] | None:
    if viewing is None:
        return None
    try:
        return seen.read(viewing)
    except ValueError as error:
        return {"refused": str(error)}


def _take_back(trial: Trial, uuid: UUID) -> None:
    """Move the standing answer to the revisions, if it is the one meant and may still be undone."""
    participant = trial.participant
    if not participant.study.allow_undo or participant.state == Participant.State.FINISHED:
        return
    standing = Answer.objects.select_for_update().filter(trial=trial, uuid=uuid).first()
    if standing is None:
        return
    AnswerRevision.objects.create(
        trial=trial,
        uuid=standing.uuid,
        content=standing.content,
        reaction_ms=standing.reaction_ms,
        viewing=standing.viewing,
        received_at=standing.received_at,
        undone=True,
    )
    standing.delete()


def _again(trial: Trial, given: dict[str, Any]) -> tuple[dict[str, Any], bool, bool]:
    first, uuid = Answer.objects.filter(trial=trial).first(), given["uuid"]
    if first is None:
        raise AnswerRefused(f"uuid: {uuid} was sent for another trial before")
    if first.uuid == uuid:
        return first.content, False, False
    try:
        with transaction.atomic():
            AnswerRevision.objects.create(trial=trial, **given)
    except IntegrityError:
        if not trial.revisions.filter(uuid=uuid).exists():
            raise AnswerRefused(f"uuid: {uuid} was sent for another trial before") from None
    return first.content, False, True
