"""What is made: images, scenes, recipes, batches and renderings, and the workers that make them."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

LEASE = timedelta(seconds=20)


def random_path(folder: str) -> str:
    """A random file name: a stored file's name must tell nothing, wherever it surfaces."""
    return f"{folder}/{secrets.token_urlsafe(16)}.png"


def image_path(instance: models.Model, filename: str) -> str:
    return random_path("images")


def thumbnail_path(instance: models.Model, filename: str) -> str:
    return random_path("thumbnails")


def rendering_path(instance: models.Model, filename: str) -> str:
    return random_path("renderings")


def weights_path(instance: models.Model, filename: str) -> str:
    return f"weights/{secrets.token_urlsafe(16)}"


class OwnedQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """A superuser sees everything, everybody else what is theirs."""
        return self if user.is_superuser else self.filter(owner=user)


class Owned(models.Model):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        abstract = True


class Image(Owned):
    """A content, a style, or a mask (a label PNG), kept as an 8-bit sRGB PNG without metadata."""

    class Role(models.TextChoices):
        CONTENT = "content"
        STYLE = "style"
        MASK = "mask"

    role = models.CharField(max_length=8, choices=Role)
    name = models.CharField(max_length=120, help_text="Seen by researchers only.")
    file = models.ImageField(upload_to=image_path, width_field="width", height_field="height")
    thumbnail = models.FileField(upload_to=thumbnail_path, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "role", "sha256"], name="image_once_per_owner_and_role"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Scene(Owned):
    """What is stylized: a content, one or more styles, optional masks."""

    name = models.CharField(max_length=120)
    content = models.ForeignKey(
        Image, on_delete=models.PROTECT, related_name="+", limit_choices_to={"role": "content"}
    )
    styles = models.ManyToManyField(Image, related_name="+", limit_choices_to={"role": "style"})
    content_mask = models.ForeignKey(
        Image,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        limit_choices_to={"role": "mask"},
    )
    style_mask = models.ForeignKey(
        Image,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        limit_choices_to={"role": "mask"},
    )
    tags = models.CharField(
        max_length=200, blank=True, help_text="Kinds, comma-separated: photo → painting, portrait"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="scene_name_once_per_owner")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tag_list(self) -> list[str]:
        return [tag.strip() for tag in self.tags.split(",") if tag.strip()]


class Recipe(Owned):
    """A method with its parameters and encoder fixed; without a method it names outside uploads."""

    name = models.CharField(max_length=120)
    method = models.CharField(
        max_length=60, blank=True, help_text="Empty: images made elsewhere are uploaded under it."
    )
    # Copied from the method when the recipe is saved: reports must not load the registry.
    method_title = models.CharField(max_length=200, blank=True, editable=False)
    citation = models.CharField(max_length=500, blank=True, editable=False)
    parameters = models.JSONField(default=dict, blank=True)
    encoder = models.CharField(max_length=40, default="pyramid", blank=True)
    postprocess = models.JSONField(default=list, blank=True)
    size = models.PositiveIntegerField(
        default=512,
        validators=[MinValueValidator(16), MaxValueValidator(settings.RECIPE_MAX_SIZE)],
        help_text="Longer side in px: contents are reduced to it, never enlarged.",
    )
    queue = models.CharField(max_length=3, choices=[("cpu", "cpu"), ("gpu", "gpu")], default="cpu")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="recipe_name_once_per_owner")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rendered(self) -> bool:
        """From its first rendering on a recipe cannot be changed."""
        return self.pk is not None and self.renderings.exists()


class RenderingQuerySet(models.QuerySet["Rendering"]):
    def current(self) -> Self:
        return self.filter(superseded_at=None)

    def done(self) -> Self:
        return self.filter(state=Rendering.State.DONE)

    def lost(self) -> Self:
        """Running, but the worker's lease ran out."""
        return self.filter(state=Rendering.State.RUNNING, lease_until__lt=timezone.now())

    def claim(self, pk: int, worker: str, token: str) -> bool:
        """Take a queued (or lost) rendering for one worker; False if another one has it."""
        now = timezone.now()
        free = Q(state=Rendering.State.QUEUED) | Q(
            state=Rendering.State.RUNNING, lease_until__lt=now
        )
        claimed = self.filter(free, pk=pk).update(
            state=Rendering.State.RUNNING,
            worker=worker,
            claim=token,
            lease_until=now + LEASE,
            started_at=now,
            attempts=F("attempts") + 1,
            progress=0.0,
        )
        return claimed == 1


class Rendering(models.Model):
    """The output of one recipe on one scene with one seed, and how it came about."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    scene = models.ForeignKey(Scene, on_delete=models.PROTECT, related_name="renderings")
    recipe = models.ForeignKey(Recipe, on_delete=models.PROTECT, related_name="renderings")
    seed = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField(auto_now_add=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="superseded_by"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)

    worker = models.CharField(max_length=120, blank=True)
    claim = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    progress = models.FloatField(default=0.0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    file = models.FileField(upload_to=rendering_path, blank=True)
    thumbnail = models.FileField(upload_to=thumbnail_path, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    # code_version, method, parameters, encoder, weights_sha256, device, torch, seconds, peak_memory…
    provenance = models.JSONField(default=dict, blank=True)

    objects = RenderingQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["scene", "recipe", "seed"],
                condition=Q(superseded_at=None),
                name="rendering_current_once",
            )
        ]
        indexes = [models.Index(fields=["state", "lease_until"], name="rendering_claimable")]

    def __str__(self) -> str:
        return f"{self.scene} × {self.recipe}"

    def renew(self, token: str) -> bool:
        """Prolong the lease of the claim `token`; False if it is lost or the work was cancelled."""
        held = Rendering.objects.filter(pk=self.pk, claim=token, state=Rendering.State.RUNNING)
        return held.update(lease_until=timezone.now() + LEASE) == 1


class Batch(Owned):
    """Scenes × recipes asked for at once; a rendering that exists already is taken as it is."""

    name = models.CharField(max_length=120, blank=True)
    renderings = models.ManyToManyField(Rendering, related_name="batches")
    # What could not be asked for, with the reason: [{"method": …, "scene": …, "reason": …}].
    left_out = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return self.name or f"Batch {self.pk}"


class Weights(Owned):
    """Weights of an encoder or network, imported from a file."""

    key = models.CharField(max_length=60, help_text="What they are for: vgg19 …")
    variant = models.CharField(max_length=60)
    file = models.FileField(upload_to=weights_path)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "weights"
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="weights_once_per_owner")
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.variant})"


class Worker(models.Model):
    """A worker process's last word: its queue, device and free memory."""

    name = models.CharField(max_length=120, unique=True)
    queues = models.CharField(max_length=60)
    device = models.CharField(max_length=120, blank=True)
    memory_free = models.PositiveBigIntegerField(null=True, blank=True, help_text="bytes")
    code_version = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
