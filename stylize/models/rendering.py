"""Renderings: claimed by one worker at a time, finished once, superseded and never overwritten.

The database holds the truth; a message on the broker only wakes a worker up.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import partial
from typing import Any, Self

from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from stylize.models.owned import rendering_path, thumbnail_path
from stylize.models.recipe import Recipe
from stylize.models.scene import Scene

logger = logging.getLogger(__name__)
LEASE = timedelta(seconds=20)
OVERDUE_AFTER = timedelta(seconds=30)
WAKE_AT_MOST = 100
MAX_ATTEMPTS = 3
LOST = f"the worker was lost {MAX_ATTEMPTS} times"


class RenderingQuerySet(models.QuerySet["Rendering"]):
    def visible_to(self, user: Any) -> Self:
        return self if user.is_superuser else self.filter(scene__owner=user)

    def current(self) -> Self:
        return self.filter(superseded_at=None)

    def done(self) -> Self:
        return self.filter(state=Rendering.State.DONE)

    def failed(self) -> Self:
        return self.filter(state=Rendering.State.FAILED)

    def unfinished(self) -> Self:
        return self.filter(state__in=[Rendering.State.QUEUED, Rendering.State.RUNNING])

    def lost(self) -> Self:
        """Running, but the worker's lease ran out."""
        return self.filter(state=Rendering.State.RUNNING, lease_until__lt=timezone.now())

    def overdue(self, queues: Collection[str]) -> Self:
        """Queued for so long that the message may be lost; ask only while a worker is free."""
        recipes = Q() if settings.GPU_RECIPES_ON_CPU else Q(recipe__queue__in=queues)
        asleep = Q(woken_at=None) | Q(woken_at__lt=timezone.now() - OVERDUE_AFTER)
        return self.filter(recipes, asleep, state=Rendering.State.QUEUED)

    def grid(self) -> tuple[list[Recipe], list[tuple[Scene, list[Rendering | None]]]]:
        """The recipes, and for each scene its rendering of each recipe, for a sheet of them all."""
        named = self.select_related("scene", "recipe").order_by("-seed", "pk")
        cells = {(one.scene_id, one.recipe_id): one for one in named}
        recipes = list(Recipe.objects.filter(pk__in={recipe for _, recipe in cells}))
        scenes = Scene.objects.filter(pk__in={scene for scene, _ in cells})
        scenes = scenes.select_related("content").prefetch_related("styles")
        return recipes, [
            (scene, [cells.get((scene.pk, recipe.pk)) for recipe in recipes]) for scene in scenes
        ]

    def claim(self, pk: int, worker: str, token: str) -> bool:
        """Take a queued rendering for one worker; False if another one has it."""
        now = timezone.now()
        claimed = self.filter(pk=pk, state=Rendering.State.QUEUED).update(
            state=Rendering.State.RUNNING,
            worker=worker,
            claim=token,
            lease_until=now + LEASE,
            started_at=now,
            attempts=F("attempts") + 1,
            progress=0.0,
        )
        return claimed == 1

    def queue(self) -> int:
        """Ask again, from the start, for those of these that failed or were cancelled.

        What has been rendered again since is left: its successor is asked for.
        """
        pks = list(self.current().values_list("pk", flat=True))
        ended = (Rendering.State.FAILED, Rendering.State.CANCELLED)
        queued = Rendering.objects.filter(pk__in=pks, state__in=ended).update(
            state=Rendering.State.QUEUED,
            claim="",
            lease_until=None,
            woken_at=None,
            error="",
            progress=0.0,
            finished_at=None,
            attempts=0,
        )
        transaction.on_commit(partial(Rendering.objects.filter(pk__in=pks, woken_at=None).wake))
        return queued

    def cancel(self) -> int:
        """Stop what is not finished; a running one sees it when it next tells its progress."""
        return self.unfinished().update(
            state=Rendering.State.CANCELLED, claim="", finished_at=timezone.now()
        )

    def give_up(self) -> int:
        """Fail what was lost too often: a rendering that kills its worker must not come back."""
        return (
            self.lost()
            .filter(attempts__gte=MAX_ATTEMPTS)
            .update(state=Rendering.State.FAILED, claim="", error=LOST, finished_at=timezone.now())
        )

    def free_lost(self) -> list[int]:
        """Queue what was lost; the half-stored file of the dead worker goes."""
        freed = []
        for pk, claim in self.lost().values_list("pk", "claim"):
            if (
                self.lost()
                .filter(pk=pk, claim=claim)
                .update(state=Rendering.State.QUEUED, claim="", woken_at=None)
            ):
                for path in stored_paths(claim):
                    default_storage.delete(path)
                freed.append(pk)
        return freed

    def wake(self) -> int:
        """Send a message for each queued one; a broker that is down is left to the sweep."""
        now = timezone.now()
        woken = 0
        for rendering in self.filter(state=Rendering.State.QUEUED).select_related("recipe"):
            seen = rendering.woken_at
            if not Rendering.objects.filter(pk=rendering.pk, woken_at=seen).update(woken_at=now):
                continue  # another sweep was quicker
            try:
                current_app.send_task(
                    "stylize.tasks.render",
                    args=[rendering.pk],
                    queue=rendering.recipe.work_queue,
                    retry=False,
                )
            except (BrokerError, OSError) as error:
                logger.warning("broker unreachable", extra={"reason": str(error)})
                return woken
            woken += 1
        return woken


def stored_paths(claim: str) -> tuple[str, str]:
    """Where the worker with this claim keeps picture and thumbnail: random, yet findable."""
    return f"renderings/{claim}.png", f"thumbnails/{claim}.webp"


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

    woken_at = models.DateTimeField(null=True, blank=True, help_text="Last message to a worker.")
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

    def _held(self, token: str) -> RenderingQuerySet:
        return Rendering.objects.filter(pk=self.pk, claim=token, state=Rendering.State.RUNNING)

    def renew(self, token: str, progress: float) -> bool:
        """Prolong the lease of the claim `token`; False if it is lost or the work was cancelled."""
        lease = timezone.now() + LEASE
        return self._held(token).update(lease_until=lease, progress=progress) == 1

    def finish(self, token: str, png: bytes, thumbnail: bytes, said: dict[str, Any]) -> bool:
        """Store the outcome under the claim; False, and nothing kept, if the claim is lost."""
        paths = [
            default_storage.save(path, ContentFile(data))
            for path, data in zip(stored_paths(token), (png, thumbnail), strict=True)
        ]
        kept = self._held(token).update(
            state=Rendering.State.DONE,
            file=paths[0],
            thumbnail=paths[1],
            finished_at=timezone.now(),
            progress=1.0,
            error="",
            **said,
        )
        if not kept:
            for path in paths:
                default_storage.delete(path)
        return kept == 1

    def fail(self, token: str, reason: str) -> bool:
        """Store why it could not be made."""
        failed = self._held(token).update(
            state=Rendering.State.FAILED, error=reason, finished_at=timezone.now()
        )
        return failed == 1

    def retry(self) -> bool:
        """Queue a failed or cancelled one again; False if it is neither."""
        return Rendering.objects.filter(pk=self.pk).queue() == 1

    def again(self) -> Rendering:
        """Render again: a new row supersedes this one, which stays for the studies that show it.

        Raises:
            ValueError: when this one is unfinished or has been superseded already.
        """
        with transaction.atomic():
            superseded = Rendering.objects.filter(
                pk=self.pk, superseded_at=None, state__in=FINISHED
            ).update(superseded_at=timezone.now())
            if not superseded:
                raise ValueError(f"{self} is still being made or has been rendered again already.")
            new = Rendering.objects.create(
                scene=self.scene, recipe=self.recipe, seed=self.seed, supersedes=self
            )
            transaction.on_commit(partial(Rendering.objects.filter(pk=new.pk).wake))
        return new


FINISHED = (Rendering.State.DONE, Rendering.State.FAILED, Rendering.State.CANCELLED)


def sweep(worker: str, queues: Iterable[str], processes: int) -> int:
    """Queue again what was lost; wake what waits too long while this worker has a free process.

    Returns:
        How many messages were sent.
    """
    Rendering.objects.give_up()
    sent = Rendering.objects.filter(pk__in=Rendering.objects.free_lost()).wake()
    mine = Rendering.objects.filter(worker=worker, state=Rendering.State.RUNNING)
    if mine.filter(lease_until__gt=timezone.now()).count() < processes:
        oldest = Rendering.objects.overdue(list(queues)).values_list("pk", flat=True)
        sent += Rendering.objects.filter(pk__in=list(oldest[:WAKE_AT_MOST])).wake()
    return sent
