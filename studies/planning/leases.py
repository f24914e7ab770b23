"""Who holds which slots: a participant claims them at Start and loses what is not answered in time."""

import secrets
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone

from studies.models import ExternalId, Participant, Question, Slot, Study, Trial
from studies.planning import agreement, balanced, practice

LEASE = timedelta(hours=2)
SPARE = 20  # candidates read beyond those needed: some may repeat what is held already

# The panel's parameter that names a person, most telling first.
PERSON = ("PROLIFIC_PID", "workerId", "participantId", "participant_id", "psid", "survey_code")


class StudyShut(ValueError):
    """Nobody can start: the study is a draft, paused or closed, or shows nothing yet."""

    def __init__(self, study: Study, reason: str) -> None:
        self.reason = reason
        super().__init__(f"“{study.title}” lets nobody in: {reason}.")


class BegunBefore(ValueError):
    """The panel's id has begun this study before: that visit goes on under its own link."""


@dataclass(frozen=True)
class Planned:
    """What one trial will show; without a slot it counts nothing."""

    showing: balanced.Showing
    slot: Slot | None = None


def start(
    study: Study,
    kind: str = Participant.Kind.PERSON,
    parameters: Mapping[str, str] | None = None,
    secret: str = "",
) -> tuple[Participant, str]:
    """Let somebody in: a participant with all trials made and their slots held.

    A secret that began a visit to this study before leads to that visit, whatever became of the study.

    Args:
        study: live or pilot; for a preview in any state.
        kind: of participant.
        parameters: the panel's, as they stood in the address.
        secret: drawn by the participant's browser; without one it is drawn here.

    Returns:
        The participant and the visit's secret, which is kept nowhere.

    Raises:
        StudyShut: nobody is let in now.
        BegunBefore: the panel's id is known in this study.
    """
    drawn = secret or secrets.token_urlsafe(24)
    begun = study.participants.filter(secret_sha256=Participant.digest(drawn))
    if secret and (known := begun.first()):
        return known, secret
    _require_open(study, kind)
    try:
        with transaction.atomic():
            participant = Participant(
                study=study, kind=kind, secret_sha256=Participant.digest(drawn)
            )
            token = participant.withdrawal_token(drawn)
            participant.withdrawal_sha256 = Participant.digest(token)
            participant.save(force_insert=True)
            _remember(participant, parameters or {})
            _make_trials(participant)
    except IntegrityError:
        return begun.get(), drawn  # a second press came in between
    return participant, drawn


def decline(participant: Participant) -> None:
    """Take a No to the consent; what was held goes to the next one at once."""
    with transaction.atomic():
        if participant.decline():
            _let_go(participant)


def turn_away(participant: Participant) -> None:
    """End the visit of somebody who failed a hard check; as after a No."""
    with transaction.atomic():
        if participant.turn_away():
            _let_go(participant)


def _let_go(participant: Participant) -> None:
    held = Slot.objects.filter(participant=participant, answered=False)
    held.update(participant=None, lease_until=None)


def _require_open(study: Study, kind: str) -> None:
    if kind == Participant.Kind.PREVIEW:
        return
    if kind == Participant.Kind.SIMULATED and not study.simulated:
        raise StudyShut(study, "it is not marked for simulated participants")
    if study.shut:
        raise StudyShut(study, study.shut)


def _remember(participant: Participant, parameters: Mapping[str, str]) -> None:
    person = next((parameters[name] for name in PERSON if parameters.get(name)), "")
    if not person:
        return
    try:
        with transaction.atomic():
            ExternalId.objects.create(
                participant=participant,
                parameters=dict(parameters),
                keyed_hash=ExternalId.hash(participant.study, person),
            )
    except IntegrityError as error:
        raise BegunBefore("This study was begun before with this panel id.") from error


def _make_trials(participant: Participant) -> None:
    study = participant.study
    stimuli = list(study.stimuli.order_by("scene_id", "recipe_id"))
    if not stimuli:
        raise StudyShut(study, "it shows no pictures yet")
    addresses = {stimulus.pk: stimulus.address for stimulus in stimuli}
    cells = balanced.design(study)
    trials: list[Trial] = []
    for question in study.questions.all():
        planned = _planned(participant, question, cells)
        first = min((one.slot.position for one in planned if one.slot), default=0)
        rng = balanced.generator_of(study, question, first)
        trials = trials or practice.trials(participant, question, rng)
        trials += _block(participant, question, planned, rng)
        if study.asking.agreement and not study.agreement_own:
            trials += agreement.shared(participant, question, rng)
    for position, trial in enumerate(trials, start=1):
        trial.position = position
        trial.addresses = trial.addresses or [addresses[pk] for pk in trial.stimuli]
    Trial.objects.bulk_create(trials)


def _planned(participant: Participant, question: Question, cells: balanced.Design) -> list[Planned]:
    study = participant.study
    round_ = balanced.showings(study, question, cells, 0)
    count = min(study.trials_per_participant, len(round_))
    if participant.kind == Participant.Kind.PREVIEW:
        return [Planned(showing) for showing in round_[:count]]
    return [
        Planned(balanced.Showing(slot.scene_id, tuple(slot.stimuli)), slot)
        for slot in claim(participant, question, cells, count)
    ]


def _block(
    participant: Participant,
    question: Question,
    planned: Sequence[Planned],
    rng: np.random.Generator,
) -> list[Trial]:
    return [
        Trial(
            participant=participant,
            question=question,
            scene_id=planned[index].showing.scene,
            slot=planned[index].slot,
            stimuli=planned[index].showing.stimuli,
        )
        for index in balanced.spread([one.showing.scene for one in planned], rng)
    ]


def claim(
    participant: Participant, question: Question, cells: balanced.Design, count: int
) -> list[Slot]:
    """Hold the `count` lowest free slots that show the participant nothing twice.

    Each is taken by a conditional update; what somebody else took meanwhile is made up for from
    what is free then. When the schedule is used up, its next round is written.
    """
    held: dict[Hashable, Slot] = {}
    while len(held) < count:
        wanted = _candidates(question, set(held), count - len(held))
        if len(wanted) < count - len(held):
            balanced.add_round(participant.study, question, cells)
            continue
        until = timezone.now() + LEASE
        rows = Slot.objects.free().filter(pk__in=[slot.pk for slot in wanted.values()])
        if rows.update(participant=participant, lease_until=until) < len(wanted):
            mine = set(participant.slots.filter(question=question).values_list("pk", flat=True))
            wanted = {cell: slot for cell, slot in wanted.items() if slot.pk in mine}
        held |= wanted
    return sorted(held.values(), key=lambda slot: slot.position)


def _candidates(question: Question, held: set[Hashable], count: int) -> dict[Hashable, Slot]:
    """Up to `count` free slots from the lowest position on, no two of one cell.

    PostgreSQL passes over rows that another Start is looking at, so that a crowd that arrives at
    once does not queue up; SQLite lets one writer in at a time anyway.
    """
    found: dict[Hashable, Slot] = {}
    after = -1
    while len(found) < count:
        free = Slot.objects.free().filter(question=question, position__gt=after)
        chunk = list(free.select_for_update(skip_locked=True).order_by("position")[: count + SPARE])
        for slot in chunk:
            cell = balanced.cell(slot.scene_id, slot.stimuli)
            if cell not in held and cell not in found and len(found) < count:
                found[cell] = slot
        if len(chunk) < count + SPARE:
            break
        after = chunk[-1].position
    return found
