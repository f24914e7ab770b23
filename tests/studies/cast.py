"""People who answer: trials and answers written straight into the database, whoever plans them."""

import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.utils import timezone

from studies import exhibits
from studies.models import Answer, Participant, Question, Stimulus, Study, Trial
from studies.protocols import PROTOCOLS
from tests import factories


def live(protocol: str = "two_up", scenes: int = 3, recipes: int = 4, **values: Any) -> Study:
    """A live study whose pictures hang, with no slots: these tests plan by themselves."""
    study = factories.study(scenes=scenes, recipes=recipes, protocol=protocol, **values)
    exhibits.hang(study, exhibits.references(study))
    Study.objects.filter(pk=study.pk).update(state=Study.State.LIVE, opened_at=timezone.now())
    study.refresh_from_db()
    return study


def visit(study: Study, kind: str = "person", state: str = "finished") -> Participant:
    return Participant.objects.create(study=study, kind=kind, state=state, secret_sha256="")


def ask(
    participant: Participant,
    stimuli: list[Stimulus],
    content: dict[str, Any] | None = None,
    kind: str = "scene",
    question: Question | None = None,
) -> Trial:
    """One trial, and its answer unless `content` is None."""
    trial = Trial.objects.create(
        participant=participant,
        position=participant.trials.count(),
        kind=kind,
        question=question or participant.study.questions.all()[0],
        scene=None if kind == "agreement" else stimuli[0].scene,
        stimuli=[one.pk for one in stimuli],
        addresses=[one.address for one in stimuli],
    )
    if content is not None:
        Answer.objects.create(trial=trial, uuid=uuid.uuid4(), content=content, reaction_ms=1500.0)
    return trial


def taste(study: Study, spread: float = 1.0) -> dict[str, float]:
    """A utility by recipe name: the first of the study is liked least."""
    names = list(study.recipes.order_by("pk").values_list("name", flat=True))
    return {name: spread * place for place, name in enumerate(names)}


def answered(study: Study, people: int = 6, trials: int = 12, **options: Any) -> Study:
    """Let `people` simulated tastes answer `trials` each (rating scale: every scene and a scroll)."""
    rng = np.random.default_rng(options.get("seed", 7))
    liked = options.get("liked") or taste(study)
    for _ in range(people):
        participant = visit(study, kind=options.get("kind", "person"))
        for question in study.questions.all():
            for stimuli, kind in _planned(study, trials, rng):
                content = _reply(study, stimuli, liked, rng)
                ask(participant, stimuli, content, kind, question)
    return study


def _planned(
    study: Study, trials: int, rng: np.random.Generator
) -> list[tuple[list[Stimulus], str]]:
    by_scene: dict[int, list[Stimulus]] = {}
    for one in study.stimuli.select_related("scene", "recipe"):
        by_scene.setdefault(one.scene_id, []).append(one)
    scenes = list(by_scene.values())
    if study.protocol == "rating_scale":
        common = [one for scene in scenes for one in scene if one.agreement]
        return [(_mixed(scene, rng), "scene") for scene in scenes] + [(common, "agreement")]
    shown = 2 if study.protocol == "two_up" else len(scenes[0])
    return [(_mixed(scenes[n % len(scenes)], rng)[:shown], "scene") for n in range(trials)]


def _mixed(stimuli: list[Stimulus], rng: np.random.Generator) -> list[Stimulus]:
    return [stimuli[place] for place in rng.permutation(len(stimuli))]


def _reply(
    study: Study, stimuli: list[Stimulus], liked: Mapping[str, float], rng: np.random.Generator
) -> dict[str, Any]:
    utility = {one.address: liked[one.recipe.name] for one in stimuli}
    addresses = [one.address for one in stimuli]
    return PROTOCOLS[study.protocol].simulate(addresses, utility, rng)
