"""Rows → arrays: who counts, what is left out, and that a is left."""

import json
import uuid

import numpy as np
import pytest
from django.contrib.auth.models import AbstractUser
from pytest_django.asserts import assertNumQueries

from studies import dataset
from studies.models import Answer, AnswerRevision, ExternalId, Question, Stimulus, Study
from tests.studies import cast

pytestmark = pytest.mark.django_db


def question(study: Study) -> Question:
    return study.questions.get()


def pair(study: Study, left: int = 0, right: int = 1) -> list[Stimulus]:
    scene = study.scenes.order_by("pk")[0]
    stimuli = list(study.stimuli.filter(scene=scene).order_by("recipe_id"))
    return [stimuli[left], stimuli[right]]


def test_votes_when_a_is_chosen_the_left_one_won() -> None:
    study = cast.live()
    shown = pair(study, 2, 1)
    cast.ask(cast.visit(study), shown, {"chosen": "a"})
    data = dataset.votes(study, question(study))
    assert data.items[data.left[0]] == shown[0].recipe.name
    assert data.items[data.right[0]] == shown[1].recipe.name
    assert bool(data.left_won[0])


def test_votes_when_b_is_chosen_the_right_one_won() -> None:
    study = cast.live()
    cast.ask(cast.visit(study), pair(study), {"chosen": "b"})
    assert not dataset.votes(study, question(study)).left_won[0]


def test_votes_when_skipped_or_tied_are_counted_and_in_no_row() -> None:
    study = cast.live(allow_tie=True)
    person = cast.visit(study)
    for chosen in ("skip", "tie", "tie", "a"):
        cast.ask(person, pair(study), {"chosen": chosen})
    data = dataset.votes(study, question(study))
    assert (len(data.left), data.skips, data.ties) == (1, 1, 2)


def test_votes_of_previews_and_strange_simulations_are_left_out() -> None:
    study = cast.live()
    for kind in ("person", "preview", "simulated"):
        cast.ask(cast.visit(study, kind=kind), pair(study), {"chosen": "a"})
    assert len(dataset.votes(study, question(study)).left) == 1


def test_votes_of_simulated_participants_count_where_the_study_says_so() -> None:
    study = cast.live(simulated=True)
    for kind in ("person", "preview", "simulated"):
        cast.ask(cast.visit(study, kind=kind), pair(study), {"chosen": "a"})
    assert len(dataset.votes(study, question(study)).left) == 2


def test_votes_of_unfinished_visits_are_left_out_and_can_be_put_back() -> None:
    study = cast.live()
    cast.ask(cast.visit(study, state="consented"), pair(study), {"chosen": "a"})
    cast.ask(cast.visit(study, state="finished"), pair(study), {"chosen": "a"})
    assert len(dataset.votes(study, question(study)).left) == 1
    assert len(dataset.votes(study, question(study), unfinished=True).left) == 2


def test_votes_in_practice_are_left_out() -> None:
    study = cast.live()
    cast.ask(cast.visit(study), pair(study), {"chosen": "a"}, kind="practice")
    assert len(dataset.votes(study, question(study)).left) == 0


def test_votes_when_asked_twice_are_the_same_in_the_same_order() -> None:
    study = cast.answered(cast.live())
    first, second = (dataset.votes(study, question(study)) for _ in range(2))
    assert first.participants == second.participants
    assert np.array_equal(first.left, second.left)


def test_votes_when_nothing_was_answered_name_all_recipes() -> None:
    study = cast.live(recipes=4)
    assert len(dataset.votes(study, question(study)).items) == 4


def test_choices_when_chosen_point_at_the_slot_shown() -> None:
    study = cast.live("single_choice")
    stimuli = list(study.stimuli.filter(scene=study.scenes.all()[0]))[::-1]
    cast.ask(cast.visit(study), stimuli, {"chosen": stimuli[2].address})
    data = dataset.choices(study, question(study))
    assert data.chosen[0] == 2
    assert [data.items[i] for i in data.options[0]] == [one.recipe.name for one in stimuli]


def test_choices_when_none_or_skip_are_counted() -> None:
    study = cast.live("single_choice", allow_none=True)
    person, stimuli = cast.visit(study), list(study.stimuli.all())[:4]
    for chosen in ("none", "skip", "none"):
        cast.ask(person, stimuli, {"chosen": chosen})
    data = dataset.choices(study, question(study))
    assert (len(data.chosen), data.nones, data.skips) == (0, 2, 1)


def test_placements_when_placed_keep_position_recipe_and_scroll() -> None:
    study = cast.answered(cast.live("rating_scale", agreement_per_scene=2), people=2)
    data = dataset.placements(study, question(study))
    assert len(data.position) == 2 * (3 * 4 + 3 * 2)
    assert int(data.agreement.sum()) == 2 * 3 * 2
    assert len(np.unique(data.scroll)) == 2 * 4


def test_placements_when_skipped_have_no_row() -> None:
    study = cast.live("rating_scale")
    cast.ask(cast.visit(study), list(study.stimuli.all())[:4], {"chosen": "skip"})
    assert len(dataset.placements(study, question(study)).position) == 0
    assert dataset.exclusions(study, question(study)).skips == 1


def test_exclusions_count_everything_left_out() -> None:
    study = cast.live()
    for kind, state in (
        ("person", "finished"),
        ("person", "consented"),
        ("person", "declined"),
        ("preview", "finished"),
        ("simulated", "finished"),
    ):
        cast.ask(cast.visit(study, kind, state), pair(study), {"chosen": "skip"})
    left_out = dataset.exclusions(study, question(study))
    assert left_out.skips == 1
    assert (left_out.unfinished_visits, left_out.declined_visits) == (1, 1)
    assert (left_out.preview_visits, left_out.simulated_visits) == (1, 1)


@pytest.mark.parametrize("protocol", ["two_up", "single_choice", "rating_scale"])
def test_read_when_there_are_many_answers_needs_few_queries(protocol: str) -> None:
    study = cast.answered(cast.live(protocol), people=5)
    asked = question(study)
    with assertNumQueries(4):
        dataset.read(study, asked)


def test_raw_rows_carry_everything_but_the_panel_id(owner: AbstractUser) -> None:
    study = cast.live(owner=owner)
    person = cast.visit(study)
    ExternalId.objects.create(
        participant=person, parameters={"PROLIFIC_PID": "panel-person-77"}, keyed_hash="f" * 64
    )
    trial = cast.ask(person, pair(study), {"chosen": "a"})
    AnswerRevision.objects.create(
        trial=trial, uuid="7b3a4c1e-0000-4000-8000-000000000001", content={"chosen": "b"}
    )
    cast.ask(cast.visit(study, kind="preview"), pair(study), {"chosen": "a"})
    rows = list(dataset.raw_rows(study))
    assert len(rows) == 1
    assert rows[0]["counted"] is True
    assert rows[0]["revisions"] == 1
    assert rows[0]["participant"] == person.public_id
    assert "panel-person-77" not in json.dumps(rows, default=str)


def test_raw_rows_tell_how_a_trial_was_seen_and_what_was_undone() -> None:
    study = cast.live()
    trial = cast.ask(cast.visit(study), pair(study), {"chosen": "a"})
    seen = {"layout": "stacked", "window": [390, 844], "events": [[5, "zoom", 2], [9, "blur"]]}
    Answer.objects.filter(trial=trial).update(viewing=seen)
    for number, undone in enumerate((True, False)):
        AnswerRevision.objects.create(
            trial=trial, uuid=uuid.UUID(int=number), content={"chosen": "b"}, undone=undone
        )
    [row] = dataset.raw_rows(study)
    assert (row["revisions"], row["undone"]) == (2, 1)
    told = ("layout", "window_width", "pixel_ratio", "hidden_ms", "blurs", "zooms")
    assert [row[name] for name in told] == ["stacked", 390, None, 0, 1, 1]
    assert row["viewing"] == seen


def test_raw_rows_of_whoever_did_not_finish_are_there_and_marked() -> None:
    study = cast.live()
    cast.ask(cast.visit(study, state="consented"), pair(study), {"chosen": "a"})
    assert [row["counted"] for row in dataset.raw_rows(study)] == [False]
