"""Taking everything back: by its own link, by a POST from its page, and then nothing is left."""

import csv
import io
import uuid

import pytest
from django.apps import apps
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.test import Client
from django.urls import reverse

from studies import answers, dataset
from studies.models import (
    Answer,
    AnswerRevision,
    ExternalId,
    Participant,
    Screening,
    Slot,
    Trial,
)
from studies.planning import leases, withdrawal
from studies.reports import build, progress, sentences
from tests.studies.participant.visitor import Visitor, live

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}


def link(visitor: Visitor) -> str:
    return f"/w/{visitor.participant.withdrawal_token(visitor.secret)}/"


@pytest.fixture
def visitor() -> Visitor:
    """Somebody from a panel who answered all, changed one answer, and finished."""
    study = live()
    participant, secret = leases.start(study, parameters={"PROLIFIC_PID": "panel-id-1"})
    made = Visitor(participant, secret)
    made.post("consent", {"agree": True})
    Screening.objects.create(participant=participant, kind="window", passed=True, result={})
    participant.describe({"Age": 41})
    made.answer_all({"chosen": "a"})
    made.answer(made.trials()[0]["id"], {"chosen": "b"})
    assert made.post("finish").status_code == 200
    return made


def test_page_names_what_goes_and_deletes_nothing(visitor: Visitor) -> None:
    for method in ("GET", "HEAD"):
        response = Client().generic(method, link(visitor))
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        assert not response.cookies
    page = Client().get(link(visitor)).content.decode()
    for words in ("4 answers", "1 answer that you changed", "your panel", "cannot be undone"):
        assert words in page
    for words in ("said about yourself", "checks of eyes"):
        assert words in page
    assert "panel-id-1" not in page
    assert Answer.objects.count() == 4


def test_post_from_the_page_leaves_the_row_with_its_state_and_nothing_else(
    visitor: Visitor,
) -> None:
    response = Client(enforce_csrf_checks=True).post(link(visitor), headers=OURS)
    assert response.status_code == 200
    assert "Everything is deleted" in response.content.decode()
    for model in (Trial, Answer, AnswerRevision, ExternalId, Screening):
        assert not model._default_manager.exists(), model
    row = Participant.objects.get()
    assert (row.state, row.study_id) == ("withdrawn", visitor.participant.study_id)
    assert row.public_id != visitor.participant.public_id
    kept = {"id", "study", "public_id", "kind", "state"}
    rest = [field for field in Participant._meta.concrete_fields if field.name not in kept]
    assert not [field.name for field in rest if getattr(row, field.attname)]


def test_every_table_that_hangs_on_a_participant_is_emptied_by_the_withdrawal() -> None:
    """One that is added later and not deleted on cascade would stay behind."""
    hanging = {
        (model, field.name, field.remote_field.on_delete)
        for model in apps.get_app_config("studies").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Participant
    }
    stay = {model for model, _, on_delete in hanging if on_delete is not models.CASCADE}
    assert stay == {Slot}


def test_withdrawal_frees_held_and_answered_slots(visitor: Visitor) -> None:
    assert Slot.objects.filter(answered=True).count() == 4
    withdrawal.withdraw(visitor.participant)
    assert not Slot.objects.exclude(participant=None).exists()
    assert not Slot.objects.filter(answered=True).exists()
    again = leases.start(visitor.participant.study)[0]
    assert again.trials.count() == 4


def test_withdrawal_of_one_leaves_the_others(visitor: Visitor) -> None:
    other = Visitor.come(visitor.participant.study)
    other.answer_all({"chosen": "b"})
    withdrawal.withdraw(visitor.participant)
    assert Answer.objects.count() == 4
    assert other.post("finish").status_code == 200


def test_page_after_the_withdrawal_has_nothing_and_the_visit_is_gone(visitor: Visitor) -> None:
    before = visitor.participant.public_id
    trial = visitor.trials()[0]["id"]
    Client().post(link(visitor), headers=OURS)
    for response in (Client().get(link(visitor)), Client().post(link(visitor), headers=OURS)):
        assert response.status_code == 404
        assert "Nothing is kept under this link" in response.content.decode()
    assert visitor.get("state").status_code == 403
    assert visitor.answer(trial, {"chosen": "a"}).status_code == 403
    assert Client().get(f"/v/{before}/").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_post_from_anywhere_else_deletes_nothing(visitor: Visitor, headers: dict[str, str]) -> None:
    assert Client().post(link(visitor), headers=headers).status_code == 403
    assert Answer.objects.count() == 4


def test_link_is_not_the_secret_and_neither_opens_what_the_other_does(visitor: Visitor) -> None:
    token = visitor.participant.withdrawal_token(visitor.secret)
    assert Client().get(f"/w/{visitor.secret}/").status_code == 404
    with_token = Visitor(visitor.participant, token)
    assert with_token.get("state").status_code == 403
    stored = str(Participant.objects.values().get())
    assert token not in stored
    assert visitor.secret not in stored


def test_an_external_id_alone_opens_no_begun_visit_and_may_begin_anew_after_the_withdrawal(
    visitor: Visitor,
) -> None:
    study = visitor.participant.study
    start, sent = f"/s/{study.public_id}/start", {"PROLIFIC_PID": "panel-id-1"}
    drawn = {"X-Visit-Secret": 32 * "s"}
    assert Client().post(start, sent, headers=drawn).status_code == 409
    withdrawal.withdraw(visitor.participant)
    assert Client().post(start, sent, headers=drawn).status_code == 200


def test_report_progress_and_exports_count_the_withdrawn(
    visitor: Visitor, owner: AbstractUser
) -> None:
    study = visitor.participant.study
    Visitor.come(study)
    withdrawal.withdraw(visitor.participant)
    assert progress.progress(study).withdrawn == 1
    left_out = dataset.exclusions(study, study.questions.get())
    assert (left_out.withdrawn_visits, left_out.unfinished_visits) == (1, 1)
    report = build.report(study)
    assert report.to_json()["questions"][0]["exclusions"]["withdrawn_visits"] == 1
    told = dict(sentences.left_out(report, report.findings[0]))
    assert told["withdrawn, all answers deleted"] == 1
    client = Client()
    client.force_login(owner)
    sent = client.get(reverse("researcher:participants_csv", args=[study.public_id]))
    lines = b"".join(sent.streaming_content).decode()
    first, second = csv.DictReader(io.StringIO(lines))
    assert first.pop("participant")
    assert {name: value for name, value in first.items() if value} == {
        "participant_kind": "person",
        "participant_state": "withdrawn",
    }
    assert second["consent_version"] == study.consent_version
    assert second["consented_at"]


@pytest.mark.django_db(
    transaction=True
)  # the row's trial is looked for when the answer is committed
def test_answer_that_meets_the_withdrawal_is_refused_and_leaves_nothing(
    visitor: Visitor,
) -> None:
    """The trial was read before the withdrawal, the answer is written after it."""
    trial = visitor.participant.trials.select_related("participant__study")[0]
    withdrawal.withdraw(visitor.participant)
    with pytest.raises(answers.AnswerRefused):
        answers.record(trial, uuid.uuid4(), {"chosen": "a"}, None)
    assert not Answer.objects.exists()
