"""A participant takes everything back; what they held or had answered goes to the next one."""

from dataclasses import dataclass

from django.db import models, transaction

from studies.models import (
    Answer,
    AnswerRevision,
    ExternalId,
    Participant,
    Screening,
    Slot,
    public_id,
)


@dataclass(frozen=True)
class Kept:
    """What lies here of one participant."""

    answers: int
    revisions: int
    panel_id: bool
    demographics: bool
    screening: bool


def kept(participant: Participant) -> Kept:
    return Kept(
        answers=Answer.objects.filter(trial__participant=participant).count(),
        revisions=AnswerRevision.objects.filter(trial__participant=participant).count(),
        panel_id=ExternalId.objects.filter(participant=participant).exists(),
        demographics=bool(participant.demographics),
        screening=Screening.objects.filter(participant=participant).exists(),
    )


def withdraw(participant: Participant) -> None:
    """Delete all that hangs on the participant; the row stays as one withdrawn, under another id.

    Slots before trials, as an answer takes them: one that comes at this moment waits, and then
    finds no trial to belong to.
    """
    with transaction.atomic():
        Slot.objects.filter(participant=participant).update(
            participant=None, lease_until=None, answered=False
        )
        list(participant.trials.select_for_update().values_list("pk"))
        for relation in Participant._meta.related_objects:
            if relation.on_delete is models.CASCADE:
                rows = relation.related_model._default_manager
                rows.filter(**{relation.field.name: participant}).delete()
        Participant.objects.filter(pk=participant.pk).update(
            state=Participant.State.WITHDRAWN,
            public_id=public_id(),
            secret_sha256="",
            withdrawal_sha256=None,
            started_at=None,
            consented_at=None,
            consent_version="",
            finished_at=None,
            demographics=None,
        )
