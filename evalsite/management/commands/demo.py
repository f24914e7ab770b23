"""The whole loop on this machine: make, ask, conclude, then serve the site."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from evalsite import demo
from studies import bots
from studies.models import Study

SPEARMAN_WANTED = 0.9
SERVER_SECONDS = 60


class Command(BaseCommand):
    help = "Make pictures, ask simulated people, rank, compare with the truth, serve the site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="stop before serving the site")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--seed", type=int, default=1, help="of the studies and their people")

    def handle(self, *args: Any, no_serve: bool, port: int, seed: int, **options: Any) -> None:
        begun = time.monotonic()
        port = self._free_port(port, no_serve)
        self._step(f"State in {settings.VAR}")
        call_command("migrate", verbosity=0)
        call_command("collectstatic", "--noinput", verbosity=0)
        owner = self._owner()
        with ExitStack() as running:
            running.enter_context(self._worker())
            shown, compared = demo.scenes(owner), demo.recipes(owner)
            self._step(f"Rendering {len(shown)} scenes × {len(compared)} recipes at {demo.SIZE} px")
            self._render(owner, shown, compared)
            base = f"http://127.0.0.1:{port}"
            running.enter_context(self._web(port))
            studies = list(demo.studies(owner, seed, shown, compared))
            for study in studies:
                self._ask(study, base, compared, seed)
            missed = self._conclude(studies)
            self._step(f"Took {time.monotonic() - begun:.0f} s")
            if missed:
                raise CommandError(f"Missed the known truth: {', '.join(missed)}.")
            if not no_serve:
                self._serve(base, studies)

    def _step(self, text: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{text}"))

    def _owner(self) -> User:
        if not User.objects.filter(is_superuser=True).exists():
            self._step("The first administrator")
            call_command("first_admin", stdout=self.stdout)
        return User.objects.filter(is_superuser=True).order_by("pk")[0]

    def _free_port(self, port: int, any_port: bool) -> int:
        if not 1024 <= port <= 65535:
            raise CommandError(f"--port: must be from 1024 to 65535, got {port}")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if not any_port:
                    raise CommandError(
                        f"--port: {port} is taken on this machine; "
                        f"name another one: make demo ARGS='--port {port + 1 if port < 65535 else 8000}'"
                    ) from error
                probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    @contextmanager
    def _worker(self) -> Iterator[None]:
        words = ["-A", "evalsite", "worker", "--beat", "--queues", "cpu", "--concurrency", "1"]
        name = f"--hostname=demo-{socket.gethostname()}"
        with _running("worker", ["celery", *words, name, "--loglevel", "info"]):
            yield

    @contextmanager
    def _web(self, port: int) -> Iterator[None]:
        words = ["evalsite.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
        with _running("web", ["gunicorn", *words]) as process:
            _wait_for(process, port)
            yield

    def _render(self, owner: User, shown: list[Any], compared: list[Any]) -> None:
        call_command(
            "render",
            scenes=[scene.name for scene in shown],
            recipes=[recipe.name for recipe in compared],
            owner=owner.username,
            wait=True,
            stdout=self.stdout,
            stderr=self.stderr,
        )

    def _ask(self, study: Study, base: str, compared: list[Any], seed: int) -> None:
        there = demo.simulated(study)
        self._step(f"{study.title}: {demo.PARTICIPANTS} simulated participants answer over HTTP")
        if there >= demo.PARTICIPANTS:
            self.stdout.write("answered already, used as it is")
            return
        begun = time.monotonic()

        def progress(done: int, total: int) -> None:
            if self.stdout.isatty():
                self.stdout.write(f"\r{done} of {total} participants", ending="")

        counts = bots.run(
            study,
            base,
            demo.tastes(compared),
            participants=demo.PARTICIPANTS - there,
            seed=seed,
            progress=progress,
        )
        seconds = time.monotonic() - begun
        self.stdout.write(f"\r{counts.answers} answers in {seconds:.0f} s".ljust(40))

    def _conclude(self, studies: list[Study]) -> list[str]:
        self._step("Rankings against the known truth (utility in logits)")
        missed = []
        for study in studies:
            compared = demo.against_truth(study)
            self.stdout.write(f"\n{study.title}")
            self.stdout.write(f"  {'recipe':44}{'truth':>7}{'found':>8}   95 % interval")
            for row in compared.rows:
                interval = "" if row.low is None else f"{row.low:+.2f} … {row.high:+.2f}"
                self.stdout.write(
                    f"  {row.name[:43]:44}{row.truth:+7.1f}{row.estimate:+8.2f}   {interval}"
                )
            self.stdout.write(
                f"  Spearman with the truth: {compared.spearman:.3f}; "
                f"Bradley-Terry through choix: {compared.spearman_choix:.3f}"
            )
            if min(compared.spearman, compared.spearman_choix) < SPEARMAN_WANTED:
                missed.append(f"{study.title} (Spearman below {SPEARMAN_WANTED})")
        return missed

    def _serve(self, base: str, studies: list[Study]) -> None:
        self._step("The site is being served; Ctrl-C ends it")
        for study in studies:
            start = reverse("participant:start", args=[study.public_id])
            report = reverse("researcher:report", args=[study.public_id])
            self.stdout.write(f"  {study.title}")
            self.stdout.write(f"    take part  {base}{start}")
            self.stdout.write(f"    report     {base}{report}")
        self.stdout.write(f"  Admin        {base}{reverse('admin:index')}")
        self.stdout.write("  (password lost? .venv/bin/python manage.py changepassword admin)")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")


@contextmanager
def _running(name: str, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process group of its own, its output in var/NAME.log, ended with the command, killed or not."""
    module, *words = command
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    with (settings.VAR / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=settings.BASE_DIR,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
        signal.signal(signal.SIGTERM, before)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(10 * SERVER_SECONDS):
        if process.poll() is not None:
            raise CommandError(f"The web server stopped at once; see {settings.VAR / 'web.log'}.")
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", reverse("livez"))
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise CommandError(f"The web server does not answer; see {settings.VAR / 'web.log'}.")
