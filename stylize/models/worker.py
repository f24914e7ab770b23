"""Workers that render, and the weights they may need."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from django.core.files.base import File
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from stylize.models.owned import Owned, OwnedQuerySet, weights_path
from stylize.record import torchvision_vgg19

SILENT_AFTER = timedelta(seconds=30)
WHOLE = "relu4_2"  # of VGG-19: what ends before it lacks the layer that content is held by


class WeightsQuerySet(OwnedQuerySet):
    def chosen(self, key: str, owner: Any) -> Weights | None:
        """What this owner's recipes use: their own before others', the deepest, the oldest."""
        rows = self.filter(key=key).order_by("-deepest", "pk")
        return rows.filter(owner=owner).first() or rows.first()

    def ready(self, key: str) -> bool:
        """Whether these weights were imported, or are VGG-19's and torchvision has them."""
        return self.filter(key=key).exists() or (key == "vgg19" and Worker.objects.have_vgg19())

    def take(self, owner: Any, sha256: str, file: File[bytes], **said: str) -> tuple[Weights, bool]:
        """Keep a file that was looked at, and whether it is new; the same again is there already."""
        there = self.filter(owner=owner, sha256=sha256).first()
        if there is not None:
            return there, False
        weights = Weights(owner=owner, sha256=sha256, **said)
        weights.file.save("x", file, save=False)
        try:
            with transaction.atomic():
                weights.save(force_insert=True)
        except IntegrityError:  # the same file, sent twice at once
            weights.file.delete(save=False)
            return self.get(owner=owner, sha256=sha256), False
        return weights, True


class Weights(Owned):
    """Weights of an encoder or network, imported from a file."""

    key = models.CharField(max_length=60, help_text="What they are for: vgg19 …")
    variant = models.CharField(max_length=60)
    deepest = models.CharField(max_length=20, blank=True, help_text="Last layer of an encoder.")
    file = models.FileField(upload_to=weights_path)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WeightsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "weights"
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="weights_once_per_owner")
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.variant})"

    @property
    def note(self) -> str:
        """What is not as one would expect."""
        if not self.deepest or self.deepest >= WHOLE:
            return ""
        return f"The file ends at {self.deepest}, which also stands for the content."


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> Self:
        return self.filter(seen_at__gt=timezone.now() - SILENT_AFTER)

    def have_vgg19(self) -> bool:
        """Whether every live worker finds torchvision's own download; without one, this machine."""
        said = set(self.alive().values_list("vgg19_cached", flat=True))
        return said == {True} if said else torchvision_vgg19() is not None

    def beat(self, name: str, **said: object) -> None:
        """Note a worker's heart-beat and what it said."""
        now = timezone.now()
        self.update_or_create(
            name=name,
            defaults={**said, "seen_at": now},
            create_defaults={**said, "seen_at": now, "started_at": now},
        )


class Worker(models.Model):
    """A worker process's last word: its queue, device and free memory."""

    name = models.CharField(max_length=120, unique=True)
    queues = models.CharField(max_length=60)
    processes = models.PositiveSmallIntegerField(default=1)
    device = models.CharField(max_length=120, blank=True)
    memory_free = models.PositiveBigIntegerField(null=True, blank=True, help_text="bytes")
    code_version = models.CharField(max_length=60, blank=True)
    vgg19_cached = models.BooleanField(
        "VGG-19", default=False, help_text="torchvision has downloaded it there."
    )
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def alive(self) -> bool:
        return timezone.now() - self.seen_at < SILENT_AFTER
