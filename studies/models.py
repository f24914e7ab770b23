"""What is asked: studies, questions, stimuli, slots, participants, trials and their answers."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from studies.protocols import PROTOCOLS
from stylize.models import Image, Owned, OwnedQuerySet, Recipe, Rendering, Scene


def public_id() -> str:
    return secrets.token_urlsafe(12)


def address() -> str:
    """The random name under which a participant's browser fetches an image."""
    return secrets.token_urlsafe(16)


def draw_seed() -> int:
    return secrets.randbelow(2**31)


def stimulus_path(instance: models.Model, filename: str) -> str:
    return f"stimuli/{secrets.token_urlsafe(16)}.png"


class Study(Owned):
    class State(models.TextChoices):
        DRAFT = "draft"
        PILOT = "pilot"
        LIVE = "live"
        PAUSED = "paused"
        CLOSED = "closed"
        ARCHIVED = "archived"

    public_id = models.CharField(max_length=32, unique=True, default=public_id, editable=False)
    title = models.CharField(max_length=120, help_text="Participants see it.")
    protocol = models.CharField(
        max_length=20, choices=[(p.key, p.title) for p in PROTOCOLS.values()]
    )
    state = models.CharField(
        max_length=8, choices=State, default=State.DRAFT, editable=False, db_index=True
    )
    seed = models.PositiveBigIntegerField(
        default=draw_seed, help_text="The same seed and design give the same trials."
    )
    scenes = models.ManyToManyField(Scene, related_name="studies")
    recipes = models.ManyToManyField(Recipe, related_name="studies")
    trials_per_participant = models.PositiveSmallIntegerField(
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text="Per question. For the rating scale: scenes per participant.",
    )
    participants_planned = models.PositiveIntegerField(
        default=40, validators=[MinValueValidator(1), MaxValueValidator(100_000)]
    )
    agreement_per_scene = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(2), MaxValueValidator(10)],
        help_text="Rating scale: images of each scene on the shared agreement scroll.",
    )
    allow_tie = models.BooleanField("ties allowed", default=False, help_text="Two-up only.")
    allow_none = models.BooleanField(
        "“none / can't tell” allowed", default=False, help_text="Single choice only."
    )
    show_references = models.BooleanField(
        "content and style shown", default=True, help_text="Above the pictures, in every protocol."
    )

    duration_minutes = models.PositiveSmallIntegerField(default=10)
    pay = models.CharField(max_length=120, blank=True, help_text="As told to participants.")
    device = models.CharField(max_length=120, blank=True, default="A phone, a tablet or a computer")
    contact = models.CharField(max_length=200, blank=True)
    consent = models.TextField(blank=True, help_text="Markdown")
    instructions = models.TextField(blank=True, help_text="Markdown")
    completion_code = models.CharField(max_length=60, blank=True)
    redirect_url = models.URLField(
        blank=True, help_text="https; opened from the last page. Its host must be named below."
    )
    redirect_hosts = models.CharField(max_length=300, blank=True, help_text="Comma-separated")
    simulated = models.BooleanField(
        default=False,
        help_text="Simulated participants count in this study's report, which says so.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.title

    @property
    def editable(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def redirect_host_list(self) -> list[str]:
        return [host.strip().lower() for host in self.redirect_hosts.split(",") if host.strip()]

    @property
    def consent_version(self) -> str:
        """The first 12 hex digits of the consent text's SHA-256: what a participant agreed to."""
        return hashlib.sha256(self.consent.encode()).hexdigest()[:12]


class Question(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField(default=1)
    text = models.CharField(max_length=200, default="Which do you prefer?")
    # Rating scale only: the words at the line's ends.
    low_label = models.CharField(max_length=40, default="worse")
    high_label = models.CharField(max_length=40, default="better")

    class Meta:
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "position"], name="question_position_once_per_study"
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=3), name="question_one_to_three"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Stimulus(models.Model):
    """An image in a study under its recipe's name: a rendering, or an upload."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="stimuli")
    scene = models.ForeignKey(Scene, on_delete=models.PROTECT, related_name="+")
    recipe = models.ForeignKey(Recipe, on_delete=models.PROTECT, related_name="+")
    rendering = models.ForeignKey(
        Rendering, on_delete=models.PROTECT, related_name="stimuli", null=True, blank=True
    )
    upload = models.FileField(upload_to=stimulus_path, blank=True)
    address = models.CharField(max_length=32, unique=True, default=address, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    agreement = models.BooleanField(
        default=False, help_text="Lies on the shared agreement scroll (rating scale)."
    )

    class Meta:
        verbose_name_plural = "stimuli"
        ordering = ["scene", "recipe"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "scene", "recipe"], name="stimulus_once_per_cell"
            ),
            models.CheckConstraint(
                condition=Q(rendering__isnull=False, upload="")
                | (Q(rendering__isnull=True) & ~Q(upload="")),
                name="stimulus_rendering_or_upload",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scene} / {self.recipe}"

    @property
    def file(self) -> Any:
        return self.rendering.file if self.rendering else self.upload


class Reference(models.Model):
    """A scene's content or style as a study shows it: reduced to the study's size, own address."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="references")
    scene = models.ForeignKey(Scene, on_delete=models.PROTECT, related_name="+")
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="+")
    file = models.FileField(upload_to=stimulus_path)
    address = models.CharField(max_length=32, unique=True, default=address, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)

    class Meta:
        ordering = ["scene", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "scene", "image"], name="reference_once_per_scene"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scene}: {self.image}"


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def counted(self, study: Study) -> Self:
        """Whose answers a report counts: persons, and simulated ones where the study says so."""
        kinds = [Participant.Kind.PERSON]
        if study.simulated:
            kinds.append(Participant.Kind.SIMULATED)
        return self.filter(study=study, kind__in=kinds)


class Participant(models.Model):
    """One person's visit to one study; its secret is stored as a hash only."""

    class Kind(models.TextChoices):
        PERSON = "person"
        PREVIEW = "preview"
        SIMULATED = "simulated"

    class State(models.TextChoices):
        STARTED = "started"
        CONSENTED = "consented"
        DECLINED = "declined"
        FINISHED = "finished"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="participants")
    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    secret_sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.PERSON)
    state = models.CharField(max_length=9, choices=State, default=State.STARTED)
    started_at = models.DateTimeField(auto_now_add=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    consent_version = models.CharField(max_length=12, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["study", "kind", "state"], name="participant_by_state")]

    def __str__(self) -> str:
        return self.public_id

    @staticmethod
    def digest(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()


class ExternalId(models.Model):
    """A panel's id for a participant: here and nowhere else, in no export, log or report."""

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="external_id"
    )
    parameters = models.JSONField(help_text="The panel's parameters as they came in the address.")
    keyed_hash = models.CharField(max_length=64, db_index=True)

    def __str__(self) -> str:
        return self.keyed_hash[:12]

    @staticmethod
    def hash(study: Study, value: str) -> str:
        key = settings.SECRET_KEY.encode()
        return hmac.new(key, f"{study.pk}:{value}".encode(), hashlib.sha256).hexdigest()


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
    stimuli = models.JSONField(help_text="Stimulus ids in the order shown: a first.")
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


class Answer(models.Model):
    """What came back for a trial: stored exactly once, never changed."""

    trial = models.OneToOneField(Trial, on_delete=models.CASCADE, related_name="answer")
    uuid = models.UUIDField(unique=True, help_text="Drawn by the participant's browser.")
    content = models.JSONField()
    reaction_ms = models.FloatField(null=True, blank=True, help_text="From first paint, in ms.")
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.uuid)


class AnswerRevision(models.Model):
    """Anything else that came for an answered trial: kept beside the answer, replacing nothing."""

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="revisions")
    uuid = models.UUIDField(unique=True)
    content = models.JSONField()
    reaction_ms = models.FloatField(null=True, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["trial", "pk"]

    def __str__(self) -> str:
        return str(self.uuid)
