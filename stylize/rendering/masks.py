"""The masks of a scene, of its content and of each style: taken from files, made, compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from django.conf import settings

from stylize import imaging
from stylize.models import Image, Scene, SceneNotEditable, SceneStyle
from stylize.record import Labels
from stylize.solvers import segments

How = Literal["colour", "objects"]
MOST_DIFFERENT = 32  # labels of a mask; a grey photograph has more


@dataclass(frozen=True)
class Side:
    """A picture of a scene and its mask.

    Args:
        name: "content", "style", "style-2", "style-3" …
        row: on which the mask is kept, as `field`.
    """

    name: str
    picture: Image
    mask: Image | None
    row: Scene | SceneStyle
    field: str

    @property
    def title(self) -> str:
        return self.name.replace("-", " ")


def sides(scene: Scene) -> list[Side]:
    """The content, then the styles in their order."""
    found = [Side("content", scene.content, scene.content_mask, scene, "content_mask")]
    for number, row in enumerate(scene.style_rows.select_related("image", "mask"), start=1):
        name = "style" if number == 1 else f"style-{number}"
        found.append(Side(name, row.image, row.mask, row, "mask"))
    return found


def compared(scene: Scene) -> list[segments.Share]:
    """How much of each picture every label covers; what has no mask has no label."""
    masks = [side.mask for side in sides(scene)]
    return segments.shares([None if mask is None else _labels(mask) for mask in masks])


def take(scene: Scene, files: Mapping[str, bytes]) -> None:
    """Keep label PNGs, or pictures with one flat colour per label: of any side or of several.

    Args:
        scene: not rendered yet.
        files: by name of the side; when one is refused none is kept.

    Raises:
        ImageRefused: with one sentence.
        SceneNotEditable: the scene has been rendered.
    """
    found = {}
    for side in sides(scene):
        if side.name in files:
            try:
                found[side.name] = _fitting(_read(files[side.name]), side.picture)
            except imaging.ImageRefused as error:
                raise imaging.ImageRefused(f"{side.title.capitalize()}: {error}") from error
    _keep(scene, found)


def _read(data: bytes) -> Labels:
    if len(data) > settings.IMAGE_MAX_BYTES:
        raise imaging.ImageRefused(
            f"The file is larger than {settings.IMAGE_MAX_BYTES / 2**20:g} MiB."
        )
    try:
        labels = imaging.read_label_png(data, max_pixels=settings.IMAGE_MAX_PIXELS)
    except imaging.ImageRefused:
        return segments.from_flat_colours(imaging.read(data, max_pixels=settings.IMAGE_MAX_PIXELS))
    if (different := len(np.unique(labels))) > MOST_DIFFERENT:
        raise imaging.ImageRefused(
            f"The map has {different} labels; it may have {MOST_DIFFERENT}. "
            "Save it as an RGB picture with one flat colour per label."
        )
    return labels


def _fitting(labels: Labels, picture: Image) -> Labels:
    height, width = labels.shape
    if not picture.has_proportions(width, height):
        raise imaging.ImageRefused(
            f"The map is {width}×{height} px; it must have the proportions of the picture, "
            f"{picture.width}×{picture.height} px."
        )
    return imaging.resize_labels(labels, picture.height, picture.width)


def make(scene: Scene, how: How, number: int) -> None:
    """Make all masks from the pictures: `number` labels by colour, or by objects.

    Raises:
        ValueError: naming what is wrong.
        FileNotFoundError: the weights for objects are not on this machine.
        SceneNotEditable: the scene has been rendered.
    """
    _check_free(scene)
    found = sides(scene)
    pictures = [_opened(side.picture) for side in found]
    if len(pictures) < 2:
        raise ValueError("styles: the scene has none")
    made = (
        segments.by_objects(pictures) if how == "objects" else segments.by_colour(pictures, number)
    )
    _keep(scene, {side.name: labels for side, labels in zip(found, made, strict=True)})


def remove(scene: Scene) -> None:
    """The scene has no masks any more; the mask images stay.

    Raises:
        SceneNotEditable: the scene has been rendered.
    """
    _check_free(scene)
    scene.content_mask = None
    scene.save(update_fields=["content_mask"])
    scene.style_rows.update(mask=None)


def _keep(scene: Scene, found: Mapping[str, Labels]) -> None:
    """Store label maps as masks of the scene's owner, and hand them to the scene."""
    _check_free(scene)
    for side in sides(scene):
        if side.name in found:
            data = imaging.encode_label_png(found[side.name])
            name = f"{side.picture.name[:110]}, mask"
            mask = Image.objects.take(scene.owner, Image.Role.MASK, name, data)
            setattr(side.row, side.field, mask)
            side.row.save(update_fields=[side.field])


def _check_free(scene: Scene) -> None:
    """Before anything is stored: what the scene refuses at its `save` would stay behind."""
    if scene.rendered:
        raise SceneNotEditable(f"{scene} has been rendered: its masks cannot be changed.")


def _opened(image: Image) -> imaging.Array:
    with image.file.open("rb") as file:
        return imaging.read(file.read())


def _labels(mask: Image) -> Labels:
    with mask.file.open("rb") as file:
        return imaging.read_label_png(file.read())
