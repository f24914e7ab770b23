"""What a study asks about its participants: read by kind, kept once, exported, gone on withdrawal."""

import csv
import io
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client
from django.urls import reverse

from studies import lifecycle
from studies.models import Demographic, Participant, Study, StudyNotEditable
from tests import factories
from tests.studies.participant.visitor import Visitor

pytestmark = pytest.mark.django_db
ASKED = (
    {"label": "Age", "kind": "number", "optional": False},
    {"label": "Eyesight", "kind": "choice", "choices": "normal, glasses , lenses"},
    {"label": "Profession", "kind": "text"},
)


def asking(**values: Any) -> Study:
    study = factories.study(**values)
    for position, asked in enumerate(ASKED, start=1):
        Demographic.objects.create(study=study, position=position, **asked)
    lifecycle.open_study(study)
    return study


@pytest.fixture
def visitor() -> Visitor:
    return Visitor.come(asking())


def tell(visitor: Visitor, **answers: Any) -> Any:
    return visitor.post("demographics", {"answers": answers})


def test_finish_needs_what_the_study_asks_and_the_state_says_so(visitor: Visitor) -> None:
    assert visitor.get("state").json()["demographics"] is True
    visitor.answer_all({"chosen": "a"})
    assert visitor.post("finish").json() == {"missing": 1}
    assert tell(visitor, Age="34,5", Eyesight="glasses").status_code == 200
    assert visitor.get("state").json()["demographics"] is False
    assert visitor.post("finish").status_code == 200
    told = Participant.objects.get().demographics
    assert told == {"Age": 34.5, "Eyesight": "glasses", "Profession": None}


def test_what_was_told_first_stands(visitor: Visitor) -> None:
    tell(visitor, Age="34")
    assert tell(visitor, Age="99").status_code == 200
    assert Participant.objects.get().demographics["Age"] == 34


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({}, {"Age": "Please answer this one."}),
        ({"Age": "old"}, {"Age": "Please write a number."}),
        ({"Age": "-1"}, {"Age": "Please write a number."}),
        ({"Age": "nan"}, {"Age": "Please write a number."}),
        ({"Age": 7, "Eyesight": "eagle"}, {"Eyesight": "Please choose one of the list."}),
        ({"Age": {"a": 1}}, {"Age": "Please answer this one."}),
        (
            {"Age": 7, "Profession": "x" * 201},
            {"Profession": "Please write at most 200 characters, in one line."},
        ),
        (
            {"Age": 7, "Profession": "a\nb"},
            {"Profession": "Please write at most 200 characters, in one line."},
        ),
    ],
)
def test_what_cannot_be_taken_is_named_by_field_and_nothing_is_kept(
    visitor: Visitor, answers: dict[str, Any], wrong: dict[str, str]
) -> None:
    response = tell(visitor, **answers)
    assert (response.status_code, response.json()["fields"]) == (400, wrong)
    assert Participant.objects.get().demographics is None


def test_before_consent_nothing_is_asked_or_taken() -> None:
    visitor = Visitor.come(asking(), agree=False)
    assert visitor.get("state").json()["demographics"] is False
    assert tell(visitor, Age=1).status_code == 409


def test_simulated_participants_are_not_asked() -> None:
    visitor = Visitor.come(asking(simulated=True), "simulated")
    visitor.answer_all({"chosen": "a"})
    assert visitor.post("finish").status_code == 200


def test_participants_csv_and_codebook_hold_what_was_told(
    visitor: Visitor, owner: AbstractUser
) -> None:
    tell(visitor, Age="34", Profession="=painter")
    client = Client()
    client.force_login(owner)
    study = visitor.participant.study

    def rows(name: str) -> list[dict[str, str]]:
        sent = client.get(reverse(f"researcher:{name}", args=[study.public_id]))
        return list(csv.DictReader(io.StringIO(b"".join(sent.streaming_content).decode())))

    (row,) = rows("participants_csv")
    assert (row["about: Age"], row["about: Eyesight"]) == ("34", "")
    assert row["about: Profession"] == "'=painter"
    meant = {row["column"]: row["meaning"] for row in rows("codebook_csv")}
    assert meant["about: Eyesight"].endswith("one of a list (normal, glasses, lenses).")
    assert set(row) <= set(meant)


def test_a_list_with_one_entry_or_two_alike_holds_up_the_opening() -> None:
    study = factories.study()
    for label, choices in (("Colour", "red"), ("Hand", "left, left"), ("Fine", "a, b")):
        Demographic.objects.create(study=study, label=label, choices=choices)
    with pytest.raises(lifecycle.NotReady, match="“Colour”, “Hand”: a list to choose from"):
        lifecycle.open_study(study)


def test_what_is_asked_is_copied_and_fixed_while_live(visitor: Visitor) -> None:
    study = visitor.participant.study
    copy = lifecycle.copy_study(study)
    fields = ("position", "label", "kind", "choices", "optional")
    before, after = (list(one.demographics.values_list(*fields)) for one in (study, copy))
    assert before == after
    with pytest.raises(StudyNotEditable):
        study.demographics.all()[0].save()
