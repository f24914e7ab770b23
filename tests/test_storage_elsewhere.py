"""Files are reached by the storage API alone: the loop on a storage that knows no paths."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage
from django.test import Client
from django.urls import reverse

from studies import lifecycle
from studies.models import Question, Study
from stylize import imaging, rendering
from stylize.models import Batch, Image, Recipe, Scene
from stylize.tasks import render
from tests import factories

ROOT = Path(__file__).parents[1]


class NoPaths(Storage):
    """The least a storage on other machines can do; Django's own `path` raises."""

    files: dict[str, bytes] = {}

    def _save(self, name: str, content: File) -> str:
        self.files[name] = content.read()
        return name

    def _open(self, name: str, mode: str = "rb") -> File:
        return ContentFile(self.files[name], name)

    def exists(self, name: str) -> bool:
        return name in self.files

    def delete(self, name: str) -> None:
        self.files.pop(name, None)

    def size(self, name: str) -> int:
        return len(self.files[name])


@pytest.fixture(autouse=True)
def _no_paths(settings: Any) -> None:
    memory = {"BACKEND": f"{NoPaths.__module__}.NoPaths"}
    settings.STORAGES = settings.STORAGES | {"default": memory}


def rendered(owner: AbstractUser) -> Study:
    """Two pictures in, four renderings out by the task itself, and a draft that shows them."""
    content = Image.objects.take(owner, "content", "content", factories.png(1, 64, 48))
    style = Image.objects.take(owner, "style", "style", factories.png(2, 40, 30))
    scene = Scene.objects.pair(owner, content, style)
    recipes = [
        rendering.fill(Recipe(owner=owner, name=key, method=key, size=48))
        for key in ("identity", "mkl")
    ]
    for recipe in recipes:
        recipe.save()
    for one in Batch.objects.ask(owner, [scene], recipes).renderings.all():
        render(one.pk)
    study = factories.StudyFactory(owner=owner, trials_per_participant=1)
    study.scenes.set([scene])
    study.recipes.set(recipes)
    Question.objects.create(study=study)
    return study


def test_loop_on_a_storage_without_paths_renders_opens_and_shows(
    owner: AbstractUser, client: Client
) -> None:
    with pytest.raises(NotImplementedError):
        default_storage.path("anything")
    study = rendered(owner)
    lifecycle.open_study(study)
    assert study.stimuli.count() == 2
    for shown in [*study.stimuli.all(), *study.references.all()]:
        served = client.get(reverse("participant:image", args=[shown.address]))
        assert imaging.read(served.content).shape == (shown.height, shown.width, 3)
        assert imaging.sha256(served.content) == shown.sha256


def test_picture_in_the_admin_on_a_storage_without_paths_is_served(
    owner: AbstractUser, client: Client
) -> None:
    rendered(owner)
    client.force_login(owner)
    page = client.get(reverse("admin:stylize_rendering_changelist"))
    assert page.status_code == 200
    assert client.get(reverse("admin:stylize_image_changelist")).status_code == 200


def test_bucket_in_the_environment_puts_files_on_s3_like_storage(tmp_path: Path) -> None:
    code = (
        "import json; from django.core.files.storage import default_storage as s;"
        "print(json.dumps([s.__class__.__name__, s.bucket_name, s.endpoint_url,"
        " s.file_overwrite]))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PARAGONE_VAR": str(tmp_path),
        "S3_BUCKET": "pictures",
        "S3_ENDPOINT_URL": "http://127.0.0.1:9000",
    }
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == ["S3Storage", "pictures", "http://127.0.0.1:9000", False]
