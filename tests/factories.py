"""Objects for tests. Files are small real PNGs, so that nothing meets a fake image."""

import hashlib
import io
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import factory
import numpy as np
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, Permission
from django.core.files.base import ContentFile
from PIL import Image as Pillow

from studies import models as studies
from stylize import models as stylize


def png(seed: int = 0, width: int = 48, height: int = 32) -> bytes:
    """A PNG of coloured noise, different for every seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = get_user_model()
        django_get_or_create = ("username",)

    username = factory.Sequence(lambda n: f"user{n}")


def researcher(username: str) -> AbstractUser:
    """Staff with every permission on the two apps, but no superuser."""
    user: AbstractUser = UserFactory(username=username, is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=["stylize", "studies", "evalsite"])
    )
    return user


class _WithFile(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    owner = factory.SubFactory(UserFactory, username="owner", is_staff=True)


class ImageFactory(_WithFile):
    class Meta:
        model = stylize.Image
        skip_postgeneration_save = True

    class Params:
        data = factory.Sequence(lambda n: png(n))

    role = "content"
    name = factory.Sequence(lambda n: f"image {n}")
    file = factory.LazyAttribute(lambda o: ContentFile(o.data, name="x.png"))
    thumbnail = factory.LazyAttribute(lambda o: ContentFile(o.data, name="x.png"))
    sha256 = factory.LazyAttribute(lambda o: hashlib.sha256(o.data).hexdigest())


class SceneFactory(_WithFile):
    class Meta:
        model = stylize.Scene
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"scene {n}")
    content = factory.SubFactory(
        ImageFactory, role="content", owner=factory.SelfAttribute("..owner")
    )

    @factory.post_generation
    def styles(self: stylize.Scene, create: bool, extracted: Any, **_: Any) -> None:  # type: ignore[misc]
        self.set_styles(extracted or [ImageFactory(role="style", owner=self.owner)])


class RecipeFactory(_WithFile):
    class Meta:
        model = stylize.Recipe

    name = factory.Sequence(lambda n: f"recipe {n}")
    method = "identity"
    method_title = "Identity"
    size = 48


class RenderingFactory(factory.django.DjangoModelFactory):
    """A finished rendering, its file noise of the scene's size."""

    class Meta:
        model = stylize.Rendering

    class Params:
        data = factory.Sequence(lambda n: png(1000 + n))

    scene = factory.SubFactory(SceneFactory)
    recipe = factory.SubFactory(RecipeFactory)
    state = "done"
    file = factory.LazyAttribute(lambda o: ContentFile(o.data, name="x.png"))
    thumbnail = factory.LazyAttribute(lambda o: ContentFile(o.data, name="x.png"))
    sha256 = factory.LazyAttribute(lambda o: hashlib.sha256(o.data).hexdigest())
    width = 48
    height = 32


class StudyFactory(_WithFile):
    """A draft with `scenes` × `recipes` rendered, one question, and not yet any stimulus."""

    class Meta:
        model = studies.Study
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Study {n}")
    protocol = "two_up"
    seed = 1
    trials_per_participant = 4
    participants_planned = 3
    consent = "I take part **freely**."
    instructions = "Look at both pictures."
    completion_code = "DONE-42"


def study(scenes: int = 2, recipes: int = 3, **values: Any) -> studies.Study:
    """A draft study whose renderings are all there, with one question."""
    made: studies.Study = StudyFactory(**values)
    made.scenes.set([SceneFactory(owner=made.owner) for _ in range(scenes)])
    made.recipes.set([RecipeFactory(owner=made.owner) for _ in range(recipes)])
    for scene in made.scenes.all():
        for recipe in made.recipes.all():
            RenderingFactory(scene=scene, recipe=recipe)
    studies.Question.objects.create(study=made, position=1)
    return made


def style_rows(
    *styles: stylize.Image, masks: Sequence[stylize.Image | None] = ()
) -> dict[str, Any]:
    """What the admin's form of a scene sends for styles and their masks."""
    said: dict[str, Any] = {"style_rows-TOTAL_FORMS": len(styles), "style_rows-INITIAL_FORMS": 0}
    for number, (style, mask) in enumerate(zip_longest(styles, masks)):
        said[f"style_rows-{number}-image"] = style.pk
        said[f"style_rows-{number}-mask"] = "" if mask is None else mask.pk
    return said
