"""Practice: right by construction, blind, stored as practice, and in no analysis."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client
from django.urls import reverse

from studies import dataset
from studies.models import Answer, AnswerRevision, Reference, Trial
from studies.planning import leases
from stylize import imaging
from tests.studies.participant.visitor import Visitor, live

pytestmark = pytest.mark.django_db
PROTOCOLS = ["two_up", "single_choice", "rating_scale"]


def right(trial: dict[str, Any]) -> dict[str, Any]:
    """The right answer in the trial's protocol."""
    shown = [one["address"] for one in trial["stimuli"]]
    if len(shown) == 2:
        return {"chosen": "ab"[shown.index(trial["right"][0])]}
    return {"chosen": trial["right"][0]}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_practice_comes_first_with_an_intact_picture_and_damaged_copies(protocol: str) -> None:
    visitor = Visitor.come(live(protocol=protocol, scenes=2, recipes=3, practice_trials=2))
    first, second, *rest = visitor.trials()
    assert {one["kind"] for one in rest} <= {"scene", "agreement"}
    damage = dict(Reference.objects.values_list("address", "damage"))
    for trial in (first, second):
        assert trial["kind"] == "practice"
        assert trial["references"] == [], "it would show which one is intact"
        assert "damaged" in trial["question"]["text"]
        levels = [0, 2] if protocol == "two_up" else [0, 1, 2]
        assert [damage[address] for address in trial["right"]] == levels
        assert {one["address"] for one in trial["stimuli"]} == set(trial["right"])
    assert not any(set(one) & {"right"} for one in rest)


def test_practice_pictures_are_alike_but_for_their_pixels() -> None:
    study = live(practice_trials=1)
    made = study.references.get(damage=2)
    intact = study.references.get(damage=0, image=made.image)
    assert (made.width, made.height) == (intact.width, intact.height)
    heads, pictures = [], []
    for one in (made, intact):
        response = Client().get(f"/i/{one.address}")
        heads.append({k: v for k, v in response.items() if k != "Content-Length"})
        pictures.append(imaging.read(response.content))
    assert heads[0] == heads[1]
    assert not np.array_equal(*pictures)


def test_practice_beyond_the_scenes_takes_them_again() -> None:
    visitor = Visitor.come(live(scenes=2, practice_trials=5))
    trials = [trial for trial in visitor.trials() if trial["kind"] == "practice"]
    assert len(trials) == 5
    assert len({frozenset(trial["right"]) for trial in trials}) == 2


def test_sides_of_practice_change_from_person_to_person() -> None:
    study = live(practice_trials=1, participants_planned=12)
    places = set()
    for _ in range(12):
        trial = Visitor.come(study).trials()[0]
        places.add(trial["right"].index(trial["stimuli"][0]["address"]))
    assert places == {0, 1}


def test_practice_off_shows_none_and_makes_no_copies() -> None:
    study = live()
    assert not study.references.filter(damage__gt=0).exists()
    assert not leases.start(study)[0].trials.filter(kind=Trial.Kind.PRACTICE).exists()


@pytest.mark.parametrize("protocol", ["two_up", "single_choice"])
def test_practice_is_exported_as_practice_and_counted_nowhere(
    protocol: str, owner: AbstractUser
) -> None:
    study = live(protocol=protocol, practice_trials=1, owner=owner)
    visitor = Visitor.come(study)
    trial, *rest = visitor.trials()
    visitor.answer(trial["id"], {"chosen": "skip"})
    visitor.answer(trial["id"], right(trial))
    for other in rest:
        visitor.answer(other["id"], {"chosen": "skip"})
    assert visitor.post("finish").status_code == 200
    assert (Answer.objects.count(), AnswerRevision.objects.count()) == (1 + len(rest), 1)
    data = dataset.read(study, study.questions.get())
    assert data.skips == len(rest)
    assert dataset.exclusions(study, study.questions.get()).practice == 1
    client = Client()
    client.force_login(owner)
    sent = client.get(reverse("researcher:answers_csv", args=[study.public_id]))
    row = next(csv.DictReader(io.StringIO(b"".join(sent.streaming_content).decode())))
    assert (row["kind"], row["counted"], row["revisions"]) == ("practice", "no", "1")
    shown = row["options"].split() if protocol == "single_choice" else [row["left"], row["right"]]
    assert set(shown) <= {"intact", "damaged", "ruined"}
