"""Recipes: what a study compares."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from stylize.models.owned import Owned, OwnedQuerySet, changed
from stylize.models.scene import Scene
from stylize.models.worker import Weights

BUILT_IN = "pyramid"  # the encoder that needs no weights


class RecipeNotEditable(ValueError):
    """A rendered recipe was about to be changed."""


class RecipeQuerySet(OwnedQuerySet):
    def with_method(self) -> RecipeQuerySet:
        """Recipes that can be rendered; the others name uploads from outside."""
        return self.exclude(method="")


class Recipe(Owned):
    """A method with its parameters and encoder fixed; without a method it names outside uploads."""

    FIXED = ("method", "parameters", "encoder", "postprocess", "size", "queue")
    COPIED = ("method_title", "citation", "needs")

    name = models.CharField(max_length=120)
    method = models.CharField(
        max_length=60, blank=True, help_text="Empty: images made elsewhere are uploaded under it."
    )
    # Copied from the method when the recipe is saved: reports must not load the registry.
    method_title = models.CharField(max_length=200, blank=True, editable=False)
    citation = models.CharField(max_length=500, blank=True, editable=False)
    # {"masks": bool, "styles": most styles, "weights": key}: why a scene cannot be rendered.
    needs = models.JSONField(default=dict, blank=True, editable=False)
    parameters = models.JSONField(default=dict, blank=True)
    encoder = models.CharField(max_length=40, default=BUILT_IN, blank=True)
    postprocess = models.JSONField(default=list, blank=True)
    size = models.PositiveIntegerField(
        default=512,
        validators=[MinValueValidator(16), MaxValueValidator(settings.RECIPE_MAX_SIZE)],
        help_text="Longer side in px: contents are reduced to it, never enlarged.",
    )
    queue = models.CharField(max_length=3, choices=[("cpu", "cpu"), ("gpu", "gpu")], default="cpu")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecipeQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="recipe_name_once_per_owner")
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.rendered and (names := changed(self, self.FIXED)):
            raise RecipeNotEditable(
                f"{self.name} has been rendered: its {', '.join(names)} cannot be changed; "
                "copy the recipe."
            )
        super().save(*args, **kwargs)

    @property
    def rendered(self) -> bool:
        """From its first rendering on a recipe cannot be changed."""
        return self.pk is not None and self.renderings.exists()

    @property
    def work_queue(self) -> str:
        """Where its messages go: a site without a GPU may send GPU recipes to its CPU workers."""
        return "cpu" if settings.GPU_RECIPES_ON_CPU else self.queue

    def copy(self, owner: Any) -> Recipe:
        """The same recipe under a new name, free to be changed."""
        taken = set(type(self).objects.filter(owner=owner).values_list("name", flat=True))
        names = (f"{self.name[:110]} copy{n or ''}" for n in range(len(taken) + 1))
        copied = type(self).objects.get(pk=self.pk)
        copied.pk, copied.owner = None, owner
        copied.name = next(name for name in names if name not in taken)
        copied._state.adding = True
        copied.save()
        return copied

    def lacks(self) -> str:
        """Why it can be rendered on no scene at all, in a few words; empty if it can."""
        if not self.method:
            return "has no method: its images are made elsewhere and uploaded"
        encoder = "" if self.encoder == BUILT_IN else self.encoder
        for weights in (self.needs.get("weights", ""), encoder):
            if weights and not Weights.objects.ready(weights):
                return f"needs the weights {weights}, which were not imported"
        return ""

    def lacks_in(self, scene: Scene, styles: int, masks: int) -> str:
        """Why this scene of so many styles and masks of styles cannot be rendered, or empty."""
        if self.needs.get("masks") and not (scene.content_mask_id and masks):
            return "needs masks of content and style"
        if styles < 1:
            return "needs a style"
        most = self.needs.get("styles", 1)
        if styles > most:
            return f"takes {most} style{'s' if most > 1 else ''}, the scene has {styles}"
        return ""
