"""A study with pictures that look like something: photographs that ship with scikit-image, filtered."""

import hashlib
import io
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps
from skimage import data

from studies.lifecycle import open_study
from studies.models import Study
from stylize.models import Image as Made
from tests import factories

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
Pixels = NDArray[np.uint8]


def _through(size: int, *filters: ImageFilter.Filter) -> Callable[[Image.Image], Image.Image]:
    def apply(image: Image.Image) -> Image.Image:
        small = image.resize((max(1, image.width // size), max(1, image.height // size)))
        for each in filters:
            small = small.filter(each)
        return small.resize(image.size, Image.Resampling.BICUBIC)

    return apply


def _tint(low: str, high: str) -> Callable[[Image.Image], Image.Image]:
    return lambda image: ImageOps.colorize(ImageOps.autocontrast(image.convert("L")), low, high)


FILTERS: tuple[Callable[[Image.Image], Image.Image], ...] = (
    lambda image: image,
    lambda image: ImageOps.posterize(image, 2),
    lambda image: image.filter(ImageFilter.ModeFilter(9)),
    _tint("#1b1440", "#ffd9a0"),
    _through(1, ImageFilter.FIND_EDGES, ImageFilter.SMOOTH),
    lambda image: ImageOps.solarize(image, 128),
    _through(6),
    _tint("#12382b", "#f6f1d5"),
    _through(1, ImageFilter.EMBOSS),
    lambda image: ImageOps.invert(image),
    _through(3, ImageFilter.MedianFilter(5)),
    _tint("#2b0000", "#ff9a76"),
)


@cache
def photograph(name: str, size: int) -> Image.Image:
    image = Image.fromarray(getattr(data, name)()).convert("RGB")
    image.thumbnail((size, size))
    return image


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _file(image: Image.Image) -> dict[str, Any]:
    content = png(image)
    return {
        "data": content,
        "sha256": hashlib.sha256(content).hexdigest(),
        "width": image.width,
        "height": image.height,
    }


def study(protocol: str, scenes: int = 2, recipes: int = 4, size: int = 96, **values: Any) -> Study:
    """A live study of filtered photographs."""
    made: Study = factories.StudyFactory(protocol=protocol, **values)
    styles = [_image(made, "style", i, photograph("chelsea", size)) for i in range(1)]
    made.recipes.set([factories.RecipeFactory(owner=made.owner, size=size) for _ in range(recipes)])
    for number in range(scenes):
        content = photograph(PHOTOGRAPHS[number % len(PHOTOGRAPHS)], size)
        scene = factories.SceneFactory(
            owner=made.owner, content=_image(made, "content", number, content), styles=styles
        )
        made.scenes.add(scene)
        for recipe, apply in zip(made.recipes.order_by("pk"), FILTERS, strict=False):
            factories.RenderingFactory(scene=scene, recipe=recipe, **_file(apply(content)))
    made.questions.create(position=1, text="Which do you prefer?")
    open_study(made)
    return made


def _image(made: Study, role: str, number: int, image: Image.Image) -> Any:
    shown = image if role == "content" else ImageOps.solarize(image, 64)
    file = _file(shown)
    same = Made.objects.filter(owner=made.owner, role=role, sha256=file["sha256"]).first()
    return same or factories.ImageFactory(
        owner=made.owner,
        role=role,
        name=f"{made.pk} {role} {number}",
        file=ContentFile(file["data"], name="x.png"),
        **file,
    )
