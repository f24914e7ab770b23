"""The study admin: whose it is, what is missing, the steps, what a live study refuses, uploads."""

import pytest
from django.contrib.auth.models import AbstractUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from studies import exhibits, lifecycle
from studies.models import Study
from stylize.models import Recipe, Rendering
from tests import factories
from tests.studies import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(owner: AbstractUser) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def strangers_browser(stranger: AbstractUser) -> Client:
    client = Client()
    client.force_login(stranger)
    return client


def change(study: Study) -> str:
    return reverse("admin:studies_study_change", args=[study.pk])


def step(study: Study, name: str) -> str:
    return reverse("admin:studies_study_step", args=[study.pk, name])


def form(study: Study, **changed: object) -> dict[str, object]:
    question = study.questions.get()
    return {
        "title": study.title,
        "protocol": study.protocol,
        "scenes": [scene.pk for scene in study.scenes.all()],
        "recipes": [recipe.pk for recipe in study.recipes.all()],
        "seed": study.seed,
        "trials_per_participant": 4,
        "participants_planned": 3,
        "agreement_per_scene": 3,
        "surround": 128,
        "blank_ms": 250,
        "minimum_view_ms": 400,
        "phone_layout": "stacked",
        **dict.fromkeys(("screen_window", "screen_card", "screen_brightness"), "off"),
        "screen_colour_vision": "off",
        "minimum_width": 1000,
        "minimum_height": 600,
        "screening_hours": 24,
        "practice_trials": 0,
        "break_every": 0,
        "duration_minutes": 5,
        "consent": study.consent,
        "instructions": study.instructions,
        "demographics-TOTAL_FORMS": 0,
        "demographics-INITIAL_FORMS": 0,
        "questions-TOTAL_FORMS": 1,
        "questions-INITIAL_FORMS": 1,
        "questions-0-id": question.pk,
        "questions-0-study": study.pk,
        "questions-0-position": 1,
        "questions-0-text": question.text,
        "questions-0-low_label": "worse",
        "questions-0-high_label": "better",
        **changed,
    }


def test_list_when_a_stranger_looks_is_empty(
    owner: AbstractUser, strangers_browser: Client
) -> None:
    factories.study(owner=owner, title="Mine alone")
    page = strangers_browser.get(reverse("admin:studies_study_changelist"))
    assert page.status_code == 200
    assert "Mine alone" not in page.content.decode()


@pytest.mark.parametrize("number", [1, 12])
def test_list_needs_the_same_queries_for_any_number_of_studies(
    owner: AbstractUser, browser: Client, django_assert_max_num_queries, number: int
) -> None:  # fmt: skip
    for _ in range(number):
        factories.StudyFactory(owner=owner)
    with django_assert_max_num_queries(9):
        assert browser.get(reverse("admin:studies_study_changelist")).status_code == 200


@pytest.mark.parametrize("name", ["participant", "answer"])
@pytest.mark.parametrize("people", [1, 8])
def test_lists_of_participants_and_answers_need_few_queries(
    owner: AbstractUser, browser: Client, django_assert_max_num_queries, name: str, people: int
) -> None:  # fmt: skip
    cast.answered(cast.live(owner=owner), people=people, trials=2)
    with django_assert_max_num_queries(9):
        page = browser.get(reverse(f"admin:studies_{name}_changelist"))
    assert page.status_code == 200


@pytest.mark.parametrize("name", ["participant", "answer"])
def test_participants_and_answers_of_others_are_not_shown(
    owner: AbstractUser, strangers_browser: Client, name: str
) -> None:
    study = cast.answered(cast.live(owner=owner, title="Mine alone"), people=1, trials=1)
    page = strangers_browser.get(reverse(f"admin:studies_{name}_changelist")).content.decode()
    assert "Mine alone" not in page
    assert study.participants.get().public_id not in page


def test_form_of_a_draft_names_what_is_missing(owner: AbstractUser, browser: Client) -> None:
    study = factories.study(owner=owner, consent="", scenes=1, recipes=2)
    Rendering.objects.filter(recipe=study.recipes.all()[0]).delete()
    page = browser.get(change(study)).content.decode()
    assert "The consent text is empty." in page
    assert "(not rendered)" in page


def test_form_of_a_draft_when_sent_is_saved(owner: AbstractUser, browser: Client) -> None:
    study = factories.study(owner=owner)
    response = browser.post(change(study), form(study, title="Better name"))
    assert response.status_code == 302
    assert Study.objects.get(pk=study.pk).title == "Better name"


def test_form_of_a_draft_saves_how_a_trial_looks(owner: AbstractUser, browser: Client) -> None:
    study = factories.study(owner=owner)
    frame = {"surround": 90, "blank_ms": 0, "minimum_view_ms": 0, "phone_layout": "flip"}
    shown = {"show_references": "on", "references_on_hold": "on"}
    assert browser.post(change(study), form(study, **frame, **shown)).status_code == 302
    saved = Study.objects.get(pk=study.pk)
    assert {name: getattr(saved, name) for name in frame} == frame
    assert saved.references_on_hold
    assert not saved.allow_undo, "an unticked box"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("surround", 256, "less than or equal to 255"),
        ("blank_ms", 501, "less than or equal to 500"),
        ("minimum_view_ms", -1, "greater than or equal to 0"),
        ("phone_layout", "sideways", "sideways is not one of the available choices"),
    ],
)
def test_form_when_a_trial_would_look_impossible_is_refused(
    owner: AbstractUser, browser: Client, field: str, value: object, told: str
) -> None:
    study = factories.study(owner=owner)
    page = browser.post(change(study), form(study, **{field: value}))
    assert page.status_code == 200
    assert told in page.content.decode()
    assert getattr(Study.objects.get(pk=study.pk), field) == getattr(study, field)


def test_form_of_a_previewed_draft_can_still_lose_a_question(
    owner: AbstractUser, browser: Client
) -> None:
    study = factories.study(owner=owner)
    lifecycle.preview(study)
    extra = {
        "questions-TOTAL_FORMS": 2,
        "questions-0-DELETE": "on",
        "questions-1-study": study.pk,
        "questions-1-position": 2,
        "questions-1-text": "Which is sharper?",
        "questions-1-low_label": "worse",
        "questions-1-high_label": "better",
    }
    browser.post(change(study), form(study, **extra))
    assert [question.text for question in study.questions.all()] == ["Which is sharper?"]


def test_form_of_a_live_study_is_read_only_and_says_why(
    owner: AbstractUser, browser: Client
) -> None:
    study = cast.live(owner=owner)
    page = browser.get(change(study)).content.decode()
    assert "its design cannot be changed any more" in page
    assert 'name="title"' not in page
    assert f"/s/{study.public_id}/" in page


def test_form_of_a_live_study_when_sent_all_the_same_changes_nothing(
    owner: AbstractUser, browser: Client
) -> None:
    study = cast.live(owner=owner)
    response = browser.post(change(study), form(study, title="Sneaky"), follow=True)
    assert "its design cannot be changed any more" in response.content.decode()
    assert Study.objects.get(pk=study.pk).title == study.title


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("pause", "live", "paused"), ("resume", "paused", "live"), ("close", "live", "closed")],
)
def test_step_when_posted_is_taken(
    owner: AbstractUser, browser: Client, name: str, before: str, after: str
) -> None:
    study = cast.live(owner=owner)
    Study.objects.filter(pk=study.pk).update(state=before)
    assert browser.post(step(study, name)).status_code == 302
    assert Study.objects.get(pk=study.pk).state == after


def test_step_open_when_ready_opens(owner: AbstractUser, browser: Client) -> None:
    study = factories.study(owner=owner)
    page = browser.post(step(study, "open"), follow=True).content.decode()
    assert "is live." in page
    assert Study.objects.get(pk=study.pk).state == "live"


def test_step_open_when_something_is_missing_says_what(
    owner: AbstractUser, browser: Client
) -> None:
    study = factories.study(owner=owner, consent="")
    page = browser.post(step(study, "open"), follow=True).content.decode()
    assert "is not ready: The consent text is empty." in page


def test_step_preview_leads_to_the_visit(owner: AbstractUser, browser: Client) -> None:
    study = factories.study(owner=owner)
    response = browser.post(step(study, "preview"))
    visit = study.participants.get()
    assert response["Location"].startswith(f"/v/{visit.public_id}/#")
    assert visit.kind == "preview"


def test_step_copy_leads_to_the_copy(owner: AbstractUser, browser: Client) -> None:
    study = cast.live(owner=owner)
    response = browser.post(step(study, "copy"))
    assert response["Location"] == change(Study.objects.exclude(pk=study.pk).get())


def test_step_when_only_looked_at_is_not_taken(owner: AbstractUser, browser: Client) -> None:
    study = factories.study(owner=owner)
    assert browser.get(step(study, "open")).status_code == 405
    assert Study.objects.get(pk=study.pk).state == "draft"


@pytest.mark.parametrize("name", ["open", "close", "copy", "preview"])
def test_step_by_a_stranger_is_not_found(
    owner: AbstractUser, strangers_browser: Client, name: str
) -> None:
    study = factories.study(owner=owner)
    assert strangers_browser.post(step(study, name)).status_code == 404
    assert Study.objects.count() == 1
    assert not study.participants.exists()


def test_delete_of_a_live_study_is_not_possible(owner: AbstractUser, browser: Client) -> None:
    study = cast.live(owner=owner)
    address = reverse("admin:studies_study_delete", args=[study.pk])
    assert browser.post(address, {"post": "yes"}).status_code == 403


def test_delete_of_a_previewed_draft_is_possible(owner: AbstractUser, browser: Client) -> None:
    study = factories.study(owner=owner)
    lifecycle.preview(study)
    browser.post(reverse("admin:studies_study_delete", args=[study.pk]), {"post": "yes"})
    assert not Study.objects.exists()


def outside(study: Study) -> Recipe:
    recipe: Recipe = factories.RecipeFactory(name="Theirs", method="", owner=study.owner)
    study.recipes.add(recipe)
    return recipe


def test_uploads_when_many_files_are_sent_go_by_their_names(
    owner: AbstractUser, browser: Client
) -> None:
    study = factories.study(owner=owner, scenes=2)
    recipe, (first, second) = outside(study), study.scenes.all()
    address = reverse("admin:studies_study_uploads", args=[study.pk])
    files = [
        SimpleUploadedFile(f"{first.name}.png", factories.png(1)),
        SimpleUploadedFile(f"{second.name.upper().replace(' ', '_')}.png", factories.png(2)),
        SimpleUploadedFile("nothing.png", factories.png(3)),
    ]
    page = browser.post(address, {f"many-{recipe.pk}": files}, follow=True).content.decode()
    assert "2 pictures stored." in page
    assert "nothing.png: no scene of the study is called like this file." in page
    assert study.stimuli.filter(recipe=recipe).count() == 2


def test_uploads_when_of_the_wrong_size_say_the_size_wanted(
    owner: AbstractUser, browser: Client
) -> None:
    study = factories.study(owner=owner, scenes=1)
    recipe, scene = outside(study), study.scenes.get()
    address = reverse("admin:studies_study_uploads", args=[study.pk])
    file = SimpleUploadedFile("x.png", factories.png(1, width=40, height=32))
    sent = {f"cell-{scene.pk}-{recipe.pk}": file}
    page = browser.post(address, sent, follow=True).content.decode()
    assert "must be exactly 48×32 px" in page
    assert not study.stimuli.exists()


def test_uploads_of_a_live_study_are_refused(owner: AbstractUser, browser: Client) -> None:
    study = cast.live(owner=owner)
    address = reverse("admin:studies_study_uploads", args=[study.pk])
    assert "cannot be changed" in browser.get(address, follow=True).content.decode()


def test_uploads_by_a_stranger_are_not_found(
    owner: AbstractUser, strangers_browser: Client
) -> None:
    study = factories.study(owner=owner)
    address = reverse("admin:studies_study_uploads", args=[study.pk])
    assert strangers_browser.get(address).status_code == 404


def test_pickers_offer_only_what_is_the_owners(
    owner: AbstractUser, stranger: AbstractUser, browser: Client
) -> None:
    study = factories.study(owner=owner)
    factories.SceneFactory(owner=stranger, name="Not yours")
    assert "Not yours" not in browser.get(change(study)).content.decode()


def test_uploaded_picture_is_replaced_in_the_grid(owner: AbstractUser, browser: Client) -> None:
    study = factories.study(owner=owner, scenes=1)
    recipe, scene = outside(study), study.scenes.get()
    made = exhibits.upload(study, scene, recipe, factories.png(1))
    page = browser.get(reverse("admin:studies_study_uploads", args=[study.pk])).content.decode()
    assert reverse("researcher:picture", args=[study.public_id, made.pk]) in page
