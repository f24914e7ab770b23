"""Workers that render, and the weights they may need."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from stylize.models.owned import Owned, OwnedQuerySet, weights_path

SILENT_AFTER = timedelta(seconds=30)


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


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> Self:
        return self.filter(seen_at__gt=timezone.now() - SILENT_AFTER)

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
