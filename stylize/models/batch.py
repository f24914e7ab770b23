"""Batches: scenes × recipes asked for at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Avg, Count, Max, Min, Q
from django.utils import timezone

from stylize.models.owned import Owned, OwnedQuerySet
from stylize.models.recipe import Recipe
from stylize.models.rendering import Rendering
from stylize.models.scene import Scene

LeftOut = dict[str, str]


@dataclass(frozen=True)
class Progress:
    """How far a batch is. `per_minute` and `seconds_left` are None before the first is done."""

    total: int
    queued: int
    running: int
    done: int
    failed: int
    cancelled: int
    fraction: float
    per_minute: float | None
    seconds_left: float | None

    @property
    def left(self) -> int:
        return self.queued + self.running

    @property
    def time_left(self) -> str:
        """For people: about how long it will take."""
        if self.seconds_left is None:
            return "–"
        minutes = round(self.seconds_left / 60)
        if minutes < 2:
            return f"{self.seconds_left:.0f} s"
        return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"

    @property
    def percent(self) -> int:
        return int(100 * self.fraction)


class BatchQuerySet(OwnedQuerySet):
    def live(self) -> Self:
        return self.filter(cancelled_at=None)

    def with_counts(self) -> Self:
        """`total_n`, `done_n`, `failed_n` and `left_n` on each batch, for lists."""
        state = "renderings__state"
        return self.annotate(
            total_n=Count("renderings"),
            done_n=Count("renderings", filter=Q(**{state: "done"})),
            failed_n=Count("renderings", filter=Q(**{state: "failed"})),
            left_n=Count("renderings", filter=Q(**{f"{state}__in": ["queued", "running"]})),
        )

    def ask(
        self,
        owner: Any,
        scenes: Iterable[Scene],
        recipes: Iterable[Recipe],
        seed: int = 0,
        name: str = "",
    ) -> Batch:
        """Ask for every scene × recipe; what is there is taken, what cannot be made is left out.

        A failed or cancelled rendering that is asked for again is queued again.
        """
        wanted, left_out = _cells(list(scenes), list(recipes))
        with transaction.atomic():
            batch: Batch = self.create(owner=owner, name=name, left_out=left_out)
            Rendering.objects.bulk_create(
                [Rendering(scene=scene, recipe=recipe, seed=seed) for scene, recipe in wanted],
                ignore_conflicts=True,
            )
            pks = _current(wanted, seed)
            batch.renderings.set(pks)
            Rendering.objects.filter(pk__in=pks).queue()
        return batch


def _cells(
    scenes: list[Scene], recipes: list[Recipe]
) -> tuple[list[tuple[Scene, Recipe]], list[LeftOut]]:
    """What can be rendered, and what cannot with the reason."""
    wanted: list[tuple[Scene, Recipe]] = []
    left_out: list[LeftOut] = []
    counts = Scene.objects.filter(pk__in=[scene.pk for scene in scenes])
    counts = counts.annotate(n=Count("style_rows"), m=Count("style_rows__mask"))
    there = {pk: (styles, masks) for pk, styles, masks in counts.values_list("pk", "n", "m")}
    for recipe in recipes:
        if reason := recipe.lacks():
            left_out.append({"method": recipe.name, "scene": "", "reason": reason})
            continue
        for scene in scenes:
            if reason := recipe.lacks_in(scene, *there[scene.pk]):
                left_out.append({"method": recipe.name, "scene": scene.name, "reason": reason})
            else:
                wanted.append((scene, recipe))
    return wanted, left_out


def _current(wanted: list[tuple[Scene, Recipe]], seed: int) -> list[int]:
    """Ids of the current renderings of these cells."""
    cells = {(scene.pk, recipe.pk) for scene, recipe in wanted}
    found = Rendering.objects.current().filter(
        seed=seed,
        scene__in={scene for scene, _ in cells},
        recipe__in={recipe for _, recipe in cells},
    )
    rows = found.values_list("pk", "scene_id", "recipe_id")
    return [pk for pk, scene, recipe in rows if (scene, recipe) in cells]


class Batch(Owned):
    """Scenes × recipes asked for at once; a rendering that exists already is taken as it is."""

    name = models.CharField(max_length=120, blank=True)
    renderings = models.ManyToManyField(Rendering, related_name="batches")
    # What could not be asked for, with the reason: [{"method": …, "scene": …, "reason": …}].
    left_out = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return self.name or f"Batch {self.pk}"

    def cancel(self) -> int:
        """Stop what no other live batch wants; what is finished stays."""
        with transaction.atomic():
            Batch.objects.filter(pk=self.pk, cancelled_at=None).update(cancelled_at=timezone.now())
            others = Batch.objects.live().exclude(pk=self.pk).filter(renderings__isnull=False)
            wanted = others.values("renderings")
            pks = list(self.renderings.exclude(pk__in=wanted).values_list("pk", flat=True))
            return Rendering.objects.filter(pk__in=pks).cancel()

    def retry_failed(self) -> int:
        """Queue the failed ones again."""
        return self.renderings.failed().queue()

    def progress(self) -> Progress:
        """Counts by state, rate and time left, in one query per fact."""
        rows = self.renderings.order_by().values_list("state")
        states = {
            state: (n, part) for state, n, part in rows.annotate(Count("pk"), Avg("progress"))
        }
        counts = {state: states.get(state, (0, 0.0))[0] for state in Rendering.State.values}
        total = sum(counts.values())
        half = states.get("running", (0, 0.0))[1]
        left = counts["queued"] + counts["running"]
        finished = total - left + counts["running"] * half
        per_minute = self._rate(bool(left))
        return Progress(
            total=total,
            fraction=finished / total if total else 1.0,
            per_minute=per_minute,
            seconds_left=(total - finished) * 60 / per_minute if left and per_minute else None,
            **counts,
        )

    def _rate(self, going_on: bool) -> float | None:
        """Renderings per minute since the first of this batch was begun; until now if it goes on."""
        made = self.renderings.done().filter(finished_at__gte=self.created_at)
        facts = made.order_by().aggregate(
            n=Count("pk"), first=Min("started_at"), last=Max("finished_at")
        )
        if not facts["n"]:
            return None
        last = timezone.now() if going_on else facts["last"]
        seconds = (last - facts["first"]).total_seconds()
        return float(facts["n"] * 60 / max(seconds, 0.1))
