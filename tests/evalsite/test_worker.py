"""A worker's main process: shares out the cores, says that it lives, and leaves torch to its children."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from evalsite import worker
from stylize.models import Batch, Rendering, Worker
from tests import factories

ROOT = Path(__file__).parents[2]
MAIN = """
import sys
import django
from django.core.management import call_command
from evalsite.celery import app
django.setup()
call_command("migrate", verbosity=0)
app.loader.import_default_modules()
app.finalize()
from types import SimpleNamespace
from evalsite import worker
from stylize.models import Worker
worker.share_cores("one@here", SimpleNamespace(concurrency=1))
worker.beat("one@here", ["cpu"], 1)
assert "stylize.tasks.render" in app.tasks, sorted(app.tasks)
assert Worker.objects.get().name == "one@here"
print([name for name in ("torch", "stylize.methods") if name in sys.modules])
"""


def share(monkeypatch: pytest.MonkeyPatch, cores: int, children: int, **there: str) -> list[str]:
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")  # so that what is set here is undone
        monkeypatch.delenv(name)
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(worker, "cores", lambda: cores)
    worker.share_cores("one@here", SimpleNamespace(concurrency=children))
    return [os.environ["OMP_NUM_THREADS"], os.environ["OMP_WAIT_POLICY"]]


@pytest.mark.parametrize(
    ("cores", "children", "threads"), [(8, 1, "8"), (8, 2, "4"), (8, 3, "2"), (2, 4, "1")]
)
def test_cores_when_a_worker_starts_are_shared_by_its_children(
    monkeypatch: pytest.MonkeyPatch, cores: int, children: int, threads: str
) -> None:
    assert share(monkeypatch, cores, children) == [threads, "PASSIVE"]


@pytest.mark.parametrize(
    ("name", "said"), [("OMP_NUM_THREADS", ["3", "PASSIVE"]), ("OMP_WAIT_POLICY", ["8", "3"])]
)
def test_cores_when_an_operator_has_said_how_many_are_left_so(
    monkeypatch: pytest.MonkeyPatch, name: str, said: list[str]
) -> None:
    assert share(monkeypatch, 8, 1, **{name: "3"}) == said


def test_cores_are_those_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5, 7})
    assert worker.cores() == 3


def test_beat_of_a_cpu_worker_notes_what_it_is_and_again_when_it_was_seen(db: None) -> None:
    worker.beat("one@here", ["cpu"], 2)
    first = Worker.objects.get()
    assert (first.name, first.queues, first.processes) == ("one@here", "cpu", 2)
    assert first.device.startswith("cpu, ")
    assert first.memory_free
    assert first.code_version
    worker.beat("one@here", ["cpu"], 2)
    again = Worker.objects.get()
    assert again.started_at == first.started_at
    assert again.seen_at > first.seen_at


def test_beat_wakes_again_what_nobody_was_told_of(db: None) -> None:
    scene, recipe = factories.SceneFactory(), factories.RecipeFactory()
    Batch.objects.ask(scene.owner, [scene], [recipe])  # its message is lost with this transaction
    assert Rendering.objects.get().woken_at is None
    worker.beat("one@here", ["gpu"], 1)
    assert Rendering.objects.get().woken_at is None, "it lies in another queue"
    worker.beat("one@here", ["cpu"], 1)
    assert Rendering.objects.get().woken_at is not None


def driver(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A driver's tool that says this, alone on the PATH."""
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    worker.code_version()  # found before the PATH goes: it asks git, once


@pytest.mark.parametrize(
    ("script", "device", "free"),
    [
        ("echo 'H200, 141000'", "H200", 141000 * 2**20),
        ("echo 'A, 9000'; echo 'B, 500'", "A, B", 500 * 2**20),
        ("echo 'GB10, [N/A]'", "GB10", None),  # memory shared with the host
    ],
)
def test_beat_of_a_gpu_worker_notes_the_devices_and_the_least_free_memory(
    db: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    device: str,
    free: int | None,
) -> None:
    driver(tmp_path, monkeypatch, script)
    worker.beat("one@here", ["gpu"], 1)
    noted = Worker.objects.get()
    assert noted.device == device
    assert free is None or noted.memory_free == free


@pytest.mark.parametrize("script", ["exit 9", "echo 'No devices were found'"])
def test_beat_of_a_gpu_worker_without_a_gpu_says_cpu(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    driver(tmp_path, monkeypatch, script)
    worker.beat("one@here", ["gpu"], 1)
    assert Worker.objects.get().device.startswith("cpu, ")


def test_main_process_after_a_heartbeat_has_no_torch(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PARAGONE_VAR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", MAIN], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "[]"
