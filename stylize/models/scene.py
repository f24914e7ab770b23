"""Scenes: what is stylized."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from stylize.models.image import Image
from stylize.models.owned import Owned, OwnedQuerySet, changed


class SceneNotEditable(ValueError):
    """A rendered scene was about to get another content, other masks or another depth map."""


class SceneQuerySet(OwnedQuerySet):
    def cross(
        self, owner: Any, contents: Iterable[Image], styles: Iterable[Image], tags: str = ""
    ) -> list[Scene]:
        """One scene for every content × style; a scene of that name is taken as it is."""
        return [
            self.pair(owner, content, style, tags) for content in contents for style in list(styles)
        ]

    def pair(self, owner: Any, content: Image, style: Image, tags: str = "") -> Scene:
        """The owner's scene of this content and this style, made if it is not there."""
        same = self.filter(
            owner=owner, content=content, styles=style, content_mask=None, depth_map=None
        )
        there: Scene | None = same.first()
        if there is not None and there.styles.count() == 1:
            return there
        name = f"{content.name[:55]} × {style.name[:55]}"
        with transaction.atomic():
            if self.filter(owner=owner, name=name).exists():
                name = f"{name} ({content.pk}×{style.pk})"
            scene: Scene = self.create(owner=owner, name=name, content=content, tags=tags)
            scene.styles.set([style])
        return scene


def _map(role: str, help_text: str = "") -> models.ForeignKey[Image | None, Image | None]:
    return models.ForeignKey(
        Image,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        limit_choices_to={"role": role},
        help_text=help_text,
    )


class Scene(Owned):
    """What is stylized: a content, one or more styles, optional masks and an optional depth map."""

    FIXED = ("content_id", "content_mask_id", "style_mask_id", "depth_map_id")

    name = models.CharField(max_length=120)
    content = models.ForeignKey(
        Image, on_delete=models.PROTECT, related_name="+", limit_choices_to={"role": "content"}
    )
    styles = models.ManyToManyField(Image, related_name="+", limit_choices_to={"role": "style"})
    content_mask = _map("mask")
    style_mask = _map("mask")
    depth_map = _map(
        "depth", "Of the content, of its proportions: black is near, white is far. Optional."
    )
    tags = models.CharField(
        max_length=200, blank=True, help_text="Kinds, comma-separated: photo → painting, portrait"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SceneQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="scene_name_once_per_owner")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        depth_map, content = self.depth_map, self.content if self.content_id else None
        if depth_map is None or content is None or self.rendered:
            return
        if not content.has_proportions(depth_map.width, depth_map.height):
            raise ValidationError(
                {
                    "depth_map": f"{depth_map} is {depth_map.width}×{depth_map.height} px; "
                    f"it must have the proportions of the content, "
                    f"{content.width}×{content.height} px."
                }
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.rendered and (names := changed(self, self.FIXED)):
            named = ", ".join(name.removesuffix("_id").replace("_", " ") for name in names)
            raise SceneNotEditable(
                f"{self.name} has been rendered: its {named} cannot be changed; make another scene."
            )
        super().save(*args, **kwargs)

    @property
    def rendered(self) -> bool:
        """From its first rendering on a scene keeps its pictures: the renderings show them."""
        return self.pk is not None and self.renderings.exists()

    @property
    def tag_list(self) -> list[str]:
        return [tag.strip() for tag in self.tags.split(",") if tag.strip()]
