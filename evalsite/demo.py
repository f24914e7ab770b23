"""What the demo makes: pictures, scenes, recipes, one study per protocol, and its people's tastes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from studies import lifecycle
from studies.models import Participant, Question, Study
from studies.protocols import PROTOCOLS
from studies.reports import build
from stylize import painter, rendering
from stylize.models import Image, Recipe, Scene

SIZE = 256
PARTICIPANTS = 40

# Utilities in logits, 0.6 apart: the known truth that the rankings must find.
TASTES = {
    "gatys": 1.5,
    "idt": 0.9,
    "reinhard": 0.3,
    "mkl": -0.3,
    "identity": -0.9,
    "histogram": -1.5,
}


@dataclass(frozen=True)
class Source:
    """Where a picture comes from: a package's folder, or our own painter."""

    name: str
    package: str
    file: str

    def read(self) -> bytes:
        if self.package == "painter":
            painting = painter.PAINTINGS[self.file](np.random.default_rng(7), 2 * SIZE)
            buffer = io.BytesIO()
            Pillow.fromarray(painting).save(buffer, "PNG")
            return buffer.getvalue()
        return (_folder(self.package) / self.file).read_bytes()


@dataclass(frozen=True)
class Pair:
    content: Source
    style: Source
    tags: str


PAIRS = (
    Pair(
        Source("Temple", "sklearn.datasets", "images/china.jpg"),
        Source("Brush strokes", "painter", "brush strokes"),
        "photo → painting, architecture",
    ),
    Pair(
        Source("Astronaut", "skimage", "data/astronaut.png"),
        Source("Stained glass", "painter", "stained glass"),
        "photo → painting, portrait",
    ),
    Pair(
        Source("Coffee", "skimage", "data/coffee.png"),
        Source("Grid", "painter", "mondrian"),
        "photo → painting, still life",
    ),
    Pair(
        Source("Rocket", "skimage", "data/rocket.jpg"),
        Source("Waves", "painter", "waves"),
        "photo → painting, night",
    ),
    Pair(
        Source("Cat", "skimage", "data/chelsea.png"),
        Source("Gravel", "skimage", "data/gravel.png"),
        "texture, portrait",
    ),
    Pair(
        Source("Flower", "sklearn.datasets", "images/flower.jpg"),
        Source("Tissue", "skimage", "data/ihc.png"),
        "texture, still life",
    ),
)

CONSENT = """\
You look at pictures and say which you like. There are no right answers.

- Taking part is **voluntary**: you may close the page at any time.
- We store your answers, how long they took, the size of your window and the kind of your browser. We store **no** name and no address.
"""
INSTRUCTIONS = {
    "two_up": "You see **two** pictures made from the same photo and style. Choose the one you prefer.",
    "single_choice": "You see **several** pictures made from the same photo and style. "
    "Choose the one you prefer.",
    "rating_scale": "Place every picture on the line: the **better**, the further to the right. "
    "The distance between two pictures says how different they are for you. The line has no ends: "
    "zoom and move it as you like.",
}


def _folder(package: str) -> Path:
    module = __import__(package, fromlist=["__file__"])
    return Path(str(module.__file__)).parent


def scenes(owner: Any) -> list[Scene]:
    """The six scenes; what is there already is used again."""
    made = []
    for pair in PAIRS:
        content = Image.objects.take(owner, "content", pair.content.name, pair.content.read())
        style = Image.objects.take(owner, "style", pair.style.name, pair.style.read())
        made.append(Scene.objects.pair(owner, content, style, tags=pair.tags))
    return made


def recipes(owner: Any) -> list[Recipe]:
    """The default recipe of each method that has a taste, at the demo's size."""
    return [rendering.default_recipe(owner, method, SIZE) for method in TASTES]


def studies(owner: Any, seed: int, shown: list[Scene], compared: list[Recipe]) -> Iterator[Study]:
    """One open study per protocol, marked as simulated."""
    for key, protocol in PROTOCOLS.items():
        title = f"Demo: {protocol.title.lower()}"
        study = Study.objects.filter(owner=owner, title=title, seed=seed).first()
        if study is None:
            study = Study.objects.create(
                owner=owner,
                title=title,
                protocol=key,
                seed=seed,
                simulated=True,
                trials_per_participant=20 if key == "two_up" else len(shown),
                participants_planned=PARTICIPANTS,
                duration_minutes=5,
                contact="the person who started this demo",
                consent=CONSENT,
                instructions=INSTRUCTIONS[key],
                completion_code="PARAGONE-DEMO",
            )
            Question.objects.create(study=study, position=1)
            study.scenes.set(shown)
            study.recipes.set(compared)
        if study.state == Study.State.DRAFT:
            lifecycle.open_study(study)
        yield study


def simulated(study: Study) -> int:
    """How many simulated participants have finished it."""
    finished = Participant.State.FINISHED
    kind = Participant.Kind.SIMULATED
    return study.participants.filter(kind=kind, state=finished).count()


def tastes(compared: list[Recipe]) -> Mapping[int, float]:
    return {recipe.pk: TASTES[recipe.method] for recipe in compared}


@dataclass(frozen=True)
class Row:
    name: str
    truth: float
    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class AgainstTruth:
    """A study's ranking beside the tastes it was answered with."""

    rows: tuple[Row, ...]
    spearman: float
    spearman_choix: float


def against_truth(study: Study) -> AgainstTruth:
    """Fit the study's report and compare both its rankings with the known truth."""
    truth = {recipe.name: TASTES[recipe.method] for recipe in study.recipes.all()}
    finding = build.report(study).findings[0]
    rows = tuple(
        Row(item.name, truth[item.name], item.estimate or 0.0, item.low, item.high)
        for item in finding.ranked
    )
    choix = finding.ranking.bradley_terry.items
    return AgainstTruth(
        rows,
        _spearman({row.name: row.estimate for row in rows}, truth),
        _spearman({item.name: item.estimate for item in choix if item.estimate is not None}, truth),
    )


def _spearman(found: Mapping[str, float], truth: Mapping[str, float]) -> float:
    """Rank correlation; 0 where not every recipe was ranked."""
    if set(found) != set(truth):
        return 0.0
    order = sorted(truth)
    ranks = [np.argsort(np.argsort([values[name] for name in order])) for values in (found, truth)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
