"""What happened on a visit's page beside its answers."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from django.db import models

from studies.models.participant import Participant
from studies.models.study import Study


class EventQuerySet(models.QuerySet["Event"]):
    def of(self, study: Study) -> Self:
        """Those of a study's visits in the order they came; previews left out."""
        events = self.filter(participant__study=study).select_related("participant")
        return events.exclude(participant__kind=Participant.Kind.PREVIEW).order_by("pk")


class Event(models.Model):
    """One line of a visit's log: it explains an answer, and no ranking reads it."""

    MOST = 500  # of one visit

    class Kind(models.TextChoices):
        OPENED = "opened"
        MEMORY = "memory"
        PICTURE_FAILED = "picture_failed"
        REFUSED = "refused"

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="events")
    uuid = models.UUIDField(unique=True, help_text="Drawn by the participant's browser.")
    kind = models.CharField(max_length=20, choices=Kind)
    content = models.JSONField()
    # A span on one clock: nobody's clock needs to be right to know when it happened.
    waited_ms = models.FloatField(help_text="From the event to its sending, in ms.")
    received_at = models.DateTimeField(auto_now_add=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["participant", "pk"]

    def __str__(self) -> str:
        return self.kind

    @staticmethod
    def keep(
        participant: Participant, uuid: UUID, kind: str, content: Any, waited_ms: float
    ) -> bool:
        """Store it once, however often it is sent; False when the visit's log is full."""
        if participant.events.count() >= Event.MOST:
            return participant.events.filter(uuid=uuid).exists()
        event = Event(
            participant=participant, uuid=uuid, kind=kind, content=content, waited_ms=waited_ms
        )
        Event.objects.bulk_create([event], ignore_conflicts=True)
        return True
