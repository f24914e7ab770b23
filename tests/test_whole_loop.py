"""The whole loop on real services: a worker renders, people answer over HTTP, reports rank.

`make`, `open_studies` and `ask` run inside the site, in processes of its own commands.
"""

import json
import struct
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from evalsite.models import ApiToken
from studies import bots, lifecycle
from studies.models import Question, Study
from studies.protocols import PROTOCOLS
from stylize import rendering
from stylize.models import Image, Recipe, Scene
from tests import factories, servers
from tests.served import Site

pytestmark = pytest.mark.worker
TASTES = {"mkl": 4.0, "reinhard": 2.0, "identity": 0.0}  # logits, best first
PEOPLE = 6
# Two scenes: every pair of each, a vote on each, a line for each and the shared one.
TRIALS = {"two_up": 6, "single_choice": 2, "rating_scale": 3}
PARTS = ("database", "broker", "storage", "worker")


def say(**said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")


def make() -> None:
    """Two scenes of 48 px, a recipe of each method, and a token that may read."""
    owner = factories.UserFactory(username="root", is_staff=True, is_superuser=True)
    style = Image.objects.take(owner, "style", "style", factories.png(1))
    contents = [
        Image.objects.take(owner, "content", f"content {seed}", factories.png(seed))
        for seed in (2, 3)
    ]
    Scene.objects.cross(owner, contents, [style])
    for method in TASTES:
        rendering.fill(Recipe(owner=owner, name=method, method=method, size=48)).save()
    token = ApiToken(owner=owner, name="loop", scopes=["read"])
    key = token.draw()
    token.save()
    say(key=key)


def open_studies() -> None:
    for protocol in PROTOCOLS:
        study = Study.objects.create(
            owner=Scene.objects.all()[0].owner,
            title=protocol,
            protocol=protocol,
            seed=5,
            simulated=True,
            trials_per_participant=6 if protocol == "two_up" else 2,
            participants_planned=PEOPLE,
            consent="I take part.",
            contact="me",
        )
        Question.objects.create(study=study)
        study.scenes.set(Scene.objects.all())
        study.recipes.set(Recipe.objects.all())
        lifecycle.open_study(study)


def ask(url: str) -> None:
    tastes = {recipe.pk: TASTES[recipe.method] for recipe in Recipe.objects.all()}
    studies = Study.objects.all()
    say(**{one.protocol: asdict(bots.run(one, url, tastes, PEOPLE, seed=5)) for one in studies})


@dataclass(frozen=True)
class Walked:
    """A site on which the loop was walked, and what was said on the way."""

    site: Site
    key: str
    rendered: str
    asked: dict[str, Any]
    health: tuple[tuple[int, Any], tuple[int, Any]]

    def api(self, path: str) -> Any:
        status, body = self.site.get(f"/api/{path}", Authorization=f"Bearer {self.key}")
        assert status == 200, body
        return json.loads(body, parse_constant=pytest.fail)  # NaN is not JSON

    def study(self, protocol: str) -> str:
        [study] = [s for s in self.api("studies/")["results"] if s["protocol"] == protocol]
        return str(study["public_id"])


def walk(site: Site) -> Walked:
    def step(call: str) -> dict[str, Any]:
        said = site.script(f"from tests import test_whole_loop as loop; loop.{call}")
        return dict(json.loads(said.splitlines()[-1])) if said else {}

    site.folder.mkdir(exist_ok=True)
    site.manage("migrate", "-v0")
    site.start()
    before = health(site)
    site.worker("one")
    key = step("make()")["key"]
    rendered = site.manage("render", "--recipes", *TASTES, "--wait")
    step("open_studies()")
    asked = step(f"ask('http://127.0.0.1:{site.port}')")
    return Walked(site, key, rendered, asked, (before, health(site)))


def health(site: Site) -> tuple[int, Any]:
    status, body = site.get("/healthz")
    return status, json.loads(body)


@pytest.fixture(
    scope="module",
    params=[
        "SQLite and files",
        pytest.param("PostgreSQL and Redis", marks=[pytest.mark.postgres, pytest.mark.redis]),
    ],
)
def walked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Walked]:
    with ExitStack() as running:
        urls = ("", "")
        if request.param == "PostgreSQL and Redis":
            database = running.enter_context(servers.postgres_database())
            urls = (database, running.enter_context(servers.redis_database(13)))
        site = Site(tmp_path_factory.mktemp("loop"), *urls)
        running.callback(site.end)
        yield walk(site)


def test_worker_when_asked_makes_every_picture_once(walked: Walked) -> None:
    assert "6/6, 0 failed" in walked.rendered
    made = "SELECT state, attempts, worker, width, height FROM stylize_rendering"
    assert walked.site.rows(made) == [("done", 1, "one@here", 48, 32)] * 6


def test_pictures_of_the_studies_when_asked_for_are_those_of_the_worker(walked: Walked) -> None:
    addresses = walked.site.rows("SELECT address FROM studies_stimulus")
    assert len(addresses) == 3 * 6
    for (address,) in addresses:
        status, picture = walked.site.get(f"/i/{address}")
        assert (status, picture[:8]) == (200, b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">2I", picture[16:24]) == (48, 32)


def test_health_without_a_worker_names_it_and_with_all_running_is_well(walked: Walked) -> None:
    before, running = walked.health
    assert before == (503, dict.fromkeys(PARTS, "ok") | {"worker": "failed"})
    assert running == (200, dict.fromkeys(PARTS, "ok"))


@pytest.mark.parametrize("protocol", TRIALS)
def test_answers_of_everybody_are_stored_once_and_counted(walked: Walked, protocol: str) -> None:
    answers = PEOPLE * TRIALS[protocol]
    assert walked.asked[protocol] == {"participants": PEOPLE, "answers": answers}
    stored = (
        "SELECT count(*), count(DISTINCT a.trial_id), count(DISTINCT t.participant_id) "
        "FROM studies_answer a JOIN studies_trial t ON t.id = a.trial_id "
        "JOIN studies_participant p ON p.id = t.participant_id "
        "JOIN studies_study s ON s.id = p.study_id "
        f"WHERE s.protocol = '{protocol}' AND p.state = 'finished' AND p.kind = 'simulated'"
    )
    assert walked.site.rows(stored) == [(answers, answers, PEOPLE)]
    assert walked.site.rows("SELECT count(*) FROM studies_answerrevision") == [(0,)]
    study = walked.study(protocol)
    assert walked.api(f"studies/{study}/answers/")["count"] == answers
    progress = walked.api(f"studies/{study}/")["progress"]
    assert (progress["finished"], progress["answers"]) == (PEOPLE, answers)


@pytest.mark.parametrize("protocol", TRIALS)
def test_report_when_tastes_are_strong_ranks_by_them(walked: Walked, protocol: str) -> None:
    report = walked.api(f"studies/{walked.study(protocol)}/report/")
    [question] = report["questions"]
    ranking = question["ranking"]
    assert question["reason"] is None
    counted = {name: ranking["n"][name] for name in ("participants", "trials", "scenes", "skips")}
    assert counted == {
        "participants": PEOPLE,
        "trials": PEOPLE * TRIALS[protocol],
        "scenes": 2,
        "skips": 0,
    }
    for recipes in (ranking["recipes"], ranking["bradley_terry"]["items"]):
        by_estimate = sorted(recipes, key=lambda recipe: -recipe["estimate"])
        assert [recipe["name"] for recipe in by_estimate] == list(TASTES)
        assert [recipe["rank"] for recipe in by_estimate] == [1, 2, 3]
    without = question["without_anchor"]["recipes"]
    assert {recipe["name"] for recipe in without} == set(TASTES) - {"identity"}
