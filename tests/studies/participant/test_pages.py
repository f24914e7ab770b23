"""The participant's pages: looking creates nothing, only a Start from our own page does."""

import logging
import secrets
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from studies.models import Event, ExternalId, Participant, Reference, Stimulus, Study, Trial
from tests import factories
from tests.studies.participant.visitor import Visitor, live

pytestmark = pytest.mark.django_db
VISIT_ROUTES = ("", "state", "consent", "answers", "events", "finish")


def press_start(
    study: Study, sent: dict[str, str] | None = None, secret: str = "", **headers: str
) -> HttpResponse:
    """As our page does: with a secret that it drew."""
    return Client(enforce_csrf_checks=True).post(
        f"/s/{study.public_id}/start",
        sent or {},
        headers=headers or {"X-Visit-Secret": secret or secrets.token_urlsafe(24)},
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_start_page_when_looked_at_creates_nothing_and_sets_no_cookie(method: str) -> None:
    study = live()
    for agent in ("Mozilla/5.0", "WhatsApp/2.23", "facebookexternalhit/1.1"):
        response = Client().generic(
            method,
            f"/s/{study.public_id}/?PROLIFIC_PID=abc",
            headers={"User-Agent": agent, "Sec-Purpose": "prefetch"},
        )
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        assert not response.cookies
    assert not Participant.objects.exists()
    assert not Trial.objects.exists()
    assert not ExternalId.objects.exists()
    assert not study.slots.exclude(participant=None).exists()


def test_start_page_says_what_is_asked_of_whom() -> None:
    study = live(
        title="Which is better?", duration_minutes=7, pay="2 pounds", contact="ask@lab.example"
    )
    page = Client().get(f"/s/{study.public_id}/").content.decode()
    for text in ("Which is better?", "7 minutes", "2 pounds", "ask@lab.example"):
        assert text in page
    assert f'action="/s/{study.public_id}/start"' in page


def test_start_page_takes_a_panels_parameters_over_and_leaves_the_rest() -> None:
    study = live()
    address = f"/s/{study.public_id}/?PROLIFIC_PID=p1&SESSION_ID=%22%3E%3Cb%3E&utm=x&workerId="
    response = Client().get(address)
    assert response.context["external"] == {"PROLIFIC_PID": "p1", "SESSION_ID": '"><b>'}
    page = response.content.decode()
    assert '<input type="hidden" name="PROLIFIC_PID" value="p1">' in page
    assert "<b>" not in page
    assert "utm" not in page


@pytest.mark.parametrize("value", ["x" * 201, "a\0b", "a\nb", "   "])
def test_start_page_leaves_a_parameter_that_is_no_id(value: str) -> None:
    study = live()
    response = Client().get(f"/s/{study.public_id}/", {"PROLIFIC_PID": value})
    assert response.context["external"] == {}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("draft", "not been opened"),
        ("paused", "paused"),
        ("closed", "closed"),
        ("archived", "closed"),
    ],
)
def test_start_page_when_the_study_does_not_run_has_no_form(state: str, words: str) -> None:
    study = live()
    Study.objects.update(state=state)
    response = Client().get(f"/s/{study.public_id}/")
    assert response.context["open"] is False
    assert words in response.content.decode()
    assert "<form" not in response.content.decode()
    refused = press_start(study)
    assert refused.status_code == 409
    assert not Participant.objects.exists()


def test_start_begins_a_visit_under_the_browsers_own_secret_and_never_repeats_it() -> None:
    study, secret = live(), secrets.token_urlsafe(24)
    response = press_start(study, secret=secret)
    participant = Participant.objects.get()
    assert response.json() == {"visit": f"/v/{participant.public_id}/"}
    assert participant.knows(secret)
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    assert participant.trials.count() == 4


def test_start_sent_twice_is_one_visit_also_when_the_study_was_closed_meanwhile() -> None:
    study, secret = live(), secrets.token_urlsafe(24)
    sent = {"PROLIFIC_PID": "panel-id-1"}
    first = press_start(study, sent, secret)
    Study.objects.update(state=Study.State.CLOSED)
    again = press_start(study, sent, secret)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert Participant.objects.count() == ExternalId.objects.count() == 1


def test_start_with_one_secret_in_two_studies_is_two_visits() -> None:
    secret = secrets.token_urlsafe(24)
    visits = {press_start(live(), secret=secret).json()["visit"] for _ in range(2)}
    assert len(visits) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},  # a form: another site's page can send one
        {"Origin": "http://testserver", "Referer": "http://testserver/"},
        {"X-Visit-Secret": "short"},
        {"X-Visit-Secret": "x" * 65},
        {"X-Visit-Secret": "ü" * 32},
        {"X-Visit-Secret": "a b" * 11},
    ],
)
def test_start_without_a_drawn_secret_creates_nothing(headers: dict[str, str]) -> None:
    response = press_start(live(), **headers)
    assert response.status_code == 403
    assert "press Start there" in response.json()["error"]
    assert not Participant.objects.exists()


def test_no_participant_route_lets_a_browser_tell_where_it_came_from() -> None:
    study = live()
    visitor = Visitor.come(study)
    for path in (
        f"/s/{study.public_id}/",
        f"/v/{visitor.participant.public_id}/",
        f"/i/{study.stimuli.all()[0].address}",
        "/s/nobody/",
    ):
        assert Client().get(path)["Referrer-Policy"] == "no-referrer"
    assert visitor.get("state")["Referrer-Policy"] == "no-referrer"
    assert Client().get("/admin/login/")["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "purpose", [{}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}]
)
def test_looking_at_any_address_of_a_visit_changes_nothing(
    method: str, purpose: dict[str, str]
) -> None:
    study = live()
    visitor = Visitor.come(study, agree=False)
    before = list(Participant.objects.values())
    for path in (
        f"/s/{study.public_id}/start",
        *(f"/v/{visitor.participant.public_id}/{route}" for route in VISIT_ROUTES),
        f"/i/{study.stimuli.all()[0].address}",
    ):
        Client().generic(method, path, headers=purpose)
        Client().generic(method, path, headers=purpose | {"X-Visit-Secret": visitor.secret})
    assert list(Participant.objects.values()) == before
    assert not Event.objects.exists()


def test_start_with_a_panel_id_that_began_before_opens_nothing() -> None:
    study = live()
    sent = {"PROLIFIC_PID": "panel-id-1", "STUDY_ID": "s"}
    first = press_start(study, sent)
    again = press_start(study, sent | {"SESSION_ID": "new"})
    assert (first.status_code, again.status_code) == (200, 409)
    page = again.content.decode()
    assert "begun with your id before" in page
    assert Participant.objects.get().public_id not in page
    assert "panel-id-1" not in page


def test_external_id_lies_in_its_own_table_alone() -> None:
    study = live()
    press_start(study, {"PROLIFIC_PID": "panel-id-1", "SESSION_ID": "s-9"})
    kept = ExternalId.objects.get()
    assert kept.parameters == {"PROLIFIC_PID": "panel-id-1", "SESSION_ID": "s-9"}
    for row in [*Participant.objects.values(), *Trial.objects.values()]:
        assert "panel-id-1" not in str(row)
    page = Client().get(f"/v/{kept.participant.public_id}/").content.decode()
    assert "panel-id-1" not in page


@pytest.mark.parametrize("path", ["/s/nobody/", "/v/nobody/"])
def test_page_when_the_address_is_unknown_says_so_plainly(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 404
    assert "no such page" in response.content.decode()


@pytest.mark.parametrize("path", ["/s/%00/", "/v/%00/", "/i/%00", "/v/a%2Fb/", "/s/ü/"])
def test_page_when_the_address_is_nonsense_is_not_found(path: str) -> None:
    assert Client().get(path).status_code == 404


def test_begin_when_the_study_is_unknown_is_not_found() -> None:
    drawn = {"X-Visit-Secret": secrets.token_urlsafe(24)}
    assert Client().post("/s/nobody/start", headers=drawn).status_code == 404


def test_begin_by_get_is_refused() -> None:
    assert Client().get(f"/s/{live().public_id}/start").status_code == 405


@pytest.mark.parametrize("protocol", ["two_up", "single_choice", "rating_scale"])
def test_visit_page_is_a_shell_without_anything_private(protocol: str) -> None:
    study = live(protocol=protocol, instructions="Look **twice**. <script>x</script>")
    visitor = Visitor.come(study)
    response = Client().get(f"/v/{visitor.participant.public_id}/")
    page = response.content.decode()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert "Look <strong>twice</strong>" in page
    assert "<script>x" not in page
    assert f'data-visit="{visitor.participant.public_id}"' in page
    assert visitor.secret not in page
    assert "DONE-42" not in page
    assert not any(stimulus.address in page for stimulus in study.stimuli.all())
    assert response.context["preview"] is False


def test_visit_page_of_a_preview_says_so() -> None:
    visitor = Visitor.come(live(), "preview")
    response = Client().get(f"/v/{visitor.participant.public_id}/")
    assert response.context["preview"] is True


def test_every_participant_page_has_the_strict_policy() -> None:
    study = live()
    visitor = Visitor.come(study)
    address = study.stimuli.all()[0].address
    paths = [f"/s/{study.public_id}/", f"/v/{visitor.participant.public_id}/", f"/i/{address}"]
    for response in [Client().get(path) for path in paths]:
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response["X-Content-Type-Options"] == "nosniff"


def test_image_is_the_file_for_stimuli_and_references() -> None:
    study = live()
    for shown in [*study.stimuli.all(), *study.references.all()]:
        response = Client().get(f"/i/{shown.address}")
        with shown.file.open("rb") as file:
            assert response.content == file.read()
        assert response["Content-Type"] == "image/png"
        assert response["Cache-Control"] == "private, max-age=31536000, immutable"


def test_image_of_an_upload_is_served_alike() -> None:
    study = factories.study(scenes=1, recipes=1)
    rendering = study.scenes.get().renderings.get()
    upload = Stimulus.objects.create(
        study=study,
        scene=study.scenes.get(),
        recipe=study.recipes.get(),
        upload=rendering.file.name,
        sha256="0" * 64,
        width=48,
        height=32,
    )
    assert Client().get(f"/i/{upload.address}").status_code == 200


def test_image_when_unknown_is_not_found() -> None:
    response = Client().get("/i/unknown")
    assert response.status_code == 404
    assert not Reference.objects.exists()


def test_image_by_head_has_the_same_headers() -> None:
    address = live().stimuli.all()[0].address
    head, get = Client().head(f"/i/{address}"), Client().get(f"/i/{address}")
    assert dict(head.headers) == dict(get.headers)


def test_logs_hold_no_path_secret_or_parameter(caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    study = live()
    visitor = Visitor.come(study)
    trial = visitor.trials()[0]
    visitor.answer(trial["id"], {"chosen": "a"})
    visitor.answer(trial["id"], {"chosen": "zzz"})
    visitor.client.get("/v/unknown-visit/state", headers={"X-Visit-Secret": "wrong-secret"})
    press_start(study, {"PROLIFIC_PID": "panel-id-1"})
    press_start(study, {"PROLIFIC_PID": "panel-id-1"}, Origin="https://evil.example")
    Client().get(f"/s/{study.public_id}/?PROLIFIC_PID=panel-id-1", REMOTE_ADDR="203.0.113.9")
    lines = [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    ours = "\n".join(line for line in lines if "paragone.request" in line)
    assert "participant:answers" in ours
    private = [study.public_id, visitor.participant.public_id, visitor.secret, trial["id"]]
    private += ["unknown-visit", "wrong-secret", "panel-id-1", "203.0.113.9"]
    for secret in [*private, trial["stimuli"][0]["address"]]:
        assert secret not in ours
    others = [line for line in lines if "'name': 'django.db" not in line]
    assert not any(visitor.secret in line or "203.0.113.9" in line for line in others)
