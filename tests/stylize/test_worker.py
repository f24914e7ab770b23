"""Real worker processes on a site of their own: killed, racing, cancelled; nothing lost or doubled."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.served import ROOT, Site, end_group

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


class SlowSite(Site):
    """A site with a slow method beside the registry's, which logs when it begins and ends."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        (folder / "methods").mkdir()
        (folder / "methods" / "aa_slow.py").write_text(SLOW)
        (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
        self.log = folder / "slow.log"
        variables = {
            "PYTHONPATH": f"{folder}:{ROOT}",
            "EXTRA_METHODS": str(folder / "methods"),
            "SLOW_LOG": str(self.log),
            "CODE_VERSION": "test",
        }
        super().__init__(folder / "var", redis_url=redis_url, variables=variables)
        self.manage("migrate", "-v0")

    def states(self) -> list[str]:
        return [state for (state,) in self.rows("SELECT state FROM stylize_rendering ORDER BY id")]

    def logged(self, word: str) -> list[int]:
        """Ids of the processes that wrote this word, in order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(word)]


def _site(folder: Path, redis_url: str = "") -> Iterator[SlowSite]:
    site = SlowSite(folder, redis_url)
    yield site
    site.end()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SlowSite]:
    yield from _site(tmp_path)


@pytest.fixture(params=["file system", pytest.param("redis", marks=pytest.mark.redis)])
def any_site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SlowSite]:
    if request.param == "file system":
        yield from _site(tmp_path)
        return
    with servers.redis_database(11) as url:
        yield from _site(tmp_path, url)


def test_child_and_then_whole_worker_killed_in_mid_batch_every_rendering_is_made_once(
    any_site: SlowSite,
) -> None:
    site = any_site
    worker = site.worker()
    site.script(ASK.format(n=4, seconds=1.5))
    site.until(lambda: len(site.logged("begin")) == 2)  # the second is being made
    os.kill(site.logged("begin")[-1], signal.SIGKILL)
    site.until(lambda: len(site.logged("begin")) == 3)  # a new child makes the third
    assert worker.poll() is None, "the main process must outlive its child"
    end_group(worker)
    assert len(site.logged("end")) == 1

    site.worker("two")
    took = site.until(lambda: set(site.states()) == {"done"})

    assert took < 60
    assert len(site.logged("end")) == 4  # four renderings, each finished once
    assert sorted(n for (n,) in site.rows("SELECT attempts FROM stylize_rendering")) == [1, 1, 2, 2]
    kept = {Path(name).name for (name,) in site.rows("SELECT file FROM stylize_rendering")}
    assert {path.name for path in (site.folder / "media/renderings").iterdir()} == kept
    assert len(kept) == 4


def test_two_workers_and_doubled_messages_each_rendering_is_computed_once(site: SlowSite) -> None:
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


def test_batch_cancelled_running_rendering_stops_and_queued_ones_are_not_made(
    site: SlowSite,
) -> None:
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


def test_method_file_dropped_in_is_listed_rendered_studied_and_ranked(site: SlowSite) -> None:
    lines = site.manage("methods").splitlines()
    assert any(line.startswith("aa_slow") and "Étienne Léger 2026" in line for line in lines)

    site.worker("one", "--beat")
    site.script(ASK.format(n=2, seconds=0.1) + IDENTITY)
    said = site.manage("render", "--recipes", "slow", "identity", "--wait")

    assert "4/4, 0 failed" in said
    made = site.rows("SELECT provenance, file FROM stylize_rendering")
    slow = [file for provenance, file in made if '"method": "aa_slow"' in provenance]
    assert [(site.folder / "media" / file).stat().st_size > 100 for file in slow] == [True, True]

    reported = site.script(STUDY)
    assert "'slow', 'identity'" in reported  # everybody likes it better
    assert "Étienne Léger (2026): Slowly" in reported
