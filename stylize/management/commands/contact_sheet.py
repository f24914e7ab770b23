"""All renderings on one PNG: scenes down, recipes across."""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stylize import imaging
from stylize.management.owner import require_tables
from stylize.management.sheet import sheet
from stylize.models import Image, Rendering


class Command(BaseCommand):
    help = "Write content, style and the rendering of every recipe for each scene as one PNG."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="FILE.png")
        parser.add_argument("--scenes", nargs="+", metavar="NAME", help="default: every scene")
        parser.add_argument("--recipes", nargs="+", metavar="NAME", help="default: every recipe")
        parser.add_argument("--cell", type=int, default=256, help="longer side of a picture, px")
        parser.add_argument(
            "--columns", type=int, default=10, help="recipes side by side; more go below"
        )

    def handle(self, **options: Any) -> None:
        require_tables()
        for option in ("cell", "columns"):
            if options[option] < 1:
                raise CommandError(f"--{option}: came {options[option]}, must be at least 1")
        shown = Rendering.objects.current().done()
        for option in ("scene", "recipe"):
            if names := options[f"{option}s"]:
                shown = shown.filter(**{f"{option}__name__in": names})
        recipes, rows = shown.grid()
        if not rows:
            raise CommandError("Nothing of this has been rendered.")
        drawn = sheet(
            ["Content", "Style", *(recipe.name for recipe in recipes)],
            [
                (
                    scene.name,
                    [_opener(each) for each in (scene.content, scene.styles.first(), *made)],
                )
                for scene, made in rows
            ],
            options["cell"],
            options["columns"],
        )
        try:
            with options["out"].open("wb") as file:
                drawn.save(file, "PNG")
        except OSError as error:
            raise CommandError(f"--out: {error}") from error
        self.stdout.write(f"{options['out']}: {len(rows)} scenes × {len(recipes)} recipes.")


def _opener(row: Image | Rendering | None) -> Callable[[], imaging.Array] | None:
    if row is None:
        return None

    def opened() -> imaging.Array:
        with row.file.open("rb") as file:
            return imaging.read(file.read())

    return opened
