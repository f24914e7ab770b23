"""Agreement scrolls: what lies on which, that they join all scenes, and sets of the participants' own."""

from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies import lifecycle
from studies.analysis.data import Placements
from studies.answers import record
from studies.dataset import raw_rows, read
from studies.models import Study, Trial
from studies.planning import agreement, leases
from tests import factories

database = pytest.mark.django_db


@given(st.integers(1, 200), st.integers(2, 10))
def test_scrolls_join_all_scenes_on_lines_of_at_most_forty(scenes: int, per_scene: int) -> None:
    images = dict.fromkeys(range(scenes), per_scene)
    made = agreement.scrolls(images)
    assert agreement.fault(images, made) == ""
    assert {scene for scroll in made for scene in scroll} == set(images)
    sizes = [per_scene * len(scroll) for scroll in made]
    assert max(sizes) <= 40
    assert max(sizes) - min(sizes) <= per_scene  # no scroll is a leftover
    assert all(len(set(a) & set(b)) == 2 for a, b in pairwise(made))
    assert all(len(set(scroll)) == len(scroll) for scroll in made)


def test_scrolls_when_all_fit_are_one() -> None:
    assert agreement.scrolls(dict.fromkeys(range(13), 3)) == [tuple(range(13))]
    assert len(agreement.scrolls(dict.fromkeys(range(14), 3))) == 2
    assert len(agreement.scrolls(dict.fromkeys(range(30), 2))) == 2
    assert agreement.scrolls({}) == []


@pytest.mark.parametrize(
    ("images", "made", "told"),
    [
        ({1: 3, 2: 1}, [(1, 2)], "1 scene has fewer than 2 images"),
        ({1: 21, 2: 20}, [(1, 2)], "would hold 41 images; a person can place 40"),
        ({1: 2, 2: 2, 3: 2}, [(1, 2)], "1 scene has no agreement scroll"),
        ({1: 2, 2: 2, 3: 2}, [(1, 2), (2, 3)], "fewer than 2 scenes in common"),
        ({1: 2, 2: 2, 3: 2}, [(1, 2), (1, 2, 3)], ""),
    ],
)
def test_fault_names_what_would_not_join(
    images: dict[int, int], made: agreement.Scrolls, told: str
) -> None:
    fault = agreement.fault(images, made)
    assert told in fault
    assert bool(told) == bool(fault)


def test_images_per_scene_beyond_any_chain_are_refused_with_a_number_that_works() -> None:
    images = dict.fromkeys(range(4), 25)
    assert "Take at most 13 images per scene" in agreement.fault(images, agreement.scrolls(images))


def live(**values: object) -> Study:
    study = factories.study(protocol="rating_scale", **values)
    lifecycle.open_study(study)
    return study


def scenes_of(trial: Trial) -> set[int]:
    shown = trial.participant.study.stimuli.filter(pk__in=trial.stimuli)
    return set(shown.values_list("scene_id", flat=True))


@database
def test_start_when_forty_do_not_hold_all_gives_several_scrolls_the_same_for_everybody() -> None:
    study = live(scenes=21, recipes=2, trials_per_participant=1, agreement_per_scene=2)
    kinds, sets = [], []
    for _ in range(3):
        participant, _ = leases.start(study)
        trials = list(participant.trials.filter(kind="agreement"))
        kinds.append([trial.kind for trial in participant.trials.all()])
        assert len(scenes_of(trials[0]) & scenes_of(trials[1])) == 2
        assert scenes_of(trials[0]) | scenes_of(trials[1]) == set(
            study.scenes.values_list("pk", flat=True)
        )
        sets.append({frozenset(trial.stimuli) for trial in trials})
    assert kinds == [["scene", "agreement", "agreement"]] * 3
    assert sets[0] == sets[1] == sets[2]


def place(trial: Trial, content: dict[str, object] | None = None) -> None:
    positions = {address: float(place) for place, address in enumerate(trial.addresses)}
    record(trial, uuid4(), content or {"positions": positions}, 1000.0)


@database
def test_own_scrolls_come_after_the_last_scene_from_lowest_to_highest_and_are_marked() -> None:
    study = live(
        scenes=2, recipes=5, trials_per_participant=2, agreement_own=True, agreement_per_scene=3
    )
    participant, _ = leases.start(study)
    participant.agree()
    first, second = participant.trials.all()
    place(first)
    agreement.follow(participant)
    assert participant.trials.count() == 2
    place(second)
    for _ in range(2):  # a second Finish makes no second scroll
        agreement.follow(participant)
    *_, own = participant.trials.order_by("position")
    assert participant.trials.count() == 3
    assert own.kind == "own"
    # Placed in the order shown: lowest, middle and highest are the first, third and fifth.
    low_to_high = [trial.stimuli[index] for trial in (first, second) for index in (0, 2, 4)]
    assert sorted(own.stimuli) == sorted(low_to_high)
    assert own.addresses == [study.stimuli.get(pk=pk).address for pk in own.stimuli]
    place(own)
    assert participant.finish() == 0
    assert [row["kind"] for row in raw_rows(study)] == ["scene", "scene", "own"]
    data = read(study, study.questions.get())
    assert isinstance(data, Placements)
    assert data.agreement.sum() == 6


@database
def test_own_scrolls_leave_out_a_scene_that_was_skipped() -> None:
    study = live(scenes=2, recipes=3, trials_per_participant=2, agreement_own=True)
    participant, _ = leases.start(study)
    first, second = participant.trials.all()
    place(first, {"chosen": "skip"})
    place(second)
    agreement.follow(participant)
    assert scenes_of(participant.trials.get(kind="own")) == {second.scene_id}


@database
def test_images_of_the_scrolls_go_from_low_to_high_as_the_pilot_placed_them() -> None:
    pilot = live(scenes=3, recipes=5, trials_per_participant=3, agreement_per_scene=2)
    stimuli = list(pilot.stimuli.select_related("recipe"))
    order = {one.address: one.recipe.pk for one in stimuli}
    for _ in range(2):
        participant, _ = leases.start(pilot)
        participant.agree()
        for trial in participant.trials.all():
            placed = {address: -2.0 * order[address] for address in trial.addresses}
            place(trial, {"positions": placed})
        participant.finish()
    copy = lifecycle.copy_study(pilot)
    copy.pilot = pilot
    copy.agreement_per_scene = 3
    copy.save()
    labels = [check.label for check in lifecycle.checklist(copy)]
    assert any("tells low from high in 3 of 3 scenes" in label for label in labels)
    lifecycle.open_study(copy)
    recipes = list(copy.recipes.order_by("pk"))
    for scene in copy.scenes.all():
        marked = copy.stimuli.filter(scene=scene, agreement=True)
        assert {one.recipe for one in marked} == {recipes[0], recipes[2], recipes[4]}


@database
def test_images_of_the_scrolls_without_answers_in_the_pilot_are_spread_over_the_recipes() -> None:
    pilot = live(scenes=2, recipes=3)
    copy = lifecycle.copy_study(pilot)
    copy.pilot = pilot
    copy.agreement_per_scene = 2
    copy.save()
    labels = [check.label for check in lifecycle.checklist(copy)]
    assert any("tells low from high in 0 of 2 scenes" in label for label in labels)
    lifecycle.open_study(copy)
    assert [copy.stimuli.filter(scene=s, agreement=True).count() for s in copy.scenes.all()] == [
        2,
        2,
    ]
