"""Images that were brought in: contents, styles, masks and depth maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, models, transaction

from stylize import imaging
from stylize.models.owned import Owned, OwnedQuerySet, image_path, thumbnail_path

ROUNDED = 0.03  # by which the proportions of a reduced copy may differ


class ImageQuerySet(OwnedQuerySet):
    def take(self, owner: Any, role: str, name: str, data: bytes) -> Image:
        """Keep a file that came in; the same picture again is the row that is there already.

        Raises:
            ImageRefused: with one sentence, when it is no usable picture.
        """
        return self.get_or_take(owner, role, name, data)[0]

    def get_or_take(self, owner: Any, role: str, name: str, data: bytes) -> tuple[Image, bool]:
        """As `take`, and whether the picture is new."""
        pixels, png = _checked(role, data)
        sha256 = imaging.sha256(png)
        there = self.filter(owner=owner, role=role, sha256=sha256).first()
        if there is not None:
            return there, False
        height, width = pixels.shape[:2]
        image = Image(owner=owner, role=role, name=name[:120], sha256=sha256)
        image.file.save("x.png", ContentFile(png), save=False)
        image.width, image.height = width, height
        image.thumbnail.save("x.webp", ContentFile(imaging.thumbnail(pixels)), save=False)
        try:
            with transaction.atomic():
                image.save(force_insert=True)
        except IntegrityError:  # the same picture, sent twice at once
            image.remove_files()
            return self.get(owner=owner, role=role, sha256=sha256), False
        return image, True


def _checked(role: str, data: bytes) -> tuple[imaging.Array, bytes]:
    """Pixels to look at, and the PNG that is kept: no longer than any recipe can ask for."""
    if len(data) > settings.IMAGE_MAX_BYTES:
        raise imaging.ImageRefused(
            f"The file is larger than {settings.IMAGE_MAX_BYTES / 2**20:g} MiB."
        )
    if role == Image.Role.MASK:
        labels = imaging.read_label_png(data, max_pixels=settings.IMAGE_MAX_PIXELS)
        spread = 255 // max(1, int(labels.max()))
        return (labels * spread)[..., None].repeat(3, axis=2), imaging.encode_label_png(labels)
    if role == Image.Role.DEPTH:
        depth = imaging.read_depth_png(data, max_pixels=settings.IMAGE_MAX_PIXELS)
        grey = (255 * depth).astype(np.uint8)
        return grey[..., None].repeat(3, axis=2), imaging.encode_depth_png(depth)
    pixels = imaging.read(
        data, longest=settings.RECIPE_MAX_SIZE, max_pixels=settings.IMAGE_MAX_PIXELS
    )
    return pixels, imaging.encode_png(pixels)


class Image(Owned):
    """A picture that came in, kept as a PNG without metadata.

    Contents and styles are 8-bit sRGB; a mask is 8-bit grey, its values are labels; a depth map is
    16-bit grey, black near and white far.
    """

    class Role(models.TextChoices):
        CONTENT = "content"
        STYLE = "style"
        MASK = "mask"
        DEPTH = "depth", "Depth map"

    role = models.CharField(max_length=8, choices=Role)
    name = models.CharField(max_length=120, help_text="Seen by researchers only.")
    file = models.ImageField(upload_to=image_path, width_field="width", height_field="height")
    thumbnail = models.FileField(upload_to=thumbnail_path, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "role", "sha256"], name="image_once_per_owner_and_role"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def has_proportions(self, width: int, height: int) -> bool:
        """Whether a map of that many px can be laid over the picture, up to rounded sides."""
        difference = abs(width * self.height - height * self.width)
        return difference <= ROUNDED * height * self.width

    def remove_files(self) -> None:
        self.file.delete(save=False)
        self.thumbnail.delete(save=False)
