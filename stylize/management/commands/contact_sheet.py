"""All renderings on one PNG: scenes down, recipes across."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import matplotlib
from django.core.management.base import BaseCommand, CommandError
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from stylize import imaging
from stylize.management.owner import require_tables
from stylize.models import Image, Rendering

GAP, HEAD, TEXT = 8, 60, 13
INK, PAPER = (20, 20, 20), (255, 255, 255)


class Command(BaseCommand):
    help = "Write content, style and the rendering of every recipe for each scene as one PNG."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="FILE.png")
        parser.add_argument("--scenes", nargs="+", metavar="NAME", help="default: every scene")
        parser.add_argument("--recipes", nargs="+", metavar="NAME", help="default: every recipe")
        parser.add_argument("--cell", type=int, default=256, help="longer side of a picture, px")

    def handle(self, **options: Any) -> None:
        require_tables()
        shown = Rendering.objects.current().done()
        for option in ("scene", "recipe"):
            if names := options[f"{option}s"]:
                shown = shown.filter(**{f"{option}__name__in": names})
        recipes, rows = shown.grid()
        if not rows:
            raise CommandError("Nothing of this has been rendered.")
        sheet = _sheet([recipe.name for recipe in recipes], rows, options["cell"])
        try:
            with options["out"].open("wb") as file:
                sheet.save(file, "PNG")
        except OSError as error:
            raise CommandError(f"--out: {error}") from error
        self.stdout.write(f"{options['out']}: {len(rows)} scenes × {len(recipes)} recipes.")


def _sheet(recipes: list[str], rows: list[Any], cell: int) -> Pillow.Image:
    heads = ["Content", "Style", *recipes]
    step = cell + GAP
    size = (len(heads) * step + GAP, HEAD + len(rows) * (step + TEXT + 4) + GAP)
    sheet = Pillow.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    # Pillow's own font lacks ×; this one comes with matplotlib on every system.
    font = ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", TEXT)
    for column, head in enumerate(heads):
        text = "\n".join(_wrapped(head, cell, font)[:3])
        draw.multiline_text((GAP + column * step, GAP), text, INK, font)
    for row, (scene, renderings) in enumerate(rows):
        top = HEAD + row * (step + TEXT + 4)
        pictures = [scene.content, scene.styles.first(), *renderings]
        for column, picture in enumerate(pictures):
            if picture is not None:
                sheet.paste(_opened(picture, cell), (GAP + column * step, top))
        draw.text((GAP, top + cell + 1), scene.name, INK, font)
    return sheet


def _opened(row: Image | Rendering, cell: int) -> Pillow.Image:
    with row.file.open("rb") as file:
        return Pillow.fromarray(imaging.read(file.read(), longest=cell))


def _wrapped(text: str, width: int, font: Any) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
