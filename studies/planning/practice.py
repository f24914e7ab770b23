"""Practice: trials with one right answer, before those that count."""

import numpy as np

from studies.models import Participant, Question, Reference, Trial


def trials(participant: Participant, question: Question, rng: np.random.Generator) -> list[Trial]:
    """As many as the study asks for, the scenes in turn, each trial's pictures in random order."""
    study = participant.study
    if not study.practice_trials:
        return []
    shown: dict[int, list[Reference]] = {}
    for one in study.references.filter(image__role="content").order_by("scene_id", "damage"):
        shown.setdefault(one.scene_id, []).append(one)
    scenes = [pictures for pictures in shown.values() if len(pictures) > 1]
    return [
        _trial(participant, question, scenes[number % len(scenes)], rng)
        for number in range(study.practice_trials)
    ]


def _trial(
    participant: Participant,
    question: Question,
    pictures: list[Reference],
    rng: np.random.Generator,
) -> Trial:
    order = [pictures[place] for place in rng.permutation(len(pictures))]
    return Trial(
        participant=participant,
        question=question,
        kind=Trial.Kind.PRACTICE,
        scene_id=pictures[0].scene_id,
        stimuli=[one.pk for one in order],
        addresses=[one.address for one in order],
    )
