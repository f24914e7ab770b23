"""What is shown and what comes back: slots, trials, answers and their revisions."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from studies.models.participant import Participant
from studies.models.study import Question, Study, public_id
from stylize.models import Scene


class SlotQuerySet(models.QuerySet["Slot"]):
    def free(self) -> Self:
        """Neither answered nor held under a lease that still runs."""
        return self.filter(Q(participant=None) | Q(lease_until__lt=timezone.now()), answered=False)


class Slot(models.Model):
    """One planned showing: what stands where for which question, until somebody answers it."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="slots")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="slots")
    scene = models.ForeignKey(Scene, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    stimuli = models.JSONField(help_text="Stimulus ids in the order shown: a first.")
    participant = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, related_name="slots", null=True, blank=True
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    answered = models.BooleanField(default=False)

    objects = SlotQuerySet.as_manager()

    class Meta:
        ordering = ["question", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["question", "position"], name="slot_position_once_per_question"
            )
        ]
        indexes = [models.Index(fields=["question", "answered", "position"], name="slot_claimable")]

    def __str__(self) -> str:
        return f"slot {self.position}"


class TrialQuerySet(models.QuerySet["Trial"]):
    def open(self) -> Self:
        return self.filter(answer=None)


class Trial(models.Model):
    """One question put to one participant, its stimuli and their order fixed when it is made."""

    class Kind(models.TextChoices):
        PRACTICE = "practice"
        SCENE = "scene"
        AGREEMENT = "agreement"
        OWN = "own", "Agreement, of the participant's own images"

    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="trials")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.SCENE)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="trials")
    scene = models.ForeignKey(
        Scene,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Empty for an agreement scroll, which mixes scenes.",
    )
    slot = models.ForeignKey(
        Slot, on_delete=models.SET_NULL, related_name="trials", null=True, blank=True
    )
    stimuli = models.JSONField(
        help_text="Stimulus ids in the order shown: a first. In practice: of references."
    )
    # Fixed with the trial, so that an answer is checked without another query.
    addresses = models.JSONField(help_text="The stimuli's addresses, in the same order.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TrialQuerySet.as_manager()

    class Meta:
        ordering = ["participant", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "position"], name="trial_position_once_per_participant"
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def agreement(self) -> bool:
        """Whether scenes meet in it, on a set that all share or that is the participant's own."""
        return self.kind in (self.Kind.AGREEMENT, self.Kind.OWN)


class Answer(models.Model):
    """What came back for a trial: stored exactly once, never changed.

    One that is taken back with Undo goes to the revisions as it is, and the new one stands here.
    """

    trial = models.OneToOneField(Trial, on_delete=models.CASCADE, related_name="answer")
    uuid = models.UUIDField(unique=True, help_text="Drawn by the participant's browser.")
    content = models.JSONField()
    reaction_ms = models.FloatField(null=True, blank=True, help_text="From first paint, in ms.")
    viewing = models.JSONField(null=True, blank=True, help_text="How the trial was seen.")
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.uuid)


class AnswerRevision(models.Model):
    """Anything else that came for an answered trial, and what was undone: kept beside the answer."""

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="revisions")
    uuid = models.UUIDField(unique=True)
    content = models.JSONField()
    reaction_ms = models.FloatField(null=True, blank=True)
    viewing = models.JSONField(null=True, blank=True)
    undone = models.BooleanField(default=False, help_text="It stood until it was taken back.")
    received_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["trial", "pk"]

    def __str__(self) -> str:
        return str(self.uuid)
