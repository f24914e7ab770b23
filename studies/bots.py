"""Simulated participants with known tastes, who answer a study through its real HTTP API.

They start inside this process, which is where the recipes behind the addresses are known; all
else goes over the wire: consent, state, answers, finish.
"""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit
from uuid import uuid4

import numpy as np

from studies.models import Participant, Study
from studies.planning import leases
from studies.protocols import Protocol

AT_ONCE = 4
PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2)  # seconds before another try
# Standard deviation, in logits, of a person's own taste for a recipe around everybody's.
OWN_TASTE = 0.15


class BotFailed(RuntimeError):
    """The site refused a simulated participant; the message says what and how."""


@dataclass(frozen=True)
class Counts:
    """What came back: participants who got their completion, and answers stored."""

    participants: int
    answers: int


@dataclass
class Bot:
    """One simulated participant: a visit, a taste, and a generator of its own."""

    site: SplitResult
    public_id: str
    secret: str
    protocol: Protocol
    utility: Mapping[str, float]
    rng: np.random.Generator
    connection: http.client.HTTPConnection | None = None

    def take_part(self) -> int:
        """Go the whole way; return how many answers were stored."""
        self._send("POST", "consent", {"agree": True})
        trials = self._send("GET", "state")["trials"]
        for trial in trials:
            if not trial["answered"]:
                self._send("POST", "answers", self._answer(trial))
        self._send("POST", "finish", {})
        if self.connection:
            self.connection.close()
        return len(trials)

    def _answer(self, trial: Mapping[str, Any]) -> dict[str, Any]:
        addresses = [shown["address"] for shown in trial["stimuli"]]
        return {
            "trial": trial["id"],
            "uuid": str(uuid4()),  # never from the seed: another study may have the same
            "content": self.protocol.simulate(addresses, self.utility, self.rng),
            # A floor for seeing and moving, then log-normal thinking: about 1.6 s in the middle.
            "reaction_ms": round(350 + float(np.exp(self.rng.normal(7.1, 0.5))), 1),
        }

    def _send(self, method: str, route: str, body: object = None) -> Any:
        """Send until the site has it; the same UUID makes a second try harmless."""
        for pause in (*PAUSES, None):
            try:
                status, content = self._request(method, route, body)
            except (OSError, http.client.HTTPException) as error:
                status, content = 599, str(error)
            if status < 500 or pause is None:
                break
            time.sleep(pause)
        if status >= 300:
            raise BotFailed(f"{method} {route}: {status} {content:.200}")
        return json.loads(content)

    def _request(self, method: str, route: str, body: object) -> tuple[int, str]:
        if self.connection is None:
            secure = self.site.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self.connection = kind(self.site.netloc, timeout=30)
        data = None if body is None else json.dumps(body)
        headers = {"X-Visit-Secret": self.secret, "Content-Type": "application/json"}
        try:
            self.connection.request(method, f"/v/{self.public_id}/{route}", data, headers)
            response = self.connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise


def run(
    study: Study,
    base_url: str,
    tastes: Mapping[int, float],
    participants: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Counts:
    """Let simulated participants answer a running study.

    Args:
        study: live and marked as simulated.
        base_url: of the site that serves it, such as http://127.0.0.1:8000.
        tastes: utility in logits by recipe id.
        participants: how many.
        seed: the same seed, study and tastes give the same answers.
        progress: called with (done, all) after each.

    Raises:
        BotFailed: the site refused one, or could not be reached.
        StudyShut: the study lets no simulated participant in.
    """
    there = study.participants.count()  # a later run brings other people, not the same again
    numbers = range(there, there + participants)
    bots = [_bot(study, urlsplit(base_url), tastes, seed, number) for number in numbers]
    answers = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(bot.take_part) for bot in bots]
        for done, future in enumerate(as_completed(running), start=1):
            answers += future.result()
            if progress:
                progress(done, participants)
    return Counts(participants, answers)


def _bot(
    study: Study, site: SplitResult, tastes: Mapping[int, float], seed: int, number: int
) -> Bot:
    rng = np.random.Generator(np.random.PCG64([seed, number]))
    own = {recipe: tastes[recipe] + rng.normal(0.0, OWN_TASTE) for recipe in sorted(tastes)}
    recipes = study.stimuli.values_list("address", "recipe_id")
    utility = {address: float(own[recipe]) for address, recipe in recipes}
    practice = study.references.values_list("address", "damage")
    utility |= {address: -10.0 * damage for address, damage in practice}
    participant, secret = leases.start(study, Participant.Kind.SIMULATED)
    return Bot(site, participant.public_id, secret, study.asking, utility, rng)
