"""A study's course: every step of the table, what opening needs and makes, copies and previews."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.db.models import QuerySet

from studies import dataset, exhibits, lifecycle
from studies.lifecycle import TRANSITIONS, IllegalTransition, NotReady
from studies.lifecycle.transitions import move
from studies.models import Answer, Participant, Question, Stimulus, Study, StudyNotEditable
from studies.planning import balanced
from stylize import imaging
from stylize.models import Rendering
from tests import factories
from tests.studies import cast

pytestmark = pytest.mark.django_db
State = Study.State


def in_state(state: str) -> Study:
    study = factories.study(scenes=1, recipes=2)
    Study.objects.filter(pk=study.pk).update(state=state)
    study.refresh_from_db()
    return study


def problems(study: Study) -> str:
    with pytest.raises(NotReady) as caught:
        lifecycle.open_study(study)
    return str(caught.value)


@pytest.mark.parametrize(
    ("before", "after"), [(a, b) for a, b in itertools.product(State, State) if b in TRANSITIONS[a]]
)
def test_move_when_the_table_has_it_is_taken(before: State, after: State) -> None:
    study = in_state(before)
    move(study, after)
    assert Study.objects.get(pk=study.pk).state == after


@pytest.mark.parametrize(
    ("before", "after"),
    [(a, b) for a, b in itertools.product(State, State) if b not in TRANSITIONS[a]],
)
def test_move_when_the_table_lacks_it_is_refused(before: State, after: State) -> None:
    study = in_state(before)
    with pytest.raises(IllegalTransition, match=f"is {before} and cannot become {after}"):
        move(study, after)
    assert Study.objects.get(pk=study.pk).state == before


def test_move_when_somebody_else_was_faster_is_refused() -> None:
    study = in_state("live")
    lifecycle.close(Study.objects.get(pk=study.pk))
    with pytest.raises(IllegalTransition, match="is closed"):
        lifecycle.pause(study)


def test_resume_of_a_draft_does_not_go_round_the_checks() -> None:
    with pytest.raises(IllegalTransition):
        lifecycle.resume(in_state("draft"))


def test_open_when_all_is_there_makes_stimuli_references_and_slots() -> None:
    study = factories.study(scenes=2, recipes=3)
    lifecycle.open_study(study)
    assert study.state == State.LIVE
    assert study.opened_at is not None
    assert study.stimuli.count() == 6
    assert study.references.count() == 4
    assert study.slots.exists()


def test_open_when_done_can_be_answered_at_once() -> None:
    study = factories.study()
    lifecycle.open_study(study)
    participant = cast.visit(study)
    slot = study.slots.all()[0]
    shown = [study.stimuli.get(pk=pk) for pk in slot.stimuli]
    cast.ask(participant, shown, {"chosen": "a"})
    assert len(dataset.votes(study, study.questions.get()).left) == 1


def test_open_when_a_rendering_is_missing_names_it() -> None:
    study = factories.study(scenes=2, recipes=2)
    scene, recipe = study.scenes.all()[1], study.recipes.all()[0]
    Rendering.objects.filter(scene=scene, recipe=recipe).delete()
    told = problems(study)
    assert f"{recipe.name} on {scene.name} (not rendered)" in told
    assert "1 picture is missing" in told


def test_open_when_only_a_failed_rendering_is_there_names_it() -> None:
    study = factories.study(scenes=1, recipes=2)
    Rendering.objects.filter(recipe=study.recipes.all()[0]).update(state="failed")
    assert "not rendered" in problems(study)


def test_open_when_an_upload_is_missing_names_it() -> None:
    study = factories.study(scenes=1, recipes=2)
    outside = factories.RecipeFactory(name="Their method", method="", owner=study.owner)
    study.recipes.add(outside)
    assert "Their method on" in problems(study)
    assert "(not uploaded)" in problems(study)


def test_open_when_a_picture_has_another_size_names_both() -> None:
    study = factories.study(scenes=1, recipes=2)
    Rendering.objects.filter(recipe=study.recipes.all()[0]).update(width=40, height=20)
    assert "is 40×20 px, must be 48×32" in problems(study)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda s: s.questions.all().delete(), "0 questions"),
        (lambda s: s.scenes.clear(), "No scene is chosen"),
        (lambda s: s.recipes.set(s.recipes.all()[:1]), "1 recipe is chosen"),
        (lambda s: s.recipes.all()[0].__class__.objects.filter(pk=s.recipes.all()[0].pk).update(size=64), "one size"),
        (lambda s: Study.objects.filter(pk=s.pk).update(consent="  "), "consent text is empty"),
        (
            lambda s: Study.objects.filter(pk=s.pk).update(
                redirect_url="http://panel.example/done", redirect_hosts="panel.example"
            ),
            "must be https",
        ),
        (
            lambda s: Study.objects.filter(pk=s.pk).update(
                redirect_url="https://evil.example/", redirect_hosts="panel.example"
            ),
            "leads to evil.example, which is none of its hosts (panel.example)",
        ),
        (
            lambda s: Study.objects.filter(pk=s.pk).update(
                redirect_url="https://evil.example\\@panel.example/", redirect_hosts="panel.example"
            ),
            "names a user before its host",
        ),
    ],
)  # fmt: skip
def test_open_when_something_lacks_says_what(spoil: Callable[[Study], Any], told: str) -> None:
    study = factories.study(scenes=1, recipes=2)
    spoil(study)
    study.refresh_from_db()
    assert told in problems(study)
    assert Study.objects.get(pk=study.pk).state == State.DRAFT


def test_checklist_tells_how_many_agreement_scrolls_join_the_scenes() -> None:
    study = factories.study(scenes=14, recipes=3, protocol="rating_scale", agreement_per_scene=3)
    (check,) = [one for one in lifecycle.checklist(study) if "Agreement" in one.label]
    assert check.ok
    assert check.label.endswith("2 of up to 24 images, each with two scenes of the one before")


def test_checklist_of_sets_of_one_s_own_counts_the_scenes_of_one_participant() -> None:
    study = factories.study(
        scenes=14,
        recipes=3,
        protocol="rating_scale",
        agreement_own=True,
        trials_per_participant=5,
    )
    labels = [check.label for check in lifecycle.checklist(study)]
    assert "Agreement scrolls of their own join each participant's scenes" in labels


def test_open_when_agreement_images_cannot_join_the_scenes_says_why() -> None:
    study = factories.study(scenes=2, recipes=2, protocol="rating_scale", agreement_per_scene=1)
    assert "2 scenes have fewer than 2 images on the agreement scrolls" in problems(study)


def test_open_when_of_the_rating_scale_marks_agreement_images_evenly() -> None:
    study = factories.study(scenes=4, recipes=4, protocol="rating_scale", agreement_per_scene=2)
    lifecycle.open_study(study)
    marked = study.stimuli.filter(agreement=True)
    assert [marked.filter(scene=scene).count() for scene in study.scenes.all()] == [2] * 4
    assert [marked.filter(recipe=recipe).count() for recipe in study.recipes.all()] == [2] * 4


def test_open_when_two_up_marks_no_agreement_images() -> None:
    study = factories.study()
    lifecycle.open_study(study)
    assert not study.stimuli.filter(agreement=True).exists()


def test_open_when_the_schedule_fails_leaves_a_draft_and_no_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = factories.study()
    before = (
        set(default_storage.listdir("stimuli")[1]) if default_storage.exists("stimuli") else set()
    )

    def fail(study: Study) -> None:
        raise RuntimeError("no schedule")

    monkeypatch.setattr(balanced, "lay_out", fail)
    with pytest.raises(RuntimeError):
        lifecycle.open_study(study)
    assert study.state == State.DRAFT
    assert not study.stimuli.exists()
    assert set(default_storage.listdir("stimuli")[1]) == before


def test_references_are_reduced_and_the_style_is_brought_to_the_size() -> None:
    study = factories.study(scenes=1, recipes=2)
    study.recipes.update(size=40)
    Rendering.objects.update(width=40, height=27)
    scene = study.scenes.get()
    style = factories.ImageFactory(
        role="style", owner=study.owner, data=factories.png(9, width=20, height=30)
    )
    scene.styles.set([style])
    lifecycle.open_study(study)
    sizes = {r.image_id: (r.width, r.height) for r in study.references.all()}
    assert sizes == {scene.content_id: (40, 27), style.pk: (27, 40)}


def test_a_live_study_when_saved_is_refused_in_one_sentence() -> None:
    study = in_state("live")
    study.title = "Another"
    with pytest.raises(StudyNotEditable, match=r"cannot be changed any more\. Copy the study"):
        study.save()


def test_a_draft_when_saved_is_held_against_being_opened_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study, held = factories.study(), []
    lock = QuerySet.select_for_update
    monkeypatch.setattr(
        QuerySet, "select_for_update", lambda rows: (held.append(rows.model), lock(rows))[1]
    )
    study.title = "Another title"
    study.save()
    assert held == [Study]
    assert Study.objects.get(pk=study.pk).title == "Another title"


def test_a_question_of_a_live_study_when_saved_is_refused() -> None:
    question = in_state("live").questions.get()
    question.text = "Which is uglier?"
    with pytest.raises(StudyNotEditable):
        question.save()
    with pytest.raises(StudyNotEditable):
        Question.objects.create(study=question.study, position=2)


def test_preview_when_walked_counts_nothing() -> None:
    study = factories.study()
    address = lifecycle.preview(study)
    participant = study.participants.get()
    assert participant.kind == Participant.Kind.PREVIEW
    assert address.startswith(f"/v/{participant.public_id}/#")
    for trial in participant.trials.all():
        Answer.objects.create(trial=trial, uuid=trial_uuid(trial.pk), content={"chosen": "a"})
    Participant.objects.update(state="finished")
    assert study.state == State.DRAFT
    assert len(dataset.votes(study, study.questions.get()).left) == 0
    assert list(dataset.raw_rows(study)) == []
    assert not study.slots.filter(answered=True).exists()


def trial_uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def test_preview_when_a_picture_is_missing_says_so_and_makes_nobody() -> None:
    study = factories.study()
    Rendering.objects.filter(scene=study.scenes.all()[0]).delete()
    with pytest.raises(NotReady, match="missing"):
        lifecycle.preview(study)
    assert not study.participants.exists()


def test_preview_without_a_consent_text_is_possible() -> None:
    study = factories.study(consent="")
    assert lifecycle.preview(study)


def test_preview_of_a_closed_study_is_refused() -> None:
    with pytest.raises(ValueError, match="copy it"):
        lifecycle.preview(in_state("closed"))


def test_preview_of_a_live_study_keeps_its_pictures_and_slots() -> None:
    study = factories.study()
    lifecycle.open_study(study)
    addresses = set(study.stimuli.values_list("address", flat=True))
    lifecycle.preview(study)
    assert set(study.stimuli.values_list("address", flat=True)) == addresses
    assert not study.slots.exclude(participant=None).exists()


def test_open_after_a_preview_draws_new_addresses_and_forgets_the_walk() -> None:
    study = factories.study()
    lifecycle.preview(study)
    addresses = set(study.stimuli.values_list("address", flat=True))
    lifecycle.open_study(study)
    assert addresses.isdisjoint(study.stimuli.values_list("address", flat=True))
    assert not study.participants.exists()


def with_upload() -> tuple[Study, Stimulus]:
    study = factories.study(scenes=1, recipes=2)
    outside = factories.RecipeFactory(name="Their method", method="", owner=study.owner)
    study.recipes.add(outside)
    data = factories.png(5, width=48, height=32)
    return study, exhibits.upload(study, study.scenes.get(), outside, data)


def test_upload_when_of_the_right_size_is_shown_and_encoded_anew() -> None:
    study, made = with_upload()
    lifecycle.open_study(study)
    hung = study.stimuli.get(recipe=made.recipe)
    assert hung.pk == made.pk
    assert hung.address != made.address
    with hung.file.open("rb") as file:
        data = file.read()
    assert data == imaging.encode_png(imaging.read(factories.png(5, width=48, height=32)))
    assert hung.sha256 == imaging.sha256(data)


def test_upload_when_of_another_size_is_refused_with_the_size_wanted() -> None:
    study, made = with_upload()
    with pytest.raises(imaging.ImageRefused, match=r"is 40×32 px; it must be exactly 48×32 px"):
        exhibits.upload(study, made.scene, made.recipe, factories.png(1, width=40, height=32))


def test_upload_over_the_byte_limit_is_refused(settings: Any) -> None:
    study, made = with_upload()
    settings.IMAGE_MAX_BYTES = 2**10
    with pytest.raises(imaging.ImageRefused, match="larger than"):
        exhibits.upload(study, made.scene, made.recipe, factories.png(1))


def test_upload_when_the_study_is_opened_meanwhile_is_refused() -> None:
    study, made = with_upload()
    Study.objects.filter(pk=study.pk).update(state="live")  # here it is still seen as a draft
    with pytest.raises(StudyNotEditable):
        exhibits.upload(study, made.scene, made.recipe, factories.png(6, width=48, height=32))
    assert study.stimuli.get(recipe=made.recipe) == made


def test_upload_when_sent_again_replaces_the_first() -> None:
    study, made = with_upload()
    exhibits.upload(study, made.scene, made.recipe, factories.png(6, width=48, height=32))
    assert study.stimuli.filter(recipe=made.recipe).count() == 1


def test_upload_under_a_recipe_with_a_method_is_refused() -> None:
    study, made = with_upload()
    recipe = study.recipes.exclude(method="")[0]
    with pytest.raises(ValueError, match="is made by Identity here"):
        exhibits.upload(study, made.scene, recipe, factories.png(6, width=48, height=32))


def test_upload_to_a_live_study_is_refused() -> None:
    study, made = with_upload()
    lifecycle.open_study(study)
    with pytest.raises(StudyNotEditable):
        exhibits.upload(study, made.scene, made.recipe, factories.png(6, width=48, height=32))


@pytest.mark.parametrize("state", State.values)
def test_copy_from_any_state_is_a_draft_with_its_own_names(state: str) -> None:
    study = in_state(state)
    copy = lifecycle.copy_study(study)
    assert copy.state == State.DRAFT
    assert copy.title == f"Copy of {study.title}"
    assert copy.public_id != study.public_id
    assert copy.seed != study.seed
    assert (copy.opened_at, copy.closed_at) == (None, None)


def test_copy_shows_its_trials_like_the_study() -> None:
    frame = {
        "surround": 60,
        "blank_ms": 0,
        "minimum_view_ms": 900,
        "phone_layout": "flip",
        "references_on_hold": True,
        "allow_undo": False,
    }
    copy = lifecycle.copy_study(factories.study(**frame))
    assert {name: getattr(copy, name) for name in frame} == frame


def test_open_when_references_are_held_but_not_shown_says_so() -> None:
    study = factories.study(references_on_hold=True, show_references=False)
    assert "not to be shown at all" in problems(study)


def test_study_outside_the_limits_of_a_trial_is_not_stored() -> None:
    with pytest.raises(IntegrityError, match="study_frame_within_limits"):
        factories.study(blank_ms=501)


def test_copy_of_a_closed_study_has_design_and_uploads_but_no_answers() -> None:
    study, made = with_upload()
    lifecycle.open_study(study)
    cast.ask(cast.visit(study), list(study.stimuli.all())[:2], {"chosen": "a"})
    lifecycle.close(study)
    copy = lifecycle.copy_study(study)
    assert set(copy.scenes.all()) == set(study.scenes.all())
    assert set(copy.recipes.all()) == set(study.recipes.all())
    assert [q.text for q in copy.questions.all()] == [q.text for q in study.questions.all()]
    assert copy.consent == study.consent
    assert not copy.participants.exists()
    uploaded = copy.stimuli.get()
    assert uploaded.upload.name != study.stimuli.get(recipe=made.recipe).upload.name
    lifecycle.open_study(copy)
    assert copy.state == State.LIVE


def test_checklist_when_all_is_well_has_no_problem() -> None:
    checks = lifecycle.checklist(factories.study())
    assert all(check.ok for check in checks)
    assert len(checks) == 12


def test_checklist_of_many_missing_pictures_names_some_and_counts_the_rest() -> None:
    study = factories.study(scenes=5, recipes=4)
    Rendering.objects.all().delete()
    told = problems(study)
    assert "20 pictures are missing" in told
    assert "and 8 more." in told
