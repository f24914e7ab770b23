"""Agreement scrolls: which scenes meet on which line, so that all scenes can be put on one scale."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise

import numpy as np
from django.db import IntegrityError, transaction

from studies.analysis import alignment
from studies.models import Participant, Question, Trial

IMAGES_MAX = 40  # on one scroll: what a person can place
IMAGES_LEAST = alignment.LEAST_SHARED  # of a scene: two points fix a line
IN_COMMON = 2  # scenes that one scroll shares with the next

Scrolls = list[tuple[int, ...]]


def scrolls(images: Mapping[int, int]) -> Scrolls:
    """Split scenes over scrolls: one if all fit, else a chain in which each goes on with the last two.

    Args:
        images: scene → how many of its images lie on every scroll that shows it.

    Returns:
        The scenes of each scroll, about equally many on each; what cannot be right, `fault` says.
    """
    scenes = list(images)
    most = IMAGES_MAX // max(images.values(), default=1)
    if len(scenes) <= most:
        return [tuple(scenes)] if scenes else []
    number = -(-(len(scenes) - IN_COMMON) // max(most - IN_COMMON, 1))
    made: Scrolls = []
    before = scenes[:IN_COMMON]
    for part in np.array_split(np.array(scenes[IN_COMMON:]), number):
        here = [*before, *(int(scene) for scene in part)]
        made.append(tuple(here))
        before = here[-IN_COMMON:]
    return made


def fault(images: Mapping[int, int], made: Scrolls) -> str:
    """Why these scrolls would not put all scenes on one scale, in a sentence; empty where they would."""
    if thin := [scene for scene in images if images[scene] < IMAGES_LEAST]:
        return (
            f"{_scenes(len(thin))} fewer than {IMAGES_LEAST} images on the agreement scrolls; "
            f"{IMAGES_LEAST} are needed to tell how far apart a scene's pictures lie."
        )
    longest = max((sum(images[scene] for scene in scroll) for scroll in made), default=0)
    if longest > IMAGES_MAX:
        most = IMAGES_MAX // (IN_COMMON + 1)
        return (
            f"An agreement scroll would hold {longest} images; a person can place {IMAGES_MAX}. "
            f"Take at most {most} images per scene."
        )
    if lost := set(images) - {scene for scroll in made for scene in scroll}:
        return f"{_scenes(len(lost))} no agreement scroll, so nothing joins them to the others."
    if any(len(set(a) & set(b)) < IN_COMMON for a, b in pairwise(made)):
        return (
            f"Two agreement scrolls in a row have fewer than {IN_COMMON} scenes in common, "
            "so they cannot be put on one scale."
        )
    return ""  # in a chain whose neighbours share scenes everything is connected


def _scenes(count: int) -> str:
    return "1 scene has" if count == 1 else f"{count} scenes have"


def shared(participant: Participant, question: Question, rng: np.random.Generator) -> list[Trial]:
    """The study's agreement scrolls, the same for everybody, in an order of the participant's own."""
    by_scene: dict[int, list[int]] = {}
    marked = participant.study.stimuli.filter(agreement=True).order_by("scene_id", "recipe_id")
    for scene, stimulus in marked.values_list("scene_id", "pk"):
        by_scene.setdefault(scene, []).append(stimulus)
    return _trials(participant, question, Trial.Kind.AGREEMENT, by_scene, rng)


def follow(participant: Participant) -> None:
    """Make the agreement scrolls of the participant's own pictures, once all scenes are answered.

    Only in a study that chose so: of each of their scenes, from the lowest to the highest.
    """
    study = participant.study
    if not (study.asking.agreement and study.agreement_own):
        return
    trials = list(participant.trials.select_related("question", "answer").order_by("position"))
    if any(trial.agreement or not hasattr(trial, "answer") for trial in trials):
        return
    made: list[Trial] = []
    for question in study.questions.all():
        placed = {
            trial.scene_id: _low_to_high(trial, study.agreement_per_scene)
            for trial in trials
            if trial.question_id == question.pk
            and trial.scene_id is not None
            and "positions" in trial.answer.content
        }
        rng = np.random.Generator(np.random.PCG64([study.seed, participant.pk, question.position]))
        made += _trials(participant, question, Trial.Kind.OWN, placed, rng)
    addresses = dict(study.stimuli.values_list("pk", "address"))
    for position, trial in enumerate(made, start=len(trials) + 1):
        trial.position = position
        trial.addresses = [addresses[pk] for pk in trial.stimuli]
    with suppress(IntegrityError), transaction.atomic():  # another request was faster
        Trial.objects.bulk_create(made)


def _low_to_high(trial: Trial, count: int) -> list[int]:
    positions = trial.answer.content["positions"]
    quality = np.array([positions[address] for address in trial.addresses])
    return [trial.stimuli[index] for index in alignment.low_to_high(quality, count)]


def _trials(
    participant: Participant,
    question: Question,
    kind: str,
    by_scene: Mapping[int, Sequence[int]],
    rng: np.random.Generator,
) -> list[Trial]:
    split = scrolls({scene: len(stimuli) for scene, stimuli in by_scene.items()})
    made = []
    for place in rng.permutation(len(split)):
        stimuli = [stimulus for scene in split[place] for stimulus in by_scene[scene]]
        if len(stimuli) > 1:
            mixed = [stimuli[index] for index in rng.permutation(len(stimuli))]
            made.append(Trial(participant=participant, question=question, kind=kind, stimuli=mixed))
    return made
