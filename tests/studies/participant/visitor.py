"""A participant in tests: a visit with its secret, through Django's test client."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from studies import lifecycle
from studies.models import Participant, Study
from studies.planning import leases
from tests import factories


def live(**values: Any) -> Study:
    study = factories.study(**values)
    lifecycle.open_study(study)
    return study


@dataclass
class Visitor:
    """Holds the secret of one visit and speaks to its API."""

    participant: Participant
    secret: str
    client: Client = field(default_factory=Client)

    @classmethod
    def come(cls, study: Study, kind: str = "person", agree: bool = True) -> "Visitor":
        visitor = cls(*leases.start(study, kind))
        if agree:
            assert visitor.post("consent", {"agree": True}).json() == {"state": "consented"}
        return visitor

    def get(self, route: str) -> HttpResponse:
        return self.client.get(self._path(route), headers={"X-Visit-Secret": self.secret})

    def post(self, route: str, body: Any = None) -> HttpResponse:
        return self.client.post(
            self._path(route),
            data=body if body is not None else b"",
            content_type="application/json",
            headers={"X-Visit-Secret": self.secret},
        )

    def answer(self, trial: str, content: Any, **values: Any) -> HttpResponse:
        sent = {"uuid": str(uuid.uuid4()), "reaction_ms": 812.5} | values
        return self.post("answers", {"trial": trial, "content": content} | sent)

    def trials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("state").json()["trials"]
        return found

    def answer_all(self, content: Any) -> None:
        for trial in self.trials():
            assert self.answer(trial["id"], content).status_code == 201

    def _path(self, route: str) -> str:
        return f"/v/{self.participant.public_id}/{route}"
