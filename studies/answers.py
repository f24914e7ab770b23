"""Store what a participant answered: each answer exactly once, whatever the network does."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from studies.models import Answer, AnswerRevision, Slot, Trial


class AnswerRefused(ValueError):
    """What came is no answer to this trial; the message says what would be."""


def record(
    trial: Trial, uuid: UUID, content: Any, reaction_ms: float | None
) -> tuple[dict[str, Any], bool, bool]:
    """Store the trial's answer, or keep what comes later as a revision that replaces nothing.

    Args:
        trial: with participant and study loaded.
        uuid: drawn by the browser for this answer; a repeated one is the same answer again.
        content: as the study's protocol reads it.
        reaction_ms: from first paint, in ms.

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
    try:
        with transaction.atomic():
            Answer.objects.create(trial=trial, uuid=uuid, content=content, reaction_ms=reaction_ms)
            if trial.slot_id is not None:
                # Not if the lease ran out and somebody else holds it now: they will answer it.
                held = Slot.objects.filter(pk=trial.slot_id, participant=trial.participant_id)
                held.update(answered=True)
    except IntegrityError:
        return _again(trial, uuid, content, reaction_ms)
    return content, True, False


def _again(
    trial: Trial, uuid: UUID, content: dict[str, Any], reaction_ms: float | None
) -> tuple[dict[str, Any], bool, bool]:
    first = Answer.objects.filter(trial=trial).first()
    if first is None:
        raise AnswerRefused(f"uuid: {uuid} was sent for another trial before")
    if first.uuid == uuid:
        return first.content, False, False
    try:
        with transaction.atomic():
            AnswerRevision.objects.create(
                trial=trial, uuid=uuid, content=content, reaction_ms=reaction_ms
            )
    except IntegrityError:
        if not trial.revisions.filter(uuid=uuid).exists():
            raise AnswerRefused(f"uuid: {uuid} was sent for another trial before") from None
    return first.content, False, True
