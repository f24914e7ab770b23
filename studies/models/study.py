"""What is designed: studies, their questions, stimuli and references."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any
from urllib.parse import urlsplit

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q

from studies.models.before_after import BeforeAfter
from studies.protocols import PROTOCOLS, Protocol, Rules
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


class StudyNotEditable(ValueError):
    """A study that has left its draft keeps its design; it can be closed and copied."""

    def __init__(self, study: Study) -> None:
        super().__init__(
            f"“{study.title}” is {study.state}: its design cannot be changed any more. "
            "Copy the study to change the copy."
        )


class StudyQuerySet(OwnedQuerySet):
    """Studies, of which a researcher sees their own."""


class Study(BeforeAfter, Owned):
    # What may still be written when a study has left its draft: its course, not its design.
    COURSE = frozenset({"state", "opened_at", "closed_at"})

    class State(models.TextChoices):
        DRAFT = "draft"
        PILOT = "pilot"
        LIVE = "live"
        PAUSED = "paused"
        CLOSED = "closed"
        ARCHIVED = "archived"

    class PhoneLayout(models.TextChoices):
        STACKED = "stacked", "one above the other"
        FLIP = "flip", "one at a time, in the same place"

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
        help_text="Rating scale: images of each scene on the agreement scrolls, from low to high.",
    )
    agreement_own = models.BooleanField(
        "agreement images of the participant's own",
        default=False,
        help_text="Rating scale: each participant's lowest to highest, instead of one set for all. "
        "The data mark it; some analyses need one set.",
    )
    pilot = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"protocol": "rating_scale"},
        help_text="Rating scale: an earlier study whose placements say which images are low and "
        "which are high. Without one the agreement images are spread over the recipes.",
    )
    allow_tie = models.BooleanField("ties allowed", default=False, help_text="Two-up only.")
    allow_none = models.BooleanField(
        "“none / can't tell” allowed", default=False, help_text="Single choice only."
    )
    show_references = models.BooleanField(
        "content and style shown", default=True, help_text="Above the pictures, in every protocol."
    )
    references_on_hold = models.BooleanField(
        "content and style only while held",
        default=False,
        help_text="Shown in place of the pictures as long as a button is held, not above them.",
    )

    surround = models.PositiveSmallIntegerField(
        "surround grey",
        default=128,
        validators=[MaxValueValidator(255)],
        help_text="Red = green = blue, from 0 (black) to 255 (white). "
        "Text on it is black, below 117 white: at least 4.5 to 1.",
    )
    blank_ms = models.PositiveSmallIntegerField(
        "blank between trials",
        default=250,
        validators=[MaxValueValidator(500)],
        help_text="Milliseconds of plain grey, at most 500.",
    )
    minimum_view_ms = models.PositiveSmallIntegerField(
        "minimum view",
        default=400,
        validators=[MaxValueValidator(10_000)],
        help_text="Milliseconds from the first paint during which no answer is taken.",
    )
    phone_layout = models.CharField(
        "on a phone held upright",
        max_length=7,
        choices=PhoneLayout,
        default=PhoneLayout.STACKED,
        help_text="Two-up only. One at a time shows each as large as the phone allows.",
    )
    allow_undo = models.BooleanField(
        "undo allowed",
        default=True,
        help_text="The last answer may be taken back; it is kept beside the new one.",
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

    objects = StudyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(surround__lte=255, blank_ms__lte=500, minimum_view_ms__lte=10_000),
                name="study_frame_within_limits",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if self._state.adding or (fields is not None and self.COURSE.issuperset(fields)):
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            # Held until all of a form is stored: a study opened in between would be a draft again.
            held = Study.objects.select_for_update().only("state", "title")
            held.get(pk=self.pk).require_editable()
            super().save(*args, **kwargs)

    @property
    def editable(self) -> bool:
        return self.state == self.State.DRAFT

    def require_editable(self) -> None:
        """Raise StudyNotEditable unless the study is a draft."""
        if not self.editable:
            raise StudyNotEditable(self)

    @property
    def asking(self) -> Protocol:
        return PROTOCOLS[self.protocol]

    @property
    def rules(self) -> Rules:
        return Rules(tie=self.allow_tie, none=self.allow_none)

    @property
    def shut(self) -> str:
        """Why nobody is let in now (draft, paused, closed); empty while the study runs."""
        if self.state in (self.State.LIVE, self.State.PILOT):
            return ""
        return self.State.CLOSED if self.state == self.State.ARCHIVED else self.state

    @property
    def way_back(self) -> str:
        """The redirect address, if it is https and its host is named in the study."""
        parts = urlsplit(self.redirect_url)
        # Browsers read a backslash as a slash: what stands before an @ may be another host.
        plain = parts.scheme == "https" and "@" not in parts.netloc
        named = plain and parts.hostname in self.redirect_host_list
        return self.redirect_url if named else ""

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

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.study.require_editable()
        super().save(*args, **kwargs)


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
        default=False, help_text="Lies on the shared agreement scrolls (rating scale)."
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
    damage = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Above 0: a spoiled copy, shown in practice alone."
    )

    class Meta:
        ordering = ["scene", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "scene", "image", "damage"], name="reference_once_per_scene"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scene}: {self.image}"


def picture_at(address: str) -> Any:
    """The file of a stimulus or reference under its random address, or None."""
    shown = (
        Stimulus.objects.select_related("rendering").filter(address=address).first()
        or Reference.objects.filter(address=address).first()
    )
    return shown.file if shown else None
