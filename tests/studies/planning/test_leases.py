"""Slots are claimed once, lowest first, and go back when they are not used."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from studies import lifecycle
from studies.models import ExternalId, Participant, Slot, Study, Trial
from studies.planning import balanced, leases
from tests import factories

pytestmark = pytest.mark.django_db


def live(**values: object) -> Study:
    study = factories.study(**values)
    lifecycle.open_study(study)
    return study


def cells(participant: Participant) -> list[object]:
    return [balanced.cell(t.scene_id or 0, t.stimuli) for t in participant.trials.all()]


def expire(participant: Participant) -> None:
    participant.slots.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_start_when_live_makes_every_trial_and_holds_its_slot() -> None:
    study = live(scenes=2, recipes=3, trials_per_participant=4)
    participant, secret = leases.start(study)
    trials = list(participant.trials.all())
    assert [trial.position for trial in trials] == [1, 2, 3, 4]
    assert {trial.kind for trial in trials} == {"scene"}
    assert all(trial.slot and trial.slot.participant == participant for trial in trials)
    assert participant.knows(secret)
    assert not participant.knows(secret + "x")
    assert secret not in participant.secret_sha256


def test_trials_when_made_hold_the_addresses_of_their_stimuli_in_order() -> None:
    participant, _ = leases.start(live())
    address = dict(participant.study.stimuli.values_list("pk", "address"))
    for trial in participant.trials.all():
        assert trial.addresses == [address[pk] for pk in trial.stimuli]
        assert trial.slot is not None
        assert trial.slot.stimuli == trial.stimuli


@pytest.mark.parametrize(("scenes", "trials"), [(2, 4), (4, 24)])
def test_start_is_a_handful_of_queries_whatever_the_number_of_trials(
    scenes: int, trials: int, django_assert_num_queries: Any
) -> None:
    study = live(scenes=scenes, recipes=4, trials_per_participant=trials)
    # savepoint, participant, stimuli twice, questions, candidates, claim, trials, release
    with django_assert_num_queries(9):
        leases.start(study)


def test_two_participants_when_started_hold_different_slots_lowest_first() -> None:
    study = live(scenes=2, recipes=3, trials_per_participant=4)
    held = []
    for _ in range(3):
        participant, _ = leases.start(study)
        held += sorted(participant.slots.values_list("position", flat=True))
    # The second and third pass over what would show them a cell twice, nothing else.
    assert len(set(held)) == 12
    assert set(held[:4]) == {0, 1, 2, 3}
    assert set(held) == set(range(12))


def test_participant_when_the_chunk_crosses_rounds_sees_no_cell_twice() -> None:
    study = live(scenes=2, recipes=3, trials_per_participant=5)
    for _ in range(6):
        participant, _ = leases.start(study)
        assert max(Counter(cells(participant)).values()) == 1


def test_trials_per_participant_when_more_than_there_are_cells_is_every_cell_once() -> None:
    participant, _ = leases.start(live(scenes=2, recipes=3, trials_per_participant=50))
    assert participant.trials.count() == 6


def test_schedule_when_used_up_is_continued_and_nobody_is_turned_away() -> None:
    study = live(scenes=1, recipes=3, trials_per_participant=3, participants_planned=1)
    assert study.slots.count() == 3
    for _ in range(4):
        leases.start(study)
    assert study.slots.count() == 12
    assert Slot.objects.free().filter(study=study).count() == 0
    positions = study.slots.values_list("position", flat=True)
    assert sorted(positions) == list(range(12))


def test_continued_schedule_is_the_one_that_opening_would_have_written() -> None:
    short = live(scenes=2, recipes=3, trials_per_participant=3, participants_planned=2)
    for _ in range(8):
        leases.start(short)
    wanted = [
        showing.stimuli
        for number in range(4)
        for showing in balanced.showings(
            short, short.questions.get(), balanced.design(short), number
        )
    ]
    assert [tuple(slot.stimuli) for slot in short.slots.order_by("position")] == wanted


def test_slots_when_the_lease_ran_out_go_first_to_the_next() -> None:
    study = live(scenes=2, recipes=3, trials_per_participant=4)
    gone, _ = leases.start(study)
    leases.start(study)
    freed = set(gone.slots.values_list("pk", flat=True))
    expire(gone)
    third, _ = leases.start(study)
    assert set(third.slots.values_list("pk", flat=True)) == freed


def test_slots_when_answered_stay_answered_after_the_lease() -> None:
    study = live(scenes=2, recipes=3, trials_per_participant=4)
    gone, _ = leases.start(study)
    done = gone.slots.order_by("position")[0]
    Slot.objects.filter(pk=done.pk).update(answered=True)
    expire(gone)
    following, _ = leases.start(study)
    assert done.pk not in following.slots.values_list("pk", flat=True)


def test_decline_frees_the_slots_at_once_and_is_an_end() -> None:
    study = live()
    participant, _ = leases.start(study)
    leases.decline(participant)
    assert participant.state == "declined"
    assert participant.slots.count() == 0
    participant.agree()
    assert participant.state == "declined"


def test_decline_when_consented_before_changes_nothing() -> None:
    participant, _ = leases.start(live())
    participant.agree()
    leases.decline(participant)
    assert participant.state == "consented"
    assert participant.slots.count() == 4


def test_claim_when_somebody_takes_the_slots_in_the_gap_takes_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = live(scenes=2, recipes=3, trials_per_participant=4)
    rival = Participant.objects.create(study=study, secret_sha256="0" * 64)
    read = leases._candidates
    calls = []

    def read_then_lose_two(question, held, count):  # type: ignore[no-untyped-def]
        found = read(question, held, count)
        calls.append(count)
        if len(calls) == 1:
            lost = [slot.pk for slot in list(found.values())[:2]]
            until = timezone.now() + leases.LEASE
            Slot.objects.filter(pk__in=lost).update(participant=rival, lease_until=until)
        return found

    monkeypatch.setattr(leases, "_candidates", read_then_lose_two)
    participant, _ = leases.start(study)
    assert calls == [4, 2]
    assert participant.slots.count() == 4
    assert rival.slots.count() == 2
    assert all(trial.slot.participant == participant for trial in participant.trials.all())
    assert max(Counter(cells(participant)).values()) == 1


def test_round_when_two_write_it_at_once_is_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    study = live(scenes=1, recipes=3, trials_per_participant=3, participants_planned=1)
    question, design = study.questions.get(), balanced.design(study)
    write = balanced._write

    def write_twice(*args):  # type: ignore[no-untyped-def]
        write(*args)
        write(*args)

    monkeypatch.setattr(balanced, "_write", write_twice)
    balanced.add_round(study, question, design)
    assert study.slots.count() == 6


def test_questions_are_asked_in_blocks_each_a_draw_of_its_own() -> None:
    study = factories.study(scenes=4, recipes=4, trials_per_participant=10)
    study.questions.create(position=2, text="Which is more faithful to the style?")
    lifecycle.open_study(study)
    participant, _ = leases.start(study)
    trials = list(participant.trials.select_related("question"))
    assert [trial.question.position for trial in trials] == [1] * 10 + [2] * 10
    first, second = trials[:10], trials[10:]
    assert [t.stimuli for t in first] != [t.stimuli for t in second]


def test_no_scene_follows_itself_within_a_block() -> None:
    study = live(scenes=4, recipes=4, trials_per_participant=12, participants_planned=6)
    for _ in range(6):
        participant, _ = leases.start(study)
        scenes = list(participant.trials.values_list("scene_id", flat=True))
        assert all(a != b for a, b in pairwise(scenes))


def test_rating_scale_ends_each_block_with_one_agreement_scroll() -> None:
    study = live(
        protocol="rating_scale",
        scenes=3,
        recipes=4,
        trials_per_participant=2,
        agreement_per_scene=2,
    )
    participant, _ = leases.start(study)
    trials = list(participant.trials.all())
    assert [trial.kind for trial in trials] == ["scene", "scene", "agreement"]
    scroll = trials[-1]
    assert scroll.slot is None
    assert scroll.scene is None
    assert sorted(scroll.stimuli) == sorted(
        study.stimuli.filter(agreement=True).values_list("pk", flat=True)
    )
    assert len(scroll.stimuli) == 6
    other, _ = leases.start(study)
    again = other.trials.get(kind="agreement").stimuli
    assert sorted(again) == sorted(scroll.stimuli)
    assert again != scroll.stimuli


def test_start_when_the_same_design_and_seed_makes_the_same_trials() -> None:
    study = live()
    participant, _ = leases.start(study)
    before = [trial.stimuli for trial in participant.trials.all()]
    expire(participant)
    again, _ = leases.start(study)
    assert [trial.stimuli for trial in again.trials.all()] == before


@pytest.mark.parametrize("state", ["draft", "paused", "closed", "archived"])
def test_start_when_the_study_does_not_run_is_refused_by_name(state: str) -> None:
    study = live()
    Study.objects.filter(pk=study.pk).update(state=state)
    study.refresh_from_db()
    with pytest.raises(leases.StudyShut, match="lets nobody in") as refused:
        leases.start(study)
    assert refused.value.reason == {"archived": "closed"}.get(state, state)
    assert study.participants.count() == 0


def test_start_when_pilot_lets_in() -> None:
    study = live()
    Study.objects.filter(pk=study.pk).update(state="pilot")
    study.refresh_from_db()
    leases.start(study)


def test_preview_walks_a_draft_and_holds_nothing() -> None:
    study = factories.study()
    lifecycle.preview(study)
    participant = study.participants.get()
    assert participant.kind == "preview"
    assert participant.trials.count() == 4
    assert not Trial.objects.filter(participant=participant).exclude(slot=None).exists()
    assert study.slots.count() == 0
    assert not Participant.objects.counted(study).exists()


def test_start_when_nothing_hangs_yet_is_refused() -> None:
    with pytest.raises(leases.StudyShut, match="no pictures"):
        leases.start(factories.study(), "preview")


def test_simulated_when_the_study_is_not_marked_so_is_refused() -> None:
    study = live()
    with pytest.raises(leases.StudyShut, match="simulated"):
        leases.start(study, "simulated")
    marked = live(simulated=True)
    participant, _ = leases.start(marked, "simulated")
    assert Participant.objects.counted(marked).get() == participant


def test_panel_id_when_seen_before_in_this_study_begins_no_second_visit() -> None:
    study = live()
    panel = {"PROLIFIC_PID": "person-7", "SESSION_ID": "s1"}
    participant, _ = leases.start(study, parameters=panel)
    with pytest.raises(leases.BegunBefore):
        leases.start(study, parameters={"PROLIFIC_PID": "person-7", "SESSION_ID": "s2"})
    assert study.participants.get() == participant
    assert participant.external_id.parameters == panel
    assert "person-7" not in participant.external_id.keyed_hash
    assert study.slots.exclude(participant=None).count() == 4


def test_panel_id_when_in_another_study_begins_a_visit_of_its_own() -> None:
    for _ in range(2):
        leases.start(live(), parameters={"workerId": "w"})
    assert len(set(ExternalId.objects.values_list("keyed_hash", flat=True))) == 2


def test_parameters_when_they_name_nobody_are_not_kept() -> None:
    leases.start(live(), parameters={"SESSION_ID": "s1"})
    assert not ExternalId.objects.exists()
