"""Nothing lost, nothing twice, on a real gunicorn: 50 copies at once, two tabs, a crowd, SIGKILL."""

import http.client
import secrets
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from studies.models import Participant
from tests import servers
from tests.served import Site, Visit

DESIGN = {"scenes": 2, "recipes": 4, "trials_per_participant": 6, "participants_planned": 40}
A, B = {"chosen": "a"}, {"chosen": "b"}


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with ExitStack() as running:
        database = ""
        if request.param == "postgres":
            database = running.enter_context(servers.postgres_database())
        made = Site(folder, database)
        running.callback(made.end)
        yield made.make(**DESIGN).start()


def stored(site: Site, trial: str, table: str = "answer") -> list[str]:
    """The client UUIDs kept for a trial, as answer or as revision."""
    sql = (
        f"SELECT a.uuid FROM studies_{table} a JOIN studies_trial t ON t.id = a.trial_id "
        f"WHERE t.public_id = '{trial}'"
    )
    return [str(uuid.UUID(str(row[0]))) for row in site.rows(sql)]


def answer(visit: Visit, trial: str, content: Any, number: str) -> tuple[int, Any]:
    body = {"trial": trial, "uuid": number, "content": content, "reaction_ms": 700.0}
    return visit.send("POST", "answers", body)


def at_once(work: list[Callable[[], Any]]) -> list[Any]:
    """Run all in threads that set off together."""
    gate = threading.Barrier(len(work))

    def set_off(one: Callable[[], Any]) -> Any:
        gate.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result() for future in [pool.submit(set_off, one) for one in work]]


def test_same_answer_posted_fifty_times_at_once_is_stored_once(site: Site) -> None:
    visit = site.visit()
    trial, number = visit.consent()[0]["id"], str(uuid.uuid4())
    tabs = [visit.another_tab() for _ in range(50)]
    came = at_once([partial(answer, tab, trial, A, number) for tab in tabs])
    assert Counter(status for status, _ in came) == {201: 1, 200: 49}
    assert all(body == {"stored": A, "revision": False} for _, body in came)
    assert stored(site, trial) == [number]
    assert stored(site, trial, "answerrevision") == []


def test_two_tabs_answering_one_trial_leave_one_answer_and_one_revision(site: Site) -> None:
    visit = site.visit()
    for trial in visit.consent():
        first, second = str(uuid.uuid4()), str(uuid.uuid4())
        came = at_once(
            [
                partial(answer, visit.another_tab(), trial["id"], A, first),
                partial(answer, visit.another_tab(), trial["id"], B, second),
            ]
        )
        assert sorted(status for status, _ in came) == [200, 201]
        assert came[0][1]["stored"] == came[1][1]["stored"]
        kept, beside = stored(site, trial["id"]), stored(site, trial["id"], "answerrevision")
        assert sorted(kept + beside) == sorted([first, second])
        assert (len(kept), len(beside)) == (1, 1)


def test_crowd_that_presses_start_at_once_shares_no_slot(site: Site) -> None:
    before = site.rows("SELECT count(*) FROM studies_participant")[0][0]
    visits = at_once([site.visit] * 24)
    assert len({visit.public_id for visit in visits}) == 24
    assert site.rows("SELECT count(*) FROM studies_participant")[0][0] == before + 24
    twice = "SELECT slot_id FROM studies_trial GROUP BY slot_id HAVING count(*) > 1"
    assert site.rows(twice) == []
    astray = (
        "SELECT count(*) FROM studies_trial t JOIN studies_slot s ON s.id = t.slot_id "
        "WHERE s.participant_id <> t.participant_id"
    )
    assert site.rows(astray) == [(0,)]
    trials = "SELECT count(*) FROM studies_trial GROUP BY participant_id"
    assert {count for (count,) in site.rows(trials)} == {6}


def test_same_start_pressed_twenty_times_at_once_is_one_visit(site: Site) -> None:
    before = site.rows("SELECT count(*) FROM studies_participant")[0][0]
    visits = at_once([partial(site.visit, secrets.token_urlsafe(24))] * 20)
    assert len({visit.public_id for visit in visits}) == 1
    assert site.rows("SELECT count(*) FROM studies_participant")[0][0] == before + 1
    assert len(visits[0].consent()) == 6


def test_site_killed_while_answers_arrive_loses_none_and_doubles_none(site: Site) -> None:
    """Five browsers that retry until told it is stored; the whole process group dies twice."""
    visits = [site.visit() for _ in range(5)]
    plans = [[(t["id"], str(uuid.uuid4())) for t in visit.consent()] for visit in visits]
    failures: list[str] = []

    def insist(visit: Visit, plan: list[tuple[str, str]]) -> None:
        for trial, number in plan:
            while True:
                try:
                    status, body = answer(visit, trial, A, number)
                except (OSError, http.client.HTTPException) as error:
                    failures.append(type(error).__name__)
                    time.sleep(0.02)
                    continue
                assert status in (200, 201)
                assert body == {"stored": A, "revision": False}
                time.sleep(0.05)
                break

    with ThreadPoolExecutor(5) as pool:
        running = [pool.submit(insist, *one) for one in zip(visits, plans, strict=True)]
        for _ in range(2):
            time.sleep(0.15)
            site.kill()
            site.start()
        for future in running:
            future.result(timeout=60)
    assert failures
    for plan in plans:
        for trial, number in plan:
            assert stored(site, trial) == [number]
            assert stored(site, trial, "answerrevision") == []
    for visit in visits:
        status, body = visit.another_tab().send("POST", "finish", {})
        assert (status, body["completion_code"]) == (200, "DONE-42")


def test_log_of_the_site_holds_no_visit(site: Site) -> None:
    visit = site.visit()
    visit.send("GET", "state")
    visit.send("POST", "answers", {"trial": "nobody"})
    log = (Path(site.folder) / "web.log").read_text()
    assert visit.public_id not in log
    assert visit.secret not in log
    assert site.study["public_id"] not in log


def test_withdrawal_while_answers_come_leaves_none_of_them(site: Site) -> None:
    site.manage("collectstatic", "--noinput", "-v0")  # withdrawing answers with a page
    kept = {row[0] for row in site.rows("SELECT uuid FROM studies_answer")}
    for _ in range(5):
        visit = site.visit()
        trials = [trial["id"] for trial in visit.consent()]
        work = [
            partial(answer, visit.another_tab(), trial, A, str(uuid.uuid4())) for trial in trials
        ]
        came = at_once([*work, partial(withdraw, site, visit)])
        assert came.pop() == 200
        assert {status for status, _ in came} <= {201, 400, 403, 404}
    assert {row[0] for row in site.rows("SELECT uuid FROM studies_answer")} == kept
    gone = "SELECT id FROM studies_participant WHERE state = 'withdrawn'"
    for table in ("trial", "slot"):
        held = f"SELECT count(*) FROM studies_{table} WHERE participant_id IN ({gone})"
        assert site.rows(held) == [(0,)]


def withdraw(site: Site, visit: Visit) -> int:
    """Press Delete on the page of the participant's own link."""
    with closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)) as connection:
        token = Participant(public_id=visit.public_id).withdrawal_token(visit.secret)
        path = f"/w/{token}/"
        connection.request("POST", path, headers={"Sec-Fetch-Site": "same-origin"})
        response = connection.getresponse()
        response.read()
        return response.status
