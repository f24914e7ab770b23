"""Scenes: what is stylized."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
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
            scene.set_styles([style])
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

    FIXED = ("content_id", "content_mask_id", "depth_map_id")

    name = models.CharField(max_length=120)
    content = models.ForeignKey(
        Image, on_delete=models.PROTECT, related_name="+", limit_choices_to={"role": "content"}
    )
    styles = models.ManyToManyField(
        Image, through="SceneStyle", through_fields=("scene", "image"), related_name="+"
    )
    content_mask = _map("mask")
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

    def set_styles(self, images: Iterable[Image], masks: Iterable[Image | None] = ()) -> None:
        """Replace the styles: these in this order, with the mask of each as far as there are."""
        rows = [
            SceneStyle(scene=self, image=image, mask=mask)
            for image, mask in zip_longest(images, masks)
        ]
        with transaction.atomic():
            self.style_rows.all().delete()
            SceneStyle.objects.bulk_create(rows)

    @property
    def style_images(self) -> list[Image]:
        """In the order in which they count."""
        return [row.image for row in self.style_rows.all()]

    @property
    def style_masks(self) -> list[Image | None]:
        """One for each of `style_images`."""
        return [row.mask for row in self.style_rows.all()]

    @property
    def rendered(self) -> bool:
        """From its first rendering on a scene keeps its pictures: the renderings show them."""
        return self.pk is not None and self.renderings.exists()

    @property
    def tag_list(self) -> list[str]:
        return [tag.strip() for tag in self.tags.split(",") if tag.strip()]


class SceneStyle(models.Model):
    """One style of a scene and its mask, if it has one; styles count in the order of their rows."""

    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="style_rows")
    image = models.ForeignKey(
        Image,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"role": "style"},
        verbose_name="style",
    )
    mask = _map("mask", "Optional; it is drawn on the page of masks, too.")

    class Meta:
        db_table = "stylize_scene_styles"  # Django's own for the styles, before they had masks
        ordering = ["pk"]
        unique_together = [("scene", "image")]
        verbose_name = "style"

    def __str__(self) -> str:
        return f"{self.image} of {self.scene}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.scene.rendered:
            raise SceneNotEditable(
                f"{self.scene} has been rendered: its styles and their masks cannot be changed; "
                "make another scene."
            )
        super().save(*args, **kwargs)
