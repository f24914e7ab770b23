"""The strict policy is on whatever a participant's address answers, and nowhere else."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from evalsite.csp import POLICY
from studies.models import Study
from studies.participant import handout
from studies.participant.urls import urlpatterns
from tests.studies.participant.visitor import Visitor, live

pytestmark = pytest.mark.django_db
HEADER = "Content-Security-Policy"
ROUTES = [str(pattern.name) for pattern in urlpatterns]


def at(route: str, thing: str) -> str:
    return reverse(f"participant:{route}", args=[thing])


def asked(visitor: Visitor, route: str, thing: str) -> list[HttpResponse]:
    """Every way to ask: rightly, with a form, by a wrong method, without the secret."""
    path, secret = at(route, thing), {"X-Visit-Secret": visitor.secret}
    client = visitor.client
    return [
        client.get(path, headers=secret),
        client.post(path, b"{}", content_type="application/json", headers=secret),
        client.post(path, {"agree": "1"}, headers={"Sec-Fetch-Site": "same-origin"}),
        client.post(path, {"agree": "1"}, headers={"Sec-Fetch-Site": "cross-site"}),
        client.delete(path),
    ]


@pytest.mark.parametrize("route", ROUTES)
def test_policy_on_every_participant_route_is_there_whatever_it_answers(route: str) -> None:
    study = live()
    visitor = Visitor.come(study)
    things = {"start": study.public_id, "begin": study.public_id}
    things["withdraw"] = visitor.participant.withdrawal_token(visitor.secret)
    if route == "image":
        things["image"] = study.stimuli.all()[0].address
    there = things.get(route, visitor.participant.public_id)
    answered = [*asked(visitor, route, there), *asked(visitor, route, "nothing-here")]
    assert {one.headers.get(HEADER) for one in answered} == {POLICY}
    statuses = {one.status_code for one in answered}
    assert statuses & {403, 404}
    assert 405 in statuses
    assert statuses - {403, 404, 405}, "nobody got past the door"


def test_policy_when_the_page_breaks_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor.come(live(), agree=False)
    visitor.client = Client(raise_request_exception=False)
    monkeypatch.setattr(handout, "state", lambda participant: 1 / 0)
    response = visitor.get("state")
    assert response.status_code == 500
    assert response.headers[HEADER] == POLICY


def test_policy_when_a_study_is_shut_is_there() -> None:
    study = live()
    Study.objects.update(state=Study.State.CLOSED)
    response = Client().get(at("start", study.public_id))
    assert b"This study is closed" in response.content
    assert response.headers[HEADER] == POLICY


def test_policy_allows_nothing_but_what_the_pages_need() -> None:
    allowed = dict(part.strip().split(" ", 1) for part in POLICY.split(";"))
    assert allowed.pop("default-src") == "'none'"
    assert allowed.pop("img-src") == "'self' blob:"  # pictures are fetched, checked, then shown
    assert set(allowed.values()) == {"'self'", "'none'"}
    assert {"script-src", "style-src", "connect-src", "form-action", "base-uri"} <= set(allowed)
    assert allowed["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/studies/study/", "/livez"])
def test_policy_off_the_participants_routes_is_absent(admin_client: Client, path: str) -> None:
    response = admin_client.get(path)
    assert response.status_code in (200, 302)
    assert HEADER not in response.headers


def test_policy_on_the_researchers_pages_is_absent(admin_client: Client) -> None:
    path = reverse("researcher:report", args=[live().public_id])
    response = admin_client.get(path)
    assert response.status_code == 200
    assert HEADER not in response.headers
