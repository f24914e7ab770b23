"""Real worker processes on a site of their own: killed, racing, cancelled; nothing lost or doubled."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

ROOT = Path(__file__).parents[2]
REDIS_URL = "redis://127.0.0.1:6379/11"
pytestmark = pytest.mark.worker

# Adds a folder to the registry without loading it: torch must come after the worker's fork.
SITECUSTOMIZE = """
import importlib.machinery, os, sys

class ExtraMethods:
    @staticmethod
    def find_spec(name, path, target=None):
        if name != "stylize.methods":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        spec.submodule_search_locations.append(os.environ["EXTRA_METHODS"])
        return spec

sys.meta_path.insert(0, ExtraMethods)
"""
SLOW = '''
"""Inverts the content, slowly, and logs when it begins and ends."""
import os, time
from dataclasses import dataclass
from stylize.methods.base import Method
from stylize.record import Citation, parameter

@dataclass(frozen=True)
class Parameters:
    seconds: float = parameter(0.2, low=0, high=60)

def log(word, run):
    with open(os.environ["SLOW_LOG"], "a") as file:
        file.write(f"{word} {os.getpid()} {run.seed}\\n")

def stylize(contents, styles, parameters, run):
    log("begin", run)
    steps = max(1, int(parameters.seconds / 0.05))
    for step in range(steps):
        run.progress(step / steps)
        time.sleep(0.05)
    log("end", run)
    return 1 - contents

METHOD = Method(
    key="aa_slow", title="Slow negative", parameters=Parameters, stylize=stylize,
    citation=Citation(authors=("Étienne Léger",), year=2026, title="Slowly", venue="Nowhere"),
)
'''
ASK = """
from django.contrib.auth.models import User
from tests.factories import png
from stylize.rendering import fill
from stylize.models import Batch, Image, Recipe, Scene
owner, _ = User.objects.get_or_create(username="root", is_staff=True, is_superuser=True)
style = Image.objects.take(owner, "style", "style", png(1))
contents = [Image.objects.take(owner, "content", f"content {{n}}", png(10 + n)) for n in range({n})]
scenes = Scene.objects.cross(owner, contents, [style])
recipe = fill(Recipe(
    owner=owner, name="slow", method="aa_slow", size=32, parameters={{"seconds": {seconds}}}
))
recipe.save()
Batch.objects.ask(owner, scenes, [recipe])
"""
IDENTITY = """
fill(Recipe(owner=owner, name="identity", method="identity", size=32)).save()
"""
STUDY = """
import numpy as np
from uuid import uuid4
from studies import answers, lifecycle
from studies.models import Participant, Question, Study
from studies.planning import leases
from studies.reports import build
from stylize.models import Recipe, Scene
study = Study.objects.create(
    owner=Scene.objects.first().owner, title="s", protocol="two_up", simulated=True, consent="x",
    instructions="x", contact="x", trials_per_participant=2, participants_planned=8,
)
Question.objects.create(study=study)
study.scenes.set(Scene.objects.all())
study.recipes.set(Recipe.objects.all())
lifecycle.open_study(study)
rng = np.random.default_rng(3)
liked = {s.address: float(s.recipe.name == "slow") for s in study.stimuli.all()}
for _ in range(8):
    participant, _ = leases.start(study, Participant.Kind.SIMULATED)
    participant.agree()
    for trial in participant.trials.all():
        content = study.asking.simulate(trial.addresses, liked, rng)
        answers.record(trial, uuid4(), content, 900.0)
    assert not participant.finish()
report = build.report(study)
print([item.name for item in report.findings[0].ranked], [r.citation for r in report.recipes])
"""


class Site:
    """A site in a folder of its own, with a slow method, asked through its own commands."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.var, self.log = folder / "var", folder / "slow.log"
        (folder / "methods").mkdir()
        (folder / "methods" / "aa_slow.py").write_text(SLOW)
        (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
        inherited = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
        self.env = inherited | {
            "PARAGONE_VAR": str(self.var),
            "PYTHONPATH": f"{folder}:{ROOT}",
            "EXTRA_METHODS": str(folder / "methods"),
            "SLOW_LOG": str(self.log),
            "CODE_VERSION": "test",
        }
        if broker == "redis":
            self.env["REDIS_URL"] = REDIS_URL
        self.processes: list[subprocess.Popen[bytes]] = []
        self.manage("migrate", "-v0")

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        ran = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def script(self, text: str) -> str:
        return self.manage("shell", "-v0", "-c", text)

    def worker(self, name: str = "one", *options: str) -> subprocess.Popen[bytes]:
        """A worker in its own process group, as an operator would start it."""
        command = [sys.executable, "-m", "celery", "-A", "evalsite", "worker", "-n", f"{name}@here"]
        process = subprocess.Popen(
            [*command, "-Q", "cpu", "-c", "1", *options],
            env=self.env,
            cwd=ROOT,
            start_new_session=True,
            stdout=(self.var / f"{name}.log").open("ab"),
            stderr=subprocess.STDOUT,
        )
        self.processes.append(process)
        return process

    def kill_group(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(f"file:{self.var / 'db.sqlite3'}?mode=ro", uri=True, timeout=20)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def states(self) -> list[str]:
        return [state for (state,) in self.rows("SELECT state FROM stylize_rendering ORDER BY id")]

    def logged(self, word: str) -> list[int]:
        """Ids of the processes that wrote this word, in order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(word)]

    def until(self, condition: Callable[[], bool], seconds: float = 60) -> float:
        """Wait, and return how long it took."""
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < seconds, (self.states(), self._tail())
            time.sleep(0.1)
        return time.monotonic() - begun

    def _tail(self) -> str:
        return "".join(path.read_text()[-3000:] for path in self.var.glob("*.log"))

    def end(self) -> None:
        for process in self.processes:
            self.kill_group(process)


def _site(folder: Path, broker: str) -> Iterator[Site]:
    if broker == "redis":
        server = redis.Redis.from_url(REDIS_URL)
        try:
            server.flushdb()
        except redis.ConnectionError:
            pytest.skip("Redis is not reachable at 127.0.0.1:6379")
    site = Site(folder, broker)
    yield site
    site.end()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from _site(tmp_path, "file system")


@pytest.fixture(params=["file system", pytest.param("redis", marks=pytest.mark.redis)])
def any_site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    yield from _site(tmp_path, request.param)


def test_child_and_then_whole_worker_killed_in_mid_batch_every_rendering_is_made_once(
    any_site: Site,
) -> None:
    site = any_site
    worker = site.worker()
    site.script(ASK.format(n=4, seconds=1.5))
    site.until(lambda: len(site.logged("begin")) == 2)  # the second is being made
    os.kill(site.logged("begin")[-1], signal.SIGKILL)
    site.until(lambda: len(site.logged("begin")) == 3)  # a new child makes the third
    assert worker.poll() is None, "the main process must outlive its child"
    site.kill_group(worker)
    assert len(site.logged("end")) == 1

    site.worker("two")
    took = site.until(lambda: set(site.states()) == {"done"})

    assert took < 60
    assert len(site.logged("end")) == 4  # four renderings, each finished once
    assert sorted(n for (n,) in site.rows("SELECT attempts FROM stylize_rendering")) == [1, 1, 2, 2]
    kept = {Path(name).name for (name,) in site.rows("SELECT file FROM stylize_rendering")}
    assert {path.name for path in (site.var / "media/renderings").iterdir()} == kept
    assert len(kept) == 4


def test_two_workers_and_doubled_messages_each_rendering_is_computed_once(site: Site) -> None:
    first, second = site.worker("one"), site.worker("two")
    site.until(lambda: len(site.rows("SELECT 1 FROM stylize_worker")) == 2)
    doubled = "from stylize.models import Rendering; Rendering.objects.wake()"
    site.script(ASK.format(n=8, seconds=0.4) + doubled)
    site.until(lambda: set(site.states()) == {"done"})

    assert len(site.logged("begin")) == len(site.logged("end")) == 8
    assert site.rows("SELECT DISTINCT attempts FROM stylize_rendering") == [(1,)]
    assert len(set(site.logged("begin"))) == 2, "both workers took their share"
    for worker in (first, second):
        mapped = Path(f"/proc/{worker.pid}/maps").read_text()
        assert "libtorch" not in mapped, "torch before the fork hangs the children"


def test_batch_cancelled_running_rendering_stops_and_queued_ones_are_not_made(site: Site) -> None:
    site.worker()
    site.script(ASK.format(n=2, seconds=30))
    site.until(lambda: "running" in site.states())
    site.until(lambda: len(site.logged("begin")) == 1)
    site.script("from stylize.models import Batch; Batch.objects.get().cancel()")
    assert site.states() == ["cancelled", "cancelled"]

    site.script(
        "from stylize.models import *\n"
        "recipe = Recipe.objects.get().copy(Recipe.objects.get().owner)\n"
        "recipe.parameters = {'seconds': 0.1}; recipe.save()\n"
        "Batch.objects.ask(recipe.owner, Scene.objects.all()[:1], [recipe])"
    )
    took = site.until(lambda: "done" in site.states(), seconds=15)  # the child is free again

    assert took < 15
    assert len(site.logged("end")) == 1


def test_method_file_dropped_in_is_listed_rendered_studied_and_ranked(site: Site) -> None:
    lines = site.manage("methods").splitlines()
    assert any(line.startswith("aa_slow") and "Étienne Léger 2026" in line for line in lines)

    site.worker("one", "--beat")
    site.script(ASK.format(n=2, seconds=0.1) + IDENTITY)
    said = site.manage("render", "--recipes", "slow", "identity", "--wait")

    assert "4/4, 0 failed" in said
    made = site.rows("SELECT provenance, file FROM stylize_rendering")
    slow = [file for provenance, file in made if '"method": "aa_slow"' in provenance]
    assert [(site.var / "media" / file).stat().st_size > 100 for file in slow] == [True, True]

    reported = site.script(STUDY)
    assert "'slow', 'identity'" in reported  # everybody likes it better
    assert "Étienne Léger (2026): Slowly" in reported
