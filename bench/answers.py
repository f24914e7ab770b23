"""Answers per second against oTree 6: python bench/answers.py

10 and 50 participants at once give 20 two-up answers each, through gunicorn on SQLite and on
PostgreSQL, and through oTree's production server on the same databases. One answer = the request
that stores it plus whatever the page fetches to show the next trial (images left out on both
sides): for us one POST, for oTree the form's POST and the page it leads to. Same driver,
alternating runs, median of 5; every answer is read back from the database and counted.

Target: >= 5 x oTree's answers per second, p95 <= 1/3 of its. PostgreSQL at BENCH_POSTGRES
(default postgres://postgres@127.0.0.1:5432). oTree is installed into var/bench by pip.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import psycopg

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "var" / "bench"
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432")
TRIALS, RUNS, WARM_UP = 20, 5, 5
RATE_TARGET, P95_TARGET = 5.0, 1 / 3
OURS_PORT, OTREE_PORT = 8461, 8462

Answer = Callable[[HTTPConnection], None]


@dataclass(frozen=True)
class Figures:
    rate: float  # answers per second
    p50: float  # ms
    p95: float
    p99: float


def drive(port: int, people: list[Iterator[Answer]]) -> Figures:
    """Let everybody answer at once, one connection each, and time each answer."""
    latencies: list[float] = []
    failures: list[BaseException] = []
    ready = threading.Barrier(len(people) + 1)

    def visit(answers: Iterator[Answer]) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        ready.wait()
        try:
            for answer in answers:
                begun = time.perf_counter()
                answer(connection)
                latencies.append(1000 * (time.perf_counter() - begun))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=visit, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    ready.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begun
    if failures:
        raise failures[0]
    cuts = statistics.quantiles(latencies, n=100)
    return Figures(len(latencies) / elapsed, statistics.median(latencies), cuts[94], cuts[98])


def ask(
    connection: HTTPConnection, method: str, path: str, body: str = "", **headers: str
) -> tuple[int, str, bytes]:
    connection.request(method, path, body or None, headers)
    response = connection.getresponse()
    return response.status, response.getheader("location") or "", response.read()


# --- ours ------------------------------------------------------------------------------------

PREPARE = """
import json, sys
from tests import factories
from studies import lifecycle
from studies.planning import leases
study = factories.study(scenes=6, recipes=6, protocol="two_up", trials_per_participant=20)
lifecycle.open_study(study)
visits = []
for _ in range(int(sys.stdin.readline())):
    participant, secret = leases.start(study)
    participant.agree()
    visits.append([participant.public_id, secret,
                   list(participant.trials.values_list("public_id", flat=True))])
print(json.dumps(visits))
"""
COUNT = """
from studies.models import Answer, AnswerRevision
print(Answer.objects.count() - 1000000 * AnswerRevision.objects.count())
"""


def our_environment(database: str) -> dict[str, str]:
    shutil.rmtree(BENCH / "ours", ignore_errors=True)
    environment = os.environ | {"PARAGONE_VAR": str(BENCH / "ours"), "LOG_LEVEL": "WARNING"}
    environment.pop("DATABASE_URL", None)
    if database == "postgres":
        recreate("paragone_bench")
        environment["DATABASE_URL"] = f"{POSTGRES}/paragone_bench"
    for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--noinput", "-v", "0"]):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True
        )
    return environment


def shell(environment: dict[str, str], code: str, given: str = "") -> str:
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env=environment, input=given, capture_output=True, text=True, check=True
    ).stdout


def our_person(public_id: str, secret: str, trials: list[str]) -> Iterator[Answer]:
    def give(trial: str) -> Answer:
        def answer(connection: HTTPConnection) -> None:
            sent = {"trial": trial, "uuid": str(uuid4()), "content": {"chosen": "a"}}
            status, _, body = ask(
                connection,
                "POST",
                f"/v/{public_id}/answers",
                json.dumps(sent | {"reaction_ms": 900.0}),
                **{"X-Visit-Secret": secret, "Content-Type": "application/json"},
            )
            if status != 201:
                raise RuntimeError(f"ours answered {status}: {body[:200]!r}")

        return answer

    return (give(trial) for trial in trials)


def run_ours(database: str, participants: int) -> Figures:
    environment = our_environment(database)
    visits = json.loads(shell(environment, PREPARE, f"{participants + WARM_UP}\n"))
    command = [sys.executable, "-m", "gunicorn", "evalsite.wsgi", "--workers", "2"]
    command += ["--threads", "4", "--bind", f"127.0.0.1:{OURS_PORT}", "--log-level", "error"]
    with server(command, ROOT, environment, OURS_PORT):
        drive(OURS_PORT, [our_person(*visit) for visit in visits[:WARM_UP]])
        figures = drive(OURS_PORT, [our_person(*visit) for visit in visits[WARM_UP:]])
    require("ours", int(shell(environment, COUNT)), TRIALS * (participants + WARM_UP))
    return figures


# --- oTree -----------------------------------------------------------------------------------

OTREE_SETTINGS = """
SESSION_CONFIGS = [dict(name="pairs", app_sequence=["pairs"], num_demo_participants=1)]
SESSION_CONFIG_DEFAULTS = dict(real_world_currency_per_point=1, participation_fee=0, doc="")
LANGUAGE_CODE, REAL_WORLD_CURRENCY_CODE, USE_POINTS = "en", "USD", True
ADMIN_USERNAME, ADMIN_PASSWORD, SECRET_KEY = "admin", "bench", "bench"
PARTICIPANT_FIELDS, SESSION_FIELDS = [], []
"""
OTREE_APP = f"""
from otree.api import *
class C(BaseConstants):
    NAME_IN_URL, PLAYERS_PER_GROUP, NUM_ROUNDS = "pairs", None, {TRIALS}
class Subsession(BaseSubsession): pass
class Group(BaseGroup): pass
class Player(BasePlayer):
    chosen = models.StringField(choices=["a", "b"])
class Pair(Page):
    form_model, form_fields = "player", ["chosen"]
page_sequence = [Pair]
"""
OTREE_PAGE = """
{{ block title }}Which do you prefer?{{ endblock }}
{{ block content }}
<img src="/static/{{ player.round_number }}a.png"><img src="/static/{{ player.round_number }}b.png">
<button name="chosen" value="a">Left</button> <button name="chosen" value="b">Right</button>
{{ endblock }}
"""


def otree_environment(database: str) -> dict[str, str]:
    home = BENCH / "otree"
    python = home / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True)
    wanted = ["otree>=6,<7", "psycopg2-binary"]
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
    project = home / "project"
    shutil.rmtree(project, ignore_errors=True)
    for folder in ("pairs", "_static/global", "_templates/global"):
        (project / folder).mkdir(parents=True)
    (project / "settings.py").write_text(OTREE_SETTINGS)
    (project / "pairs/__init__.py").write_text(OTREE_APP)
    (project / "pairs/Pair.html").write_text(OTREE_PAGE)
    path = f"{home / 'venv' / 'bin'}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "OTREE_PRODUCTION": "1"}
    environment.pop("DATABASE_URL", None)
    if database == "postgres":
        recreate("otree_bench")
        environment["DATABASE_URL"] = f"{POSTGRES}/otree_bench"
    reset = ["otree", "resetdb", "--noinput"]
    subprocess.run(
        reset, cwd=project, env=environment, check=True, capture_output=True, input=b"y\n"
    )
    return environment


def otree_people(participants: int) -> list[str]:
    """Open a session; the address of everybody's first page."""
    connection = HTTPConnection("127.0.0.1", OTREE_PORT)
    wanted = json.dumps({"session_config_name": "pairs", "num_participants": participants})
    _, _, body = ask(
        connection, "POST", "/api/sessions", wanted, **{"Content-Type": "application/json"}
    )
    _, _, body = ask(connection, "GET", f"/api/sessions/{json.loads(body)['code']}")
    first = []
    for person in json.loads(body)["participants"]:
        _, page, _ = ask(connection, "GET", f"/InitializeParticipant/{person['code']}")
        ask(connection, "GET", page)
        first.append(page)
    return first


def otree_person(page: str) -> Iterator[Answer]:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def answer(connection: HTTPConnection) -> None:
        nonlocal page
        status, page, body = ask(connection, "POST", page, "chosen=a", **form)
        if status != 302:
            raise RuntimeError(f"oTree answered {status}: {body[:200]!r}")
        ask(connection, "GET", page)

    return (answer for _ in range(TRIALS))


def run_otree(database: str, participants: int) -> Figures:
    environment = otree_environment(database)
    project = BENCH / "otree" / "project"
    with server(["otree", "prodserver", str(OTREE_PORT)], project, environment, OTREE_PORT):
        pages = otree_people(participants + WARM_UP)
        drive(OTREE_PORT, [otree_person(page) for page in pages[:WARM_UP]])
        figures = drive(OTREE_PORT, [otree_person(page) for page in pages[WARM_UP:]])
        time.sleep(1)
    if database == "postgres":
        with psycopg.connect(f"{POSTGRES}/otree_bench") as connection:
            stored = connection.execute(OTREE_COUNT).fetchone()
    else:
        with sqlite3.connect(project / "db.sqlite3") as file:
            stored = file.execute(OTREE_COUNT).fetchone()
    require("oTree", stored[0] if stored else 0, TRIALS * (participants + WARM_UP))
    return figures


OTREE_COUNT = "SELECT count(*) FROM pairs_player WHERE chosen = 'a'"


# --- both ------------------------------------------------------------------------------------


def recreate(name: str) -> None:
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')


@contextmanager
def server(
    command: list[str], folder: Path, environment: dict[str, str], port: int
) -> Iterator[None]:
    log = (BENCH / "server.log").open("w")
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    try:
        for _ in range(200):
            try:
                HTTPConnection("127.0.0.1", port, timeout=1).connect()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)
        log.close()
        time.sleep(0.5)


def require(side: str, stored: int, expected: int) -> None:
    if stored != expected:
        raise SystemExit(f"{side}: {expected} answers were given, {stored} are stored")


def compare(database: str, participants: int, runs: int) -> tuple[float, float]:
    """Ratios of medians over alternating runs: rate (ours / oTree's) and p95 (ours / oTree's)."""
    ours, otree = [], []
    for _ in range(runs):
        ours.append(run_ours(database, participants))
        otree.append(run_otree(database, participants))
    for name, figures in (("Paragone", ours), ("oTree 6", otree)):
        shown = {part: middle(figures, part) for part in ("rate", "p50", "p95", "p99")}
        print(
            f"{database:9}{participants:3} participants  {name:9} {shown['rate']:6.0f} answers/s"
            f"  p50 {shown['p50']:6.1f}  p95 {shown['p95']:6.1f}  p99 {shown['p99']:6.1f} ms",
            flush=True,
        )
    rate = middle(ours, "rate") / middle(otree, "rate")
    return rate, middle(ours, "p95") / middle(otree, "p95")


def middle(figures: list[Figures], part: str) -> float:
    return statistics.median(getattr(one, part) for one in figures)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    BENCH.mkdir(parents=True, exist_ok=True)
    ratios = {
        f"{database}/{participants}": compare(database, participants, runs)
        for database in ("sqlite", "postgres")
        for participants in (10, 50)
    }
    passed = all(rate >= RATE_TARGET and p95 <= P95_TARGET for rate, p95 in ratios.values())
    print(
        ("ok: " if passed else "MISSED: ")
        + ", ".join(
            f"{name} {rate:.1f}x oTree's rate, p95 {p95:.2f}x"
            for name, (rate, p95) in ratios.items()
        )
        + f" (targets {RATE_TARGET:g}x, {P95_TARGET:.2f}x; medians of {runs})"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
