"""/livez says that the process answers, /healthz names each part, and details are for staff."""

from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from stylize.models import Worker


def report(seconds_ago: float) -> None:
    seen = timezone.now() - timedelta(seconds=seconds_ago)
    Worker.objects.create(name="w1", queues="cpu", started_at=seen, seen_at=seen)


def test_livez_without_a_database_answers(client: Client) -> None:
    assert client.get("/livez").content == b"ok"


def test_healthz_with_a_fresh_heartbeat_is_200(client: Client, db: None) -> None:
    report(1)
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == dict.fromkeys(["database", "broker", "storage", "worker"], "ok")


@pytest.mark.parametrize("seconds_ago", [None, 60])
def test_healthz_without_a_live_worker_is_503_and_names_it(
    client: Client, db: None, seconds_ago: float | None
) -> None:
    if seconds_ago:
        report(seconds_ago)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()["worker"] == "failed"
    assert "details" not in response.json()


def test_healthz_for_staff_says_why(admin_client: Client) -> None:
    report(60)
    details = admin_client.get("/healthz").json()["details"]
    assert "heart-beat" in details["worker"]


@pytest.mark.parametrize("visitor", ["client", "admin_client"])
def test_healthz_when_the_database_fails_names_it(
    request: pytest.FixtureRequest, db: None, visitor: str
) -> None:
    browser = request.getfixturevalue(visitor)
    with mock.patch.object(connection, "cursor", side_effect=OSError("gone")):
        response = browser.get("/healthz")
    assert response.status_code == 503
    assert response.json()["database"] == "failed"
