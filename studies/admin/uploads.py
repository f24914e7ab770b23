"""Pictures made elsewhere: a grid of scenes × recipes without a method, filled by many files at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from studies import exhibits
from studies.models import Stimulus, Study, StudyNotEditable
from stylize.models import Recipe, Scene

LIMIT = settings.IMAGE_MAX_BYTES + 1  # one more than allowed is enough to refuse a file


@dataclass(frozen=True)
class Cell:
    recipe: Recipe
    wanted: tuple[int, int]
    stimulus: Stimulus | None
    field: str


@dataclass(frozen=True)
class Line:
    scene: Scene
    cells: tuple[Cell, ...]


class UploadsMixin:
    admin_site: admin.AdminSite

    def uploads_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        study = Study.objects.visible_to(request.user).filter(pk=pk).first()
        if study is None:
            raise Http404
        if not request.user.has_perm("studies.change_study"):
            raise PermissionDenied
        if not study.editable:
            messages.error(request, str(StudyNotEditable(study)))
            return redirect("admin:studies_study_change", pk)
        if request.method == "POST":
            _take(request, study)
            return redirect("admin:studies_study_uploads", pk)
        recipes = _recipes(study)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "Pictures made elsewhere",
            "study": study,
            "recipes": recipes,
            "lines": _lines(study, recipes),
        }
        return render(request, "admin/studies/study/uploads.html", context)


def _recipes(study: Study) -> list[Recipe]:
    return list(study.recipes.filter(method="").order_by("pk"))


def _scenes(study: Study) -> list[Scene]:
    return list(study.scenes.select_related("content").order_by("pk"))


def _lines(study: Study, recipes: list[Recipe]) -> list[Line]:
    there = {(one.scene_id, one.recipe_id): one for one in study.stimuli.exclude(upload="")}
    return [
        Line(
            scene,
            tuple(
                Cell(
                    recipe,
                    exhibits.wanted_size(scene, recipe),
                    there.get((scene.pk, recipe.pk)),
                    f"cell-{scene.pk}-{recipe.pk}",
                )
                for recipe in recipes
            ),
        )
        for scene in _scenes(study)
    ]


def _take(request: HttpRequest, study: Study) -> None:
    """Store every file that fits and say of each other one why not."""
    taken = 0
    for scene, recipe, file in _assigned(request, study):
        if scene is None:
            messages.error(request, f"{file.name}: no scene of the study is called like this file.")
            continue
        try:
            exhibits.upload(study, scene, recipe, file.read(LIMIT))
        except ValueError as error:
            messages.error(request, f"{file.name}: {error}")
        else:
            taken += 1
    if taken:
        messages.success(request, f"{taken} picture{'' if taken == 1 else 's'} stored.")


def _assigned(
    request: HttpRequest, study: Study
) -> Iterator[tuple[Scene | None, Recipe, UploadedFile[bytes]]]:
    """Each file with its cell: by the field it came in, or by the scene it is named after."""
    scenes = _scenes(study)
    by_name = {_plain(scene.name): scene for scene in scenes}
    for recipe in _recipes(study):
        for scene in scenes:
            for file in request.FILES.getlist(f"cell-{scene.pk}-{recipe.pk}"):
                yield scene, recipe, file
        for file in request.FILES.getlist(f"many-{recipe.pk}"):
            yield by_name.get(_plain(PurePath(file.name or "").stem)), recipe, file


def _plain(name: str) -> str:
    """Letters and digits only: “Golden gate” is golden_gate.png."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())
