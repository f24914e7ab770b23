"""Dashboard, report and downloads: who sees them, what they say, how many queries they take."""

import csv
import io
import json
import re

import pytest
from django.contrib.auth.models import AbstractUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studies import exhibits
from studies.models import Study
from stylize.models import Recipe
from tests import factories
from tests.studies import cast

pytestmark = pytest.mark.django_db
NAMES = ["dashboard", "progress", "report", "report_json", "ranking_csv", "answers_csv", "participants_csv", "codebook_csv"]  # fmt: skip


@pytest.fixture
def browser(owner: AbstractUser) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def at(name: str, study: Study, *more: object) -> str:
    return reverse(f"researcher:{name}", args=[study.public_id, *more])


def answered(owner: AbstractUser, protocol: str = "two_up", **options: int) -> Study:
    return cast.answered(cast.live(protocol, owner=owner), **{"people": 7, "trials": 14} | options)


@pytest.mark.parametrize("name", NAMES)
def test_page_for_the_owner_is_there(owner: AbstractUser, browser: Client, name: str) -> None:
    assert browser.get(at(name, answered(owner))).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_page_for_a_stranger_does_not_exist(
    owner: AbstractUser, stranger: AbstractUser, name: str
) -> None:
    study, client = answered(owner), Client()
    client.force_login(stranger)
    assert client.get(at(name, study)).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_page_for_nobody_leads_to_the_sign_in(owner: AbstractUser, name: str) -> None:
    response = Client().get(at(name, cast.live(owner=owner)))
    assert response.status_code == 302
    assert "/admin/login/" in response["Location"]


def test_page_for_somebody_who_is_no_staff_leads_to_the_sign_in(owner: AbstractUser) -> None:
    client = Client()
    client.force_login(factories.UserFactory(username="visitor"))
    assert client.get(at("report", cast.live(owner=owner))).status_code == 302


@pytest.mark.parametrize("name", NAMES)
def test_page_when_posted_to_is_refused(owner: AbstractUser, browser: Client, name: str) -> None:
    assert browser.post(at(name, cast.live(owner=owner))).status_code == 405


@pytest.mark.parametrize("protocol", ["two_up", "single_choice", "rating_scale"])
def test_report_ranks_and_draws(owner: AbstractUser, browser: Client, protocol: str) -> None:
    study = answered(owner, protocol)
    page = browser.get(at("report", study)).content.decode()
    assert "ranks first of 4" in page
    assert page.count("<svg") == 2
    assert "through choix" in page
    assert ("derived pairs" in page) == (protocol != "two_up")
    assert "Simulated" not in page


def test_report_of_a_simulated_study_says_so_on_top(owner: AbstractUser, browser: Client) -> None:
    study = cast.answered(cast.live(owner=owner, simulated=True), people=6, kind="simulated")
    page = browser.get(at("report", study)).content.decode()
    assert page.index("not what people prefer") < page.index("ranks first")


def test_report_of_too_little_data_says_so_in_place_of_a_ranking(
    owner: AbstractUser, browser: Client
) -> None:
    page = browser.get(at("report", answered(owner, people=2))).content.decode()
    assert "No ranking." in page
    assert "Only 2 participants have finished" in page
    assert "Ranking table" not in page
    assert "ranks first" not in page


def test_report_shows_every_scene_with_its_pictures(owner: AbstractUser, browser: Client) -> None:
    study = answered(owner)
    page = browser.get(at("report", study)).content.decode()
    for one in study.stimuli.all():
        assert at("picture", study, one.pk) in page
    for one in study.references.all():
        assert at("reference", study, one.pk) in page


def test_report_names_what_was_left_out_and_offers_to_put_it_back(
    owner: AbstractUser, browser: Client
) -> None:
    study = answered(owner)
    shown = list(study.stimuli.filter(scene=study.scenes.all()[0]))[:2]
    cast.ask(cast.visit(study, state="consented"), shown, {"chosen": "a"})
    page = browser.get(at("report", study)).content.decode()
    assert "visits not finished (1)" in page
    assert "?unfinished=1" in page
    assert "are included" in browser.get(at("report", study) + "?unfinished=1").content.decode()


def test_report_escapes_hostile_names(owner: AbstractUser, browser: Client) -> None:
    study = cast.live(owner=owner)
    hostile = "<script>alert(1)</script>"
    Recipe.objects.filter(pk=study.recipes.all()[0].pk).update(name=hostile)
    cast.answered(study, people=6)
    page = browser.get(at("report", study)).content.decode()
    assert hostile not in page
    assert not re.search(r"<script(?! src)", page)


def test_report_needs_the_same_queries_for_any_number_of_answers(
    owner: AbstractUser, browser: Client
) -> None:
    study, counted = cast.live(owner=owner), []
    for _ in range(2):
        cast.answered(study, people=5)
        with CaptureQueriesContext(connection) as queries:
            browser.get(at("report", study))
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 16


def test_dashboard_needs_few_queries_and_names_the_address(
    owner: AbstractUser, browser: Client
) -> None:
    study = answered(owner)
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(at("dashboard", study)).content.decode()
    assert len(queries) <= 9
    assert f"/s/{study.public_id}/" in page


def test_dashboard_fetches_its_figures_again_only_while_live(
    owner: AbstractUser, browser: Client
) -> None:
    study = answered(owner)
    assert "every 5s" in browser.get(at("dashboard", study)).content.decode()
    Study.objects.filter(pk=study.pk).update(state="closed")
    assert "every 5s" not in browser.get(at("dashboard", study)).content.decode()


def test_report_json_is_an_attachment_without_nan(owner: AbstractUser, browser: Client) -> None:
    response = browser.get(at("report_json", answered(owner)))

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    body = json.loads(response.content, parse_constant=refuse)
    assert body["questions"][0]["ranking"]["protocol"] == "two-up"
    assert "attachment" in response["Content-Disposition"]


def test_answers_csv_has_a_row_per_answer_and_no_address(
    owner: AbstractUser, browser: Client
) -> None:
    study = answered(owner)
    text = b"".join(browser.get(at("answers_csv", study)).streaming_content).decode()
    assert len(list(csv.DictReader(io.StringIO(text)))) == 7 * 14
    assert study.stimuli.all()[0].address not in text


def test_plots_can_be_taken_home(owner: AbstractUser, browser: Client) -> None:
    study = answered(owner)
    for name in ("forest", "wins"):
        response = browser.get(at("plot_svg", study, 1, name))
        assert response["Content-Type"] == "image/svg+xml"
        assert b"<svg" in response.content
    assert browser.get(at("plot_svg", study, 1, "nothing")).status_code == 404
    assert browser.get(at("plot_svg", study, 2, "wins")).status_code == 404


def test_pictures_are_served_to_the_owner_and_of_this_study_only(
    owner: AbstractUser, stranger: AbstractUser, browser: Client
) -> None:
    study, other = cast.live(owner=owner), cast.live(owner=stranger)
    mine, theirs = study.stimuli.all()[0], other.stimuli.all()[0]
    assert browser.get(at("picture", study, mine.pk)).status_code == 200
    assert browser.get(at("picture", study, theirs.pk)).status_code == 404
    assert browser.get(at("reference", study, study.references.all()[0].pk)).status_code == 200
    whole = browser.get(at("picture", study, mine.pk) + "?full=1")
    with mine.file.open("rb") as file:
        assert whole.content == file.read()
    assert whole["Cache-Control"].startswith("private")


def test_an_upload_has_a_thumbnail_too(owner: AbstractUser, browser: Client) -> None:
    study = factories.study(owner=owner, scenes=1)
    recipe = factories.RecipeFactory(method="", owner=owner)
    study.recipes.add(recipe)
    made = exhibits.upload(study, study.scenes.get(), recipe, factories.png(1))
    response = browser.get(at("picture", study, made.pk))
    assert response["Content-Type"] == "image/webp"
