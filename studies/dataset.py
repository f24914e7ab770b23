"""Rows → arrays: the only door into the analysis. Order is that of the trials, so nothing depends on the database."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import Count, Q, QuerySet

from studies.analysis.data import Choices, Placements, Votes
from studies.models import Answer, Event, Participant, Question, Stimulus, Study, Trial
from studies.protocols import viewing

DAMAGE = ("intact", "damaged", "ruined")
Data = Votes | Choices | Placements


@dataclass(frozen=True)
class Exclusions:
    """What was answered or begun and stands in no row of the data.

    Answers are those to one question, visits those of the study. `unfinished_*` are left out since whoever
    leaves a panel's study has withdrawn; `unfinished=True` puts them back.
    """

    skips: int
    practice: int
    unfinished_answers: int
    unfinished_visits: int
    declined_visits: int
    withdrawn_visits: int
    screened_visits: int
    preview_visits: int
    simulated_visits: int


@dataclass(frozen=True)
class _Row:
    """One answer with what its trial showed, as names."""

    participant: str
    kind: str
    shown: tuple[tuple[str, str], ...]  # (scene, recipe) in the order shown
    addresses: tuple[str, ...]
    content: Mapping[str, Any]


@dataclass
class _Index:
    """Names in the order of first use, as the indices that arrays hold."""

    names: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def __call__(self, name: str) -> int:
        if name not in self.places:
            self.places[name] = len(self.names)
            self.names.append(name)
        return self.places[name]


def read(study: Study, question: Question, *, unfinished: bool = False) -> Data:
    """The data of one question in its protocol's form."""
    return READERS[study.protocol](study, question, unfinished=unfinished)


def votes(study: Study, question: Question, *, unfinished: bool = False) -> Votes:
    """Two-up: who saw what left and right, and which was preferred; a is left."""
    index, recipes = _indices(study), _recipes(study)
    columns: list[tuple[int, int, int, int, bool]] = []
    skips = ties = 0
    for row in _rows(study, question, unfinished):
        chosen = row.content["chosen"]
        skips, ties = skips + (chosen == "skip"), ties + (chosen == "tie")
        if chosen in ("a", "b"):
            (scene, left), (_, right) = row.shown
            columns.append(
                (
                    index["participant"](row.participant),
                    index["scene"](scene),
                    recipes[left],
                    recipes[right],
                    chosen == "a",
                )
            )
    table = np.array(columns, dtype=np.intp).reshape(-1, 5)
    return Votes(
        items=tuple(recipes),
        participants=tuple(index["participant"].names),
        scenes=tuple(index["scene"].names),
        participant=table[:, 0],
        scene=table[:, 1],
        left=table[:, 2],
        right=table[:, 3],
        left_won=table[:, 4] == 1,
        skips=skips,
        ties=ties,
    )


def choices(study: Study, question: Question, *, unfinished: bool = False) -> Choices:
    """Single choice: the list as it was shown, and the place that was chosen."""
    index, recipes = _indices(study), _recipes(study)
    heads: list[tuple[int, int, int]] = []
    lists: list[list[int]] = []
    skips = nones = 0
    for row in _rows(study, question, unfinished):
        chosen = row.content["chosen"]
        skips, nones = skips + (chosen == "skip"), nones + (chosen == "none")
        if chosen in row.addresses:
            person, scene = index["participant"](row.participant), index["scene"](row.shown[0][0])
            heads.append((person, scene, row.addresses.index(chosen)))
            lists.append([recipes[recipe] for _, recipe in row.shown])
    table = np.array(heads, dtype=np.intp).reshape(-1, 3)
    return Choices(
        items=tuple(recipes),
        participants=tuple(index["participant"].names),
        scenes=tuple(index["scene"].names),
        participant=table[:, 0],
        scene=table[:, 1],
        options=_padded(lists),
        chosen=table[:, 2],
        skips=skips,
        nones=nones,
    )


def placements(study: Study, question: Question, *, unfinished: bool = False) -> Placements:
    """Rating scale: every placed picture of every scroll; a scroll is a trial."""
    index, recipes = _indices(study), _recipes(study)
    columns: list[tuple[int, int, int, int, bool]] = []
    positions: list[float] = []
    for scroll, row in enumerate(_rows(study, question, unfinished)):
        placed = row.content.get("positions", {})
        for (scene, recipe), address in zip(row.shown, row.addresses, strict=True):
            if address in placed:
                person = index["participant"](row.participant)
                common = row.kind in (Trial.Kind.AGREEMENT, Trial.Kind.OWN)
                columns.append((person, index["scene"](scene), recipes[recipe], scroll, common))
                positions.append(placed[address])
    table = np.array(columns, dtype=np.intp).reshape(-1, 5)
    return Placements(
        recipes=tuple(recipes),
        participants=tuple(index["participant"].names),
        scenes=tuple(index["scene"].names),
        participant=table[:, 0],
        scene=table[:, 1],
        recipe=table[:, 2],
        scroll=table[:, 3],
        agreement=table[:, 4] == 1,
        position=np.array(positions, dtype=np.float64),
    )


READERS: dict[str, Callable[..., Data]] = {
    "two_up": votes,
    "single_choice": choices,
    "rating_scale": placements,
}


def exclusions(study: Study, question: Question) -> Exclusions:
    """What `read` leaves out, counted."""
    kinds = study.participants.order_by().values_list("kind").annotate(n=Count("pk"))
    visits = dict(kinds)
    people = Participant.objects.counted(study)
    state = people.aggregate(
        unfinished=Count(
            "pk", filter=~Q(state__in=["finished", "declined", "withdrawn", "screened"])
        ),
        declined=Count("pk", filter=Q(state="declined")),
        screened=Count("pk", filter=Q(state="screened")),
        withdrawn=Count("pk", filter=Q(state="withdrawn")),
    )
    answers = Answer.objects.filter(trial__question=question, trial__participant__in=people)
    finished = Q(trial__participant__state="finished")
    practice = Q(trial__kind=Trial.Kind.PRACTICE)
    given = answers.aggregate(
        skips=Count("pk", filter=finished & ~practice & Q(content__chosen="skip")),
        practice=Count("pk", filter=practice),
        unfinished=Count("pk", filter=~finished & ~practice),
    )
    return Exclusions(
        skips=given["skips"],
        practice=given["practice"],
        unfinished_answers=given["unfinished"],
        unfinished_visits=state["unfinished"],
        declined_visits=state["declined"],
        withdrawn_visits=state["withdrawn"],
        screened_visits=state["screened"],
        preview_visits=visits.get("preview", 0),
        simulated_visits=0 if study.simulated else visits.get("simulated", 0),
    )


def raw_answers(study: Study) -> QuerySet[Answer]:
    """Every answer but a preview's, in the order of the trials."""
    return (
        Answer.objects.filter(trial__participant__study=study)
        .exclude(trial__participant__kind=Participant.Kind.PREVIEW)
        .select_related("trial__participant", "trial__question", "trial__scene")
        .annotate(
            revisions=Count("trial__revisions"),
            undone=Count("trial__revisions", filter=Q(trial__revisions__undone=True)),
        )
        .order_by("trial_id")
    )


def raw_rows(study: Study, answers: Iterable[Answer] | None = None) -> Iterator[dict[str, Any]]:
    """All raw answers, or those given, one dictionary each, with what was shown as names.

    `counted` says whether the report uses it. A panel's participant id is nowhere in it.
    """
    rated, practised = _names(study), _practised(study)
    chunks = raw_answers(study).iterator(chunk_size=2000) if answers is None else answers
    for answer in chunks:
        practice = answer.trial.kind == Trial.Kind.PRACTICE
        yield _raw(study, answer, practised if practice else rated)


def _raw(study: Study, answer: Any, names: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    trial, person = answer.trial, answer.trial.participant
    used = person.kind == "person" or (study.simulated and person.kind == "simulated")
    finished = person.state == Participant.State.FINISHED
    return {
        "trial": trial.public_id,
        "participant": person.public_id,
        "participant_kind": person.kind,
        "participant_state": person.state,
        "counted": used and finished and trial.kind != Trial.Kind.PRACTICE,
        "question": trial.question.position,
        "kind": trial.kind,
        "scene": trial.scene.name if trial.scene else None,
        "shown": [names[stimulus] for stimulus in trial.stimuli],
        "addresses": trial.addresses,
        "content": answer.content,
        "reaction_ms": answer.reaction_ms,
        **viewing.summary(answer.viewing, answer.reaction_ms),
        "viewing": answer.viewing,
        "planned_at": trial.created_at,
        "received_at": answer.received_at,
        "revisions": answer.revisions,
        "undone": answer.undone,
    }


def events(study: Study, rows: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """The log of a study's visits, one dictionary each; a picture is named by scene and recipe."""
    stimuli = Stimulus.objects.filter(study=study)
    named = dict(stimuli.values_list("address", "pk"))
    names = _names(study)
    for event in rows:
        content = dict(event.content)
        scene, recipe = names.get(named.get(content.pop("address", ""), 0), (None, None))
        yield {
            "participant": event.participant.public_id,
            "participant_kind": event.participant.kind,
            "event": event.kind,
            "scene": scene,
            "recipe": recipe,
            "content": content,
            "waited_ms": event.waited_ms,
            "received_at": event.received_at,
        }


def _rows(study: Study, question: Question, unfinished: bool) -> Iterator[_Row]:
    names = _names(study)
    for person, kind, stimuli, addresses, content in _answers(
        study, question, unfinished
    ).values_list(
        "trial__participant__public_id",
        "trial__kind",
        "trial__stimuli",
        "trial__addresses",
        "content",
    ):
        shown = tuple(names[stimulus] for stimulus in stimuli)
        yield _Row(person, kind, shown, tuple(addresses), content)


def _answers(study: Study, question: Question, unfinished: bool) -> QuerySet[Answer]:
    people = Participant.objects.counted(study).exclude(state=Participant.State.DECLINED)
    if not unfinished:
        people = people.filter(state=Participant.State.FINISHED)
    answers = Answer.objects.filter(trial__question=question, trial__participant__in=people)
    return answers.exclude(trial__kind=Trial.Kind.PRACTICE).order_by("trial_id")


def _names(study: Study) -> dict[int, tuple[str, str]]:
    rows = Stimulus.objects.filter(study=study).values_list("pk", "scene__name", "recipe__name")
    return {pk: (scene, recipe) for pk, scene, recipe in rows}


def _practised(study: Study) -> dict[int, tuple[str, str]]:
    """What a practice trial shows: a content and its damaged copies, under words for recipes."""
    rows = study.references.values_list("pk", "scene__name", "damage")
    return {pk: (scene, DAMAGE[damage]) for pk, scene, damage in rows}


def _recipes(study: Study) -> dict[str, int]:
    """Every recipe of the study in a fixed order, whether it was shown yet or not."""
    names = study.recipes.order_by("pk").values_list("name", flat=True)
    return {name: place for place, name in enumerate(names)}


def _indices(study: Study) -> dict[str, _Index]:
    """Scenes in a fixed order; participants as they come."""
    scenes = _Index()
    for name in study.scenes.order_by("pk").values_list("name", flat=True):
        scenes(name)
    return {"participant": _Index(), "scene": scenes}


def _padded(lists: Sequence[Sequence[int]]) -> np.ndarray[Any, np.dtype[np.intp]]:
    table = np.full((len(lists), max(map(len, lists), default=0)), -1, dtype=np.intp)
    for row, places in enumerate(lists):
        table[row, : len(places)] = places
    return table
