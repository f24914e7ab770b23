"""The verbs of studies and participants, and the constraints beneath them."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from studies.models import (
    Answer,
    ExternalId,
    Participant,
    Question,
    Slot,
    Study,
    StudyNotEditable,
    Trial,
    picture_at,
)
from studies.planning import leases
from tests import factories
from tests.studies.participant.visitor import live

pytestmark = pytest.mark.django_db


@pytest.fixture
def participant() -> Participant:
    return leases.start(live())[0]


@pytest.mark.parametrize(
    ("state", "shut"),
    [
        ("draft", "draft"),
        ("pilot", ""),
        ("live", ""),
        ("paused", "paused"),
        ("closed", "closed"),
        ("archived", "closed"),
    ],
)
def test_shut_says_why_nobody_is_let_in(state: str, shut: str) -> None:
    assert Study(state=state).shut == shut


@pytest.mark.parametrize(
    ("url", "hosts", "back"),
    [
        ("https://a.example/x?cc=1", "a.example", True),
        ("https://A.example/x", "b.example, a.EXAMPLE", True),
        ("https://a.example:8443/", "a.example", True),
        ("http://a.example/", "a.example", False),
        ("https://a.example/", "b.example", False),
        ("https://a.example@evil.example/", "a.example", False),
        ("https://evil.example\\@a.example/", "a.example", False),
        ("", "a.example", False),
    ],
)
def test_way_back_is_https_to_a_named_host(url: str, hosts: str, back: bool) -> None:
    study = Study(redirect_url=url, redirect_hosts=hosts)
    assert study.way_back == (url if back else "")


def test_consent_version_changes_with_the_text() -> None:
    assert Study(consent="a").consent_version != Study(consent="b").consent_version
    assert len(Study(consent="a").consent_version) == 12


def test_study_when_live_keeps_its_design() -> None:
    study = live()
    study.title = "Another"
    with pytest.raises(StudyNotEditable, match="is live"):
        study.save()
    with pytest.raises(StudyNotEditable):
        Question.objects.create(study=study, position=2)


def test_agree_notes_time_and_version_once(participant: Participant) -> None:
    participant.agree()
    first = participant.consented_at
    assert first is not None
    participant.agree()
    participant.refresh_from_db()
    assert (participant.state, participant.consented_at) == ("consented", first)


def test_decline_when_somebody_agreed_in_the_gap_does_not_happen(
    participant: Participant,
) -> None:
    same = Participant.objects.get(pk=participant.pk)
    same.agree()
    assert participant.state == "started"  # what this request still believes
    assert participant.decline() is False
    assert participant.state == "consented"


def test_finish_counts_what_is_missing(participant: Participant) -> None:
    participant.agree()
    assert participant.finish() == 4
    for trial in participant.trials.all():
        Answer.objects.create(trial=trial, uuid=uuid.uuid4(), content={"chosen": "a"})
    assert participant.finish() == 0
    assert participant.state == "finished"
    first = participant.finished_at
    assert participant.finish() == 0
    participant.refresh_from_db()
    assert participant.finished_at == first


def test_finish_without_consent_stays_where_it_is(participant: Participant) -> None:
    for trial in participant.trials.all():
        Answer.objects.create(trial=trial, uuid=uuid.uuid4(), content={"chosen": "a"})
    participant.finish()
    assert participant.state == "started"


def test_visiting_loads_what_an_answer_needs_in_one_query(
    participant: Participant, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = Participant.objects.visiting(participant.public_id)
        assert found is not None
        assert found.study.asking.key == "two_up"
        assert found.study.rules.tie is False
        assert found.state == "started"
        assert not found.knows("wrong")
    assert Participant.objects.visiting("nobody") is None


def test_counted_are_persons_and_simulated_ones_where_the_study_says_so() -> None:
    for simulated, wanted in ((False, {"person"}), (True, {"person", "simulated"})):
        study = factories.study(simulated=simulated)
        for kind in Participant.Kind.values:
            Participant.objects.create(study=study, kind=kind, secret_sha256="")
        found = set(Participant.objects.counted(study).values_list("kind", flat=True))
        assert found == wanted


def test_external_hash_depends_on_study_and_key(settings: object) -> None:
    first, second = factories.study(), factories.study()
    hashed = ExternalId.hash(first, "abc")
    assert hashed == ExternalId.hash(first, "abc")
    assert hashed != ExternalId.hash(second, "abc")
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
    assert hashed != ExternalId.hash(first, "abc")


def test_external_id_when_twice_is_refused_by_the_database(participant: Participant) -> None:
    other, _ = leases.start(participant.study)
    ExternalId.objects.create(participant=participant, parameters={}, keyed_hash="x")
    with pytest.raises(IntegrityError):
        ExternalId.objects.create(participant=other, parameters={}, keyed_hash="x")


def test_answer_when_a_second_comes_is_refused_by_the_database(participant: Participant) -> None:
    first, second = participant.trials.all()[:2]
    sent = uuid.uuid4()
    Answer.objects.create(trial=first, uuid=sent, content={})
    for trial, number in ((first, uuid.uuid4()), (second, sent)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Answer.objects.create(trial=trial, uuid=number, content={})


def test_free_slots_are_those_nobody_holds_or_answered(participant: Participant) -> None:
    study = participant.study
    held = participant.slots.count()
    assert Slot.objects.free().filter(study=study).count() == study.slots.count() - held


def test_participant_when_deleted_takes_trials_and_answers_and_frees_slots(
    participant: Participant,
) -> None:
    trial = participant.trials.all()[0]
    Answer.objects.create(trial=trial, uuid=uuid.uuid4(), content={})
    participant.delete()
    assert not Trial.objects.exists()
    assert not Answer.objects.exists()
    assert Slot.objects.exclude(participant=None).count() == 0


def test_picture_at_finds_stimuli_and_references_alone() -> None:
    study = live()
    stimulus, reference = study.stimuli.all()[0], study.references.all()[0]
    assert picture_at(stimulus.address).name == stimulus.rendering.file.name
    assert picture_at(reference.address).name == reference.file.name
    assert picture_at("unknown") is None
