"""The pictures a study shows: renderings and uploads as stimuli, contents and styles as references."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet

from studies import dataset
from studies.analysis import alignment
from studies.drawing.damage import damaged
from studies.models import Reference, Stimulus, Study, address
from studies.protocols import PROTOCOLS
from stylize import imaging
from stylize.models import Image, Recipe, Rendering, Scene

Cell = tuple[int, int]  # (scene id, recipe id)


@dataclass(frozen=True)
class Picture:
    """What fills one cell of the design: a rendering, or an uploaded stimulus."""

    sha256: str
    size: tuple[int, int]
    rendering: Rendering | None = None
    upload: Stimulus | None = None


def wanted_size(scene: Scene, recipe: Recipe) -> tuple[int, int]:
    """Width and height of the scene's pictures: its content reduced to the recipe's size."""
    width, height = scene.content.width, scene.content.height
    longest = max(width, height)
    if longest <= recipe.size:
        return width, height
    scale = recipe.size / longest
    return max(1, round(width * scale)), max(1, round(height * scale))


def pictures(study: Study) -> dict[Cell, Picture]:
    """What is there for each cell: of several seeds the smallest, an upload where none is made."""
    uploads = study.stimuli.exclude(upload="")
    found = {
        (one.scene_id, one.recipe_id): Picture(one.sha256, (one.width, one.height), upload=one)
        for one in uploads
    }
    made = Rendering.objects.current().done().filter(scene__studies=study, recipe__studies=study)
    for one in made.order_by("-seed"):
        size = (one.width or 0, one.height or 0)
        found[one.scene_id, one.recipe_id] = Picture(one.sha256, size, rendering=one)
    return found


def upload(study: Study, scene: Scene, recipe: Recipe, data: bytes) -> Stimulus:
    """Take a picture made elsewhere; it must have exactly the pixel size the study shows.

    Raises:
        StudyNotEditable: the study is no draft.
        ImageRefused: no usable picture, or not of the size wanted, which is named.
        ValueError: the recipe has a method, which makes its own pictures.
    """
    study.require_editable()
    if recipe.method:
        raise ValueError(f"“{recipe.name}” is made by {recipe.method_title or recipe.method} here.")
    array = _fitting(data, scene, recipe)
    clean = imaging.encode_png(array)
    with transaction.atomic():
        # Again, and held: it may have been opened while the picture was read.
        Study.objects.select_for_update().get(pk=study.pk).require_editable()
        discard(study.stimuli.filter(scene=scene, recipe=recipe))
        return Stimulus.objects.create(
            study=study,
            scene=scene,
            recipe=recipe,
            upload=ContentFile(clean, name="upload.png"),
            sha256=imaging.sha256(clean),
            width=array.shape[1],
            height=array.shape[0],
        )


def _fitting(data: bytes, scene: Scene, recipe: Recipe) -> imaging.Array:
    """The picture, if it is one and has the size wanted."""
    if len(data) > settings.IMAGE_MAX_BYTES:
        raise imaging.ImageRefused(
            f"The file is larger than {settings.IMAGE_MAX_BYTES / 2**20:g} MiB."
        )
    array = imaging.read(data, max_pixels=settings.IMAGE_MAX_PIXELS)
    came, wanted = (array.shape[1], array.shape[0]), wanted_size(scene, recipe)
    if came != wanted:
        raise imaging.ImageRefused(
            f"The picture of “{scene.name}” is {came[0]}×{came[1]} px; "
            f"it must be exactly {wanted[0]}×{wanted[1]} px."
        )
    return array


def references(study: Study) -> list[Reference]:
    """Write what the study shows beside the stimuli; the rows are not saved yet.

    Each scene's content and styles, and the damaged copies of contents for practice.
    """
    size = study.recipes.values_list("size", flat=True)[0]
    made = []
    for scene in study.scenes.select_related("content").prefetch_related("styles"):
        made.append(_reference(study, scene, scene.content, size))
        made += [
            _reference(study, scene, style, size, enlarge=True) for style in scene.styles.all()
        ]
    return made + _for_practice(study, size)


def _for_practice(study: Study, size: int) -> list[Reference]:
    """Damaged copies of one content per practice trial; scenes drawn from the seed."""
    rng = np.random.default_rng([study.seed, 2])
    scenes = list(study.scenes.select_related("content").order_by("pk"))
    drawn = [scenes[place] for place in rng.permutation(len(scenes))[: study.practice_trials]]
    return [
        _reference(study, scene, scene.content, size, damage=level, rng=rng)
        for scene in drawn
        for level in ((2,) if study.asking.stimuli == 2 else (1, 2))
    ]


def _reference(
    study: Study,
    scene: Scene,
    image: Image,
    size: int,
    *,
    enlarge: bool = False,
    damage: int = 0,
    rng: np.random.Generator | None = None,
) -> Reference:
    with image.file.open("rb") as file:
        array = imaging.resize_to_longest(imaging.read(file.read()), size, enlarge=enlarge)
    if rng is not None:
        array = damaged(array, damage, rng)
    data = imaging.encode_png(array)
    made = Reference(
        study=study,
        scene=scene,
        image=image,
        sha256=imaging.sha256(data),
        width=array.shape[1],
        height=array.shape[0],
        damage=damage,
    )
    made.file.save("reference.png", ContentFile(data), save=False)
    return made


def hang(study: Study, shown: Iterable[Reference]) -> None:
    """Replace what earlier previews showed: new rows, new random addresses, agreement marked."""
    found = pictures(study)
    cells = {(s, r) for s in _ids(study.scenes) for r in _ids(study.recipes)}
    agreed = agreement_cells(study) if PROTOCOLS[study.protocol].agreement else set()
    hung = [picture.upload.pk for cell in cells if (picture := found[cell]).upload is not None]
    discard(study.references.all())
    discard(study.stimuli.exclude(pk__in=hung))
    for cell in sorted(cells):
        one = found[cell]
        stimulus = one.upload or Stimulus(
            study=study,
            scene_id=cell[0],
            recipe_id=cell[1],
            rendering=one.rendering,
            sha256=one.sha256,
            width=one.size[0],
            height=one.size[1],
        )
        stimulus.address = address()
        stimulus.agreement = cell in agreed
        stimulus.save()
    Reference.objects.bulk_create(shown)


def agreement_cells(study: Study) -> set[Cell]:
    """`agreement_per_scene` cells of every scene: from low to high where a pilot tells, else spread.

    Spread: drawn from the seed, evenly over the recipes.
    """
    told = told_by_pilot(study)
    rng = np.random.default_rng([study.seed, 1])
    used = dict.fromkeys(_ids(study.recipes), 0)
    cells: set[Cell] = set()
    for scene in _ids(study.scenes):
        order = sorted(used, key=lambda recipe: (used[recipe], rng.random()))
        quality = told.get(scene, {})
        if len(quality) >= study.agreement_per_scene:
            known, values = list(quality), np.array(list(quality.values()))
            order = [known[k] for k in alignment.low_to_high(values, study.agreement_per_scene)]
        for recipe in order[: study.agreement_per_scene]:
            used[recipe] += 1
            cells.add((scene, recipe))
    return cells


def told_by_pilot(study: Study) -> dict[int, dict[int, float]]:
    """Scene id → recipe id → mean z over the pilot's scene scrolls, its first question."""
    question = study.pilot.questions.first() if study.pilot else None
    if study.pilot is None or question is None:
        return {}
    placed = dataset.placements(study.pilot, question)
    scores = alignment.scores(placed)
    means = alignment.means(scores.within.sum(axis=0), scores.within_n.sum(axis=0))
    scenes = dict(study.scenes.values_list("name", "pk"))
    recipes = dict(study.recipes.values_list("name", "pk"))
    told: dict[int, dict[int, float]] = {}
    for image in np.flatnonzero(np.isfinite(means)):
        scene = scenes.get(placed.scenes[image // len(placed.recipes)])
        recipe = recipes.get(placed.recipes[image % len(placed.recipes)])
        if scene is not None and recipe is not None:
            told.setdefault(scene, {})[recipe] = float(means[image])
    return told


def _ids(rows: object) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))  # type: ignore[attr-defined]


def discard(rows: QuerySet[Stimulus] | QuerySet[Reference]) -> None:
    """Delete rows, and their own files once the deletion is certain."""
    files = [row.upload if isinstance(row, Stimulus) else row.file for row in rows]
    rows.delete()
    for file in files:
        if file.name:
            transaction.on_commit(partial(file.storage.delete, file.name))
