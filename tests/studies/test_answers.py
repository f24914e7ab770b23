"""An answer is stored exactly once, and what comes later stands beside it."""

import uuid
from typing import Any

import pytest
from django.db import DatabaseError

from studies import answers
from studies.models import Answer, AnswerRevision, Slot, Trial
from studies.planning import leases
from tests.studies.participant.visitor import live

pytestmark = pytest.mark.django_db
A, B = {"chosen": "a"}, {"chosen": "b"}


@pytest.fixture
def trial() -> Trial:
    participant, _ = leases.start(live())
    participant.agree()
    return participant.trials.select_related("participant__study")[0]


def test_record_stores_content_reaction_and_slot(trial: Trial) -> None:
    sent = uuid.uuid4()
    assert answers.record(trial, sent, A, 431.5) == (A, True, False)
    answer = Answer.objects.get()
    assert (answer.trial, answer.uuid, answer.content) == (trial, sent, A)
    assert answer.reaction_ms == 431.5
    assert Slot.objects.get(answered=True) == trial.slot


def test_record_when_repeated_is_the_answer_again_whatever_it_says(trial: Trial) -> None:
    sent = uuid.uuid4()
    answers.record(trial, sent, A, 1.0)
    for content in (A, B):
        assert answers.record(trial, sent, content, 2.0) == (A, False, False)
    assert Answer.objects.get().reaction_ms == 1.0
    assert not AnswerRevision.objects.exists()


def test_record_when_another_comes_is_a_revision_exactly_once(trial: Trial) -> None:
    sent = uuid.uuid4()
    answers.record(trial, uuid.uuid4(), A, 1.0)
    for _ in range(3):
        assert answers.record(trial, sent, B, 2.0) == (A, False, True)
    revision = AnswerRevision.objects.get()
    assert (revision.uuid, revision.content, revision.reaction_ms) == (sent, B, 2.0)


def test_record_when_the_same_content_comes_anew_is_a_revision_too(trial: Trial) -> None:
    answers.record(trial, uuid.uuid4(), A, 1.0)
    assert answers.record(trial, uuid.uuid4(), A, 2.0) == (A, False, True)
    assert AnswerRevision.objects.count() == 1


def test_record_when_content_is_bad_stores_nothing_even_as_a_revision(trial: Trial) -> None:
    with pytest.raises(answers.AnswerRefused, match="chosen: must be one of a, b"):
        answers.record(trial, uuid.uuid4(), {"chosen": "c"}, 1.0)
    answers.record(trial, uuid.uuid4(), A, 1.0)
    with pytest.raises(answers.AnswerRefused):
        answers.record(trial, uuid.uuid4(), {"chosen": "c"}, 1.0)
    assert (Answer.objects.count(), AnswerRevision.objects.count()) == (1, 0)


def test_record_when_the_uuid_was_another_trials_is_refused(trial: Trial) -> None:
    other = trial.participant.trials.select_related("participant__study")[1]
    first, second = uuid.uuid4(), uuid.uuid4()
    answers.record(trial, first, A, None)
    with pytest.raises(answers.AnswerRefused, match="another trial"):
        answers.record(other, first, A, None)
    answers.record(other, second, A, None)
    revised = uuid.uuid4()
    answers.record(trial, revised, B, None)
    with pytest.raises(answers.AnswerRefused, match="another trial"):
        answers.record(other, revised, B, None)


def test_record_when_a_rival_answers_in_the_gap_is_a_revision(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content is read, then another request stores the answer, then ours arrives."""
    study = trial.participant.study
    read = study.asking.read

    def read_while_a_rival_stores(content: Any, *rest: Any) -> dict[str, Any]:
        Answer.objects.create(trial=trial, uuid=uuid.uuid4(), content=B)
        return read(content, *rest)

    class Asking:
        read = staticmethod(read_while_a_rival_stores)

    monkeypatch.setattr(type(study), "asking", Asking)
    assert answers.record(trial, uuid.uuid4(), A, 1.0) == (B, False, True)
    assert AnswerRevision.objects.get().content == A


def test_record_when_the_slot_cannot_be_marked_stores_nothing(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both or none: an answer without its slot marked would be asked for again."""

    def broken(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr("studies.models.trial.SlotQuerySet.update", broken)
    with pytest.raises(DatabaseError):
        answers.record(trial, uuid.uuid4(), A, 1.0)
    assert not Answer.objects.exists()


def test_record_when_the_trial_has_no_slot_stores_the_answer(trial: Trial) -> None:
    Trial.objects.filter(pk=trial.pk).update(slot=None)
    trial.refresh_from_db(fields=["slot"])
    assert answers.record(trial, uuid.uuid4(), A, 1.0)[1]
    assert not Slot.objects.filter(answered=True).exists()


# --- undo ---


def test_record_when_it_undoes_the_standing_answer_takes_its_place(trial: Trial) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    answers.record(trial, first, A, 1.0, {"pointer": "mouse"})
    before = Answer.objects.get()
    assert answers.record(trial, second, B, 2.0, undoes=first) == (B, True, False)
    assert (Answer.objects.get().uuid, Answer.objects.get().content) == (second, B)
    undone = AnswerRevision.objects.get()
    assert (undone.uuid, undone.content, undone.reaction_ms, undone.undone) == (first, A, 1.0, True)
    assert (undone.viewing, undone.received_at) == (before.viewing, before.received_at)
    assert Slot.objects.get(answered=True) == trial.slot


def test_record_when_an_undo_is_sent_again_changes_nothing(trial: Trial) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    answers.record(trial, first, A, 1.0)
    answers.record(trial, second, B, 2.0, undoes=first)
    assert answers.record(trial, second, B, 2.0, undoes=first) == (B, False, False)
    assert answers.record(trial, first, A, 1.0)[0] == B, "a late copy of what was undone"
    assert (Answer.objects.count(), AnswerRevision.objects.count()) == (1, 1)


def test_record_when_another_tabs_answer_stands_undoes_nothing(trial: Trial) -> None:
    answers.record(trial, uuid.uuid4(), A, 1.0)
    assert answers.record(trial, uuid.uuid4(), B, 2.0, undoes=uuid.uuid4()) == (A, False, True)
    assert not AnswerRevision.objects.get().undone


def test_record_when_what_it_undoes_never_came_is_simply_the_answer(trial: Trial) -> None:
    assert answers.record(trial, uuid.uuid4(), B, 2.0, undoes=uuid.uuid4()) == (B, True, False)
    assert not AnswerRevision.objects.exists()


def test_record_when_the_study_allows_no_undo_is_a_revision(trial: Trial) -> None:
    trial.participant.study.allow_undo = False
    first = uuid.uuid4()
    answers.record(trial, first, A, 1.0)
    assert answers.record(trial, uuid.uuid4(), B, 2.0, undoes=first) == (A, False, True)


def test_record_when_the_visit_is_finished_undoes_nothing(trial: Trial) -> None:
    first = uuid.uuid4()
    answers.record(trial, first, A, 1.0)
    trial.participant.state = "finished"
    assert answers.record(trial, uuid.uuid4(), B, 2.0, undoes=first) == (A, False, True)


def test_record_when_an_undo_cannot_be_stored_leaves_the_answer_as_it_was(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = uuid.uuid4()
    answers.record(trial, first, A, 1.0)

    def broken(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr("studies.models.trial.SlotQuerySet.update", broken)
    with pytest.raises(DatabaseError):
        answers.record(trial, uuid.uuid4(), B, 2.0, undoes=first)
    assert Answer.objects.get().uuid == first
    assert not AnswerRevision.objects.exists()


# --- how it was seen ---


def test_record_stores_how_the_trial_was_seen(trial: Trial) -> None:
    log = {"layout": "stacked", "window": [390, 844], "events": [[12.5, "blur"]]}
    answers.record(trial, uuid.uuid4(), A, 1.0, log)
    assert Answer.objects.get().viewing == log


def test_record_when_the_log_makes_no_sense_keeps_the_answer_and_the_reason(trial: Trial) -> None:
    assert answers.record(trial, uuid.uuid4(), A, 1.0, {"events": "many"})[1]
    assert Answer.objects.get().viewing == {"refused": "events: must be a list of at most 200"}
