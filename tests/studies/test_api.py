"""Studies by API: scopes, owners, reports and answers, steps and their refusals."""

import csv
import io
import json

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client

from evalsite.models import ApiToken
from studies.models import Study
from tests import factories
from tests.studies import cast

pytestmark = pytest.mark.django_db


def client_of(user: AbstractUser, *scopes: str) -> Client:
    token = ApiToken(owner=user, name="test", scopes=list(scopes))
    secret = token.draw()
    token.save()
    return Client(headers={"authorization": f"Bearer {secret}"})


@pytest.fixture
def reader(owner: AbstractUser) -> Client:
    return client_of(owner, "read")


@pytest.fixture
def writer(owner: AbstractUser) -> Client:
    return client_of(owner, "read", "write")


def at(study: Study, what: str = "") -> str:
    return f"/api/studies/{study.public_id}/{what}"


def test_list_holds_the_owners_studies_only(
    owner: AbstractUser, stranger: AbstractUser, reader: Client
) -> None:
    mine = factories.study(owner=owner)
    factories.study(owner=stranger)
    body = reader.get("/api/studies/").json()
    assert [study["public_id"] for study in body["results"]] == [mine.public_id]


@pytest.mark.parametrize("number", [1, 8])
def test_list_needs_the_same_queries_for_any_number(
    owner: AbstractUser, reader: Client, django_assert_max_num_queries, number: int
) -> None:  # fmt: skip
    for _ in range(number):
        factories.study(owner=owner, scenes=1, recipes=2)
    with django_assert_max_num_queries(7):
        assert reader.get("/api/studies/").status_code == 200


def test_detail_holds_state_and_counts(owner: AbstractUser, reader: Client) -> None:
    study = cast.answered(cast.live(owner=owner), people=2, trials=3)
    body = reader.get(at(study)).json()
    assert body["state"] == "live"
    assert body["progress"]["finished"] == 2
    assert body["progress"]["answers"] == 6


def test_report_is_the_reports_json(owner: AbstractUser, reader: Client) -> None:
    study = cast.answered(cast.live(owner=owner), people=8, trials=20)
    body = reader.get(at(study, "report/")).json()
    assert len(body["questions"][0]["ranking"]["recipes"]) == 4


def test_answers_come_page_by_page(owner: AbstractUser, reader: Client) -> None:
    study = cast.answered(cast.live(owner=owner), people=6, trials=20)
    body = reader.get(at(study, "answers/")).json()
    assert body["count"] == 120
    assert len(body["results"]) == 100
    assert body["results"][0]["choice"] in ("left", "right")
    assert len(reader.get(body["next"]).json()["results"]) == 20


def test_answers_of_the_line_name_pictures_not_addresses(
    owner: AbstractUser, reader: Client
) -> None:
    study = cast.answered(cast.live("rating_scale", owner=owner), people=1)
    body = reader.get(at(study, "answers/")).json()
    placed = body["results"][0]["positions"][0]
    assert set(placed) == {"scene", "recipe", "position"}
    address = study.stimuli.all()[0].address
    assert address not in json.dumps(body)


def test_answers_csv_is_streamed_with_a_head(owner: AbstractUser, reader: Client) -> None:
    study = cast.answered(cast.live(owner=owner), people=2, trials=3)
    response = reader.get(at(study, "answers/csv/"), headers={"accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert len(rows) == 6
    assert rows[0]["choice"] in ("left", "right")


@pytest.mark.parametrize("what", ["", "report/", "answers/", "answers/csv/"])
def test_anything_of_anothers_study_is_not_found(
    owner: AbstractUser, stranger: AbstractUser, what: str
) -> None:
    study = factories.study(owner=owner)
    assert client_of(stranger, "read", "write").get(at(study, what)).status_code == 404


@pytest.mark.parametrize("what", ["", "report/", "answers/", "answers/csv/"])
def test_anything_without_a_token_is_refused(owner: AbstractUser, what: str) -> None:
    assert Client().get(at(factories.study(owner=owner), what)).status_code == 401


def test_open_when_ready_is_live(owner: AbstractUser, writer: Client) -> None:
    study = factories.study(owner=owner)
    response = writer.post(at(study, "open/"))
    assert response.status_code == 200
    assert response.json()["state"] == "live"


def test_open_when_something_lacks_is_a_conflict_that_names_it(
    owner: AbstractUser, writer: Client
) -> None:
    study = factories.study(owner=owner, consent="")
    response = writer.post(at(study, "open/"))
    assert response.status_code == 409
    assert response.json()["problems"] == ["The consent text is empty."]


def test_close_then_close_again_is_a_conflict(owner: AbstractUser, writer: Client) -> None:
    study = cast.live(owner=owner)
    assert writer.post(at(study, "close/")).json()["state"] == "closed"
    response = writer.post(at(study, "close/"))
    assert response.status_code == 409
    assert "is closed and cannot become closed" in response.json()["detail"]


def test_pause_and_resume(owner: AbstractUser, writer: Client) -> None:
    study = cast.live(owner=owner)
    assert writer.post(at(study, "pause/")).json()["state"] == "paused"
    assert writer.post(at(study, "resume/")).json()["state"] == "live"


def test_copy_is_created_as_a_draft(owner: AbstractUser, writer: Client) -> None:
    study = cast.live(owner=owner)
    response = writer.post(at(study, "copy/"))
    assert response.status_code == 201
    assert response.json()["state"] == "draft"
    assert response.json()["public_id"] != study.public_id


@pytest.mark.parametrize("what", ["open/", "close/", "copy/", "pause/", "resume/"])
def test_steps_need_the_scope_write(owner: AbstractUser, reader: Client, what: str) -> None:
    study = factories.study(owner=owner)
    assert reader.post(at(study, what)).status_code == 403
    assert Study.objects.get().state == "draft"


def test_steps_by_a_stranger_are_not_found(owner: AbstractUser, stranger: AbstractUser) -> None:
    study = factories.study(owner=owner)
    assert client_of(stranger, "read", "write").post(at(study, "open/")).status_code == 404
