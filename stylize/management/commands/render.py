"""Ask for renderings, and wait for them if told to."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stylize.management.owner import owner_named
from stylize.models import Batch, Progress, Recipe, Scene, Worker
from stylize.rendering import render_all

BAR = 30


class Command(BaseCommand):
    help = "Render scenes with all methods, or with the recipes that are named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--all", action="store_true", help="the default recipe of every method")
        what.add_argument("--recipes", nargs="+", metavar="NAME")
        parser.add_argument("--scenes", nargs="+", metavar="NAME", help="default: every scene")
        parser.add_argument("--size", type=int, default=512, help="of --all: longer side in px")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--owner", help="user name; default: the first superuser")
        parser.add_argument("--wait", action="store_true", help="until all are made")

    def handle(self, **options: Any) -> None:
        owner = owner_named(options["owner"])
        scenes = _named(Scene.objects.filter(owner=owner), options["scenes"], "--scenes")
        if not scenes:
            raise CommandError("There is no scene yet.")
        if options["all"]:
            batch = render_all(owner, scenes, options["size"], options["seed"])
        else:
            recipes = _named(Recipe.objects.filter(owner=owner), options["recipes"], "--recipes")
            batch = Batch.objects.ask(owner, scenes, recipes, options["seed"])
        for left_out in batch.left_out:
            scene = f" on {left_out['scene']}" if left_out["scene"] else ""
            self.stdout.write(f"left out: {left_out['method']}{scene} {left_out['reason']}")
        self.stdout.write(f"Batch {batch.pk}: {batch.renderings.count()} renderings.")
        if options["wait"]:
            self._wait(batch)

    def _wait(self, batch: Batch) -> None:
        if not Worker.objects.alive().exists():
            self.stdout.write(
                "No worker is alive; start one: celery -A evalsite worker -Q cpu -c 1"
            )
        drawn = ""
        while True:
            progress = batch.progress()
            drawn = self._draw(progress, drawn)
            if not progress.left:
                break
            time.sleep(0.5)
        self.stdout.write("")
        for rendering in batch.renderings.failed().select_related("scene", "recipe"):
            self.stderr.write(self.style.ERROR(f"{rendering}: {rendering.error}"))
        if missing := progress.failed + progress.cancelled:
            raise CommandError(f"{missing} of {progress.total} renderings were not made.")

    def _draw(self, progress: Progress, drawn: str) -> str:
        full = round(BAR * progress.fraction)
        rate = f", {progress.per_minute:.1f}/min" if progress.per_minute else ""
        left = f", {progress.seconds_left:.0f} s left" if progress.seconds_left else ""
        bar = "█" * full + "░" * (BAR - full)
        line = f"{bar} {progress.done}/{progress.total}, {progress.failed} failed{rate}{left}"
        if self.stdout.isatty():
            self.stdout.write("\r" + line.ljust(79), ending="")
        elif (ended := f"{progress.done}/{progress.failed}") != drawn:
            self.stdout.write(line)
            return ended
        return drawn


def _named(rows: Any, names: list[str] | None, option: str) -> list[Any]:
    if names is None:
        return list(rows)
    found = {row.name: row for row in rows.filter(name__in=names)}
    if missing := [name for name in names if name not in found]:
        raise CommandError(f"{option}: there is no {', '.join(missing)}.")
    return [found[name] for name in names]
