"""The log says which route failed, how and how slowly; never who asked, for what, or with what secret."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client
from pythonjsonlogger.json import JsonFormatter

from evalsite.models import ApiToken
from studies.participant import handout
from tests.studies.participant.visitor import Visitor, live

ADDRESS = "203.0.113.77"


class Lines(logging.Handler):
    """Every line, formatted as the site writes it."""

    def __init__(self) -> None:
        super().__init__()
        formatters = [handler.formatter for handler in logging.getLogger().handlers]
        self.setFormatter(next(one for one in formatters if isinstance(one, JsonFormatter)))
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(self.format(record))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.written]


@pytest.fixture
def log() -> Iterator[Lines]:
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False, REMOTE_ADDR=ADDRESS)


def request_lines(log: Lines) -> list[dict[str, Any]]:
    return [line for line in log.lines if line["name"] == "paragone.request"]


def test_request_that_fails_is_one_line_of_route_method_status_and_time(
    db: None, client: Client, log: Lines
) -> None:
    visitor = Visitor.come(live())
    client.get(f"/v/{visitor.participant.public_id}/state")
    [line] = request_lines(log)
    ms = line.pop("ms")
    assert 0 < ms < 60_000
    assert {key: line[key] for key in set(line) - {"asctime"}} == {
        "name": "paragone.request",
        "levelname": "INFO",
        "message": "request",
        "route": "participant:state",
        "method": "GET",
        "status": 403,
    }


def test_request_that_fails_leaves_no_path_query_address_or_secret(
    db: None, client: Client, log: Lines
) -> None:
    study = live()
    visitor = Visitor.come(study)
    visit = f"/v/{visitor.participant.public_id}"
    secrets = {"X-Visit-Secret": f"{visitor.secret}x", "User-Agent": "Browser/7", "Referer": visit}
    client.get(f"{visit}/state?PROLIFIC_PID=person-9", headers=secrets)
    client.get(f"/v/nobody-here/?key={visitor.secret}", headers=secrets)
    client.get("/no/such/page?q=person-9", headers=secrets)
    client.get("/api/studies/", headers={"Authorization": "Bearer pg_not-a-token"})
    client.post(f"/s/{study.public_id}/start", {"PROLIFIC_PID": "person-9"})
    routes = [(line["route"], line["status"]) for line in request_lines(log)]
    assert routes == [
        ("participant:state", 403),
        ("participant:visit", 404),
        ("none", 404),
        ("study-list", 401),
        ("participant:begin", 403),
    ]
    for told in (
        visitor.participant.public_id,
        visitor.secret,
        study.public_id,
        "nobody-here",
        "/no/such",
        "person-9",
        "pg_not",
        "Browser/7",
        ADDRESS,
    ):
        assert told not in "\n".join(log.written)


def test_request_that_succeeds_is_not_logged(db: None, client: Client, log: Lines) -> None:
    assert client.get(f"/s/{live().public_id}/").status_code == 200
    assert request_lines(log) == []


def test_unhandled_exception_is_logged_with_its_traceback_and_without_the_path(
    db: None, client: Client, log: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(participant: object) -> None:
        raise RuntimeError("the state is broken")

    visitor = Visitor.come(live())
    monkeypatch.setattr(handout, "state", broken)
    visit = visitor.participant.public_id
    said = client.get(f"/v/{visit}/state?a=b-c-d", headers={"X-Visit-Secret": visitor.secret})
    assert said.status_code == 500
    raised, request = request_lines(log)
    assert raised["message"] == "unhandled exception"
    assert raised["levelname"] == request["levelname"] == "ERROR"
    assert raised["route"] == request["route"] == "participant:state"
    assert "in broken\n" in raised["exc_info"]
    assert "RuntimeError: the state is broken" in raised["exc_info"]
    assert request["status"] == 500
    for told in (visit, visitor.secret, "b-c-d", ADDRESS):
        assert told not in "\n".join(log.written)


def test_token_that_is_used_is_not_logged(
    owner: AbstractUser, client: Client, log: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    token = ApiToken(owner=owner, name="n", scopes=["read"])
    key = token.draw()
    token.save()
    caplog.set_level(logging.DEBUG, "paragone.request")
    assert client.get("/api/studies/", headers={"Authorization": f"Bearer {key}"}).json()
    [line] = request_lines(log)
    assert (line["route"], line["status"]) == ("study-list", 200)
    assert key not in "\n".join(log.written)
