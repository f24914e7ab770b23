"""The log of a visit: kept once, bounded, shown to the study's owner, in the way of nothing."""

import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from studies.models import Event
from tests import factories
from tests.studies.participant.visitor import Visitor, live

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Visitor:
    return Visitor.come(live())


def tell(visitor: Visitor, **values: Any) -> HttpResponse:
    sent = {"uuid": str(uuid.uuid4()), "kind": "opened", "content": {"width": 390}, "waited_ms": 5}
    return visitor.post("events", sent | values)


def test_event_before_consent_is_not_kept() -> None:
    visitor = Visitor.come(live(), agree=False)
    assert tell(visitor).status_code == 409
    assert not Event.objects.exists()


def test_event_sent_three_times_is_kept_once(visitor: Visitor) -> None:
    number = str(uuid.uuid4())
    for _ in range(3):
        assert tell(visitor, uuid=number).json() == {"stored": True}
    event = Event.objects.get()
    assert (event.participant, str(event.uuid)) == (visitor.participant, number)
    assert (event.kind, event.content, event.waited_ms) == ("opened", {"width": 390}, 5.0)


def test_event_when_the_log_is_full_is_refused_and_a_known_one_still_taken(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Event, "MOST", 2)
    numbers = [str(uuid.uuid4()) for _ in range(3)]
    statuses = [tell(visitor, uuid=number).status_code for number in [*numbers, numbers[0]]]
    assert statuses == [200, 200, 400, 200]
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"kind": "spied"}, "kind: must be one of opened, memory, picture_failed, refused"),
        ({"kind": ["opened"]}, "kind: must be one of"),
        ({"uuid": 7}, "uuid: must be a UUID, got 7"),
        ({"waited_ms": -1}, "waited_ms: must be milliseconds or null, got -1"),
        ({"content": []}, "content: must be an object"),
        ({"content": {"agent": "x" * 201}}, "content: must be an object of short words"),
        ({"content": {"a": "nul \0"}}, "content: must be an object of short words"),
        ({"content": {"a": "\ud800"}}, "content: must be an object of short words"),
        ({"content": {"a": 10**400}}, "content: must be an object of short words"),
        ({"content": {"a": {"deep": 1}}}, "content: must be an object of short words"),
        ({"content": {str(n): n for n in range(13)}}, "content: must hold at most 12 fields"),
    ],
)
def test_event_when_a_field_is_wrong_says_which_and_keeps_nothing(
    visitor: Visitor, sent: dict[str, Any], error: str
) -> None:
    response = tell(visitor, **sent)
    assert response.status_code == 400
    assert response.json()["error"].startswith(error)
    assert not Event.objects.exists()


def test_events_are_read_by_the_owner_alone_with_pictures_by_name() -> None:
    study = live()
    visitor = Visitor.come(study)
    stimulus = study.stimuli.all()[0]
    tell(visitor, kind="picture_failed", content={"address": stimulus.address, "reason": "502"})
    tell(Visitor.come(study, "preview"))
    client = Client()
    client.force_login(study.owner)
    (row,) = client.get(f"/api/studies/{study.public_id}/events/").json()["results"]
    assert (row["event"], row["participant"]) == ("picture_failed", visitor.participant.public_id)
    assert (row["scene"], row["recipe"]) == (stimulus.scene.name, stimulus.recipe.name)
    assert row["content"] == {"reason": "502"}
    client.force_login(factories.researcher("stranger"))
    assert client.get(f"/api/studies/{study.public_id}/events/").status_code == 404
