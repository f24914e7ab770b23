"""A real site for tests: gunicorn and workers in a folder of their own, killed and started at will.

`python -m tests.served` is what it runs first: migrate, make one live study, print its ids.
"""

import http.client
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psycopg

ROOT = Path(__file__).resolve().parent.parent
GUNICORN = ["--workers", "2", "--threads", "4"]


@dataclass
class Site:
    """One site in `folder`: SQLite there or `database_url`, its files as broker or `redis_url`."""

    folder: Path
    database_url: str = ""
    redis_url: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    options: list[str] = field(default_factory=lambda: list(GUNICORN))
    port: int = 0
    study: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Nothing but what is named here: a test never reaches another site's state."""
        own = {
            "PARAGONE_VAR": str(self.folder),
            "SECRET_KEY": "served-served-served-served-served-served-served-served-served",
            "DATABASE_URL": self.database_url or f"sqlite:///{self.folder / 'db.sqlite3'}",
            "REDIS_URL": self.redis_url,
            "LOG_LEVEL": "WARNING",
        }
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | own | self.variables

    def manage(self, *words: str) -> str:
        """What one of the site's own commands says; it must succeed."""
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        ran = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, encoding="utf-8"
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def script(self, text: str) -> str:
        return self.manage("shell", "-v0", "-c", text)

    def make(self, **values: Any) -> Self:
        """Migrate and make the live study, in a process that knows this site's settings only."""
        self.folder.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(
            [sys.executable, "-m", "tests.served", json.dumps(values)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        self.study = json.loads(made.stdout.splitlines()[-1])
        return self

    def start(self) -> Self:
        """Start gunicorn (on the same port again after a kill) and wait until it answers."""
        self.port = self.port or free_port()
        words = [sys.executable, "-m", "gunicorn", "evalsite.wsgi", *self.options]
        self.process = subprocess.Popen(
            [*words, "--bind", f"127.0.0.1:{self.port}"],
            cwd=ROOT,
            env=self.environment,
            stderr=(self.folder / "web.log").open("ab"),
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError((self.folder / "web.log").read_text()[-2000:])
            time.sleep(0.05)
        return self

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End the web server's whole process group: the arbiter and its workers."""
        if self.process is not None:
            end_group(self.process, how)
            self.process = None

    def worker(self, name: str = "one", *options: str) -> subprocess.Popen[bytes]:
        """A worker in its own process group, as an operator would start it."""
        command = [sys.executable, "-m", "celery", "-A", "evalsite", "worker", "-n", f"{name}@here"]
        process = subprocess.Popen(
            [*command, "-Q", "cpu", "-c", "1", *options],
            cwd=ROOT,
            env=self.environment,
            stdout=(self.folder / f"{name}.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.workers.append(process)
        return process

    def end(self) -> None:
        """End whatever runs here."""
        self.kill()
        for process in self.workers:
            end_group(process)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database itself, not what the site says about it."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(sql).fetchall()
        file = f"file:{self.folder / 'db.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True, timeout=20)) as database:
            return database.execute(sql).fetchall()

    def until(self, condition: Callable[[], bool], seconds: float = 60) -> float:
        """Wait, and return how long it took."""
        begun = time.monotonic()
        while not condition():
            assert time.monotonic() - begun < seconds, self._tail()
            time.sleep(0.1)
        return time.monotonic() - begun

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()

    def visit(self, secret: str = "") -> "Visit":
        """Press Start as a browser does; with the same secret it is the same visit."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        path = f"/s/{self.study['public_id']}/start"
        secret = secret or secrets.token_urlsafe(24)
        connection.request("POST", path, headers={"X-Visit-Secret": secret})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status}")
        return Visit(self.port, json.loads(body)["visit"].split("/")[2], secret, connection)

    def _answers(self) -> bool:
        with suppress(OSError):
            return self.get("/livez")[0] == 200
        return False

    def _tail(self) -> str:
        return "".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))


@dataclass
class Visit:
    """A visit over one kept-alive connection."""

    port: int
    public_id: str
    secret: str
    connection: http.client.HTTPConnection

    def send(self, method: str, route: str, body: Any = None) -> tuple[int, Any]:
        headers = {"X-Visit-Secret": self.secret, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        try:
            self.connection.request(method, f"/v/{self.public_id}/{route}", data, headers)
            response = self.connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def consent(self) -> list[dict[str, Any]]:
        self.send("POST", "consent", {"agree": True})
        trials: list[dict[str, Any]] = self.send("GET", "state")[1]["trials"]
        return trials

    def another_tab(self) -> "Visit":
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        return Visit(self.port, self.public_id, self.secret, connection)


def end_group(process: subprocess.Popen[bytes], how: int = signal.SIGKILL) -> None:
    """End a process with all its children: a killed parent leaves them behind."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
    process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _main(values: dict[str, Any]) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "evalsite.settings"
    django.setup()
    from django.core.management import call_command

    from studies import lifecycle
    from tests import factories

    call_command("migrate", verbosity=0)
    study = factories.study(**values)
    lifecycle.open_study(study)
    recipes = list(study.recipes.order_by("pk").values_list("pk", flat=True))
    sys.stdout.write(json.dumps({"public_id": study.public_id, "recipes": recipes}) + "\n")


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
