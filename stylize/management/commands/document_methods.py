"""docs/methods.md: every registered method with its parameters, an example, seconds, distances."""

import json
import os
import platform
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from PIL import Image as Pillow

from stylize import imaging
from stylize.management.methods_page import Measured, page
from stylize.management.sheet import Row, sheet
from stylize.rendering import MethodInfo, describe, samples

SHOWN = next(iter(samples.PAIRS))
PICTURE = 192  # px of the examples' longer side


class Command(BaseCommand):
    help = (
        "Write FOLDER/methods.md, an example picture per method beside it, and what they cost. "
        "Renders four small scenes with each method on the CPU; what was rendered is kept in "
        "var/, so that it can be stopped and goes on."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--docs", type=Path, default=settings.BASE_DIR / "docs", metavar="FOLDER"
        )
        parser.add_argument("--methods", nargs="+", metavar="KEY", help="render these only")
        parser.add_argument("--size", type=int, default=256, help="longer side of the scenes, px")
        parser.add_argument("--again", action="store_true", help="render also what is there")
        parser.add_argument("--text", action="store_true", help="render nothing: figures as stored")
        parser.add_argument(
            "--authors",
            type=Path,
            default=settings.BASE_DIR.parent / "shared" / "data" / "images",
            metavar="FOLDER",
            help="where an author's own pictures are, if they are",
        )
        parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="write all of it, too")

    def handle(self, **options: Any) -> None:
        methods = describe()
        keys = [method.key for method in methods]
        if unknown := set(options["methods"] or ()) - set(keys):
            raise CommandError(f"--methods: there is no {', '.join(sorted(unknown))}.")
        kept = Kept(settings.VAR / "methods" / str(options["size"]))
        wanted = [] if options["text"] else options["methods"] or keys
        failed = self._render(kept, wanted, options["size"], options["again"])
        if wanted:
            kept.compare(options["authors"], options["again"])
        path = options["docs"] / "methods.md"
        if options["text"]:
            measured = _stored(path.with_suffix(".json"), keys)
        else:
            measured = _measured(kept, keys, options["docs"] / "images" / "methods")
            path.with_suffix(".json").write_text(measured.as_json(), encoding="utf-8")
        path.write_text(page(methods, measured), encoding="utf-8")
        self.stdout.write(
            f"{path}: {len(methods)} methods, {len(measured.seconds)} with a picture."
        )
        for first, second, levels in measured.close():
            self.stdout.write(f"close: {first} and {second}, {levels:.1f}/255")
        if options["sheet"]:
            _draw(kept, methods, options["size"]).save(options["sheet"], "PNG")
        if failed:
            raise CommandError(f"Not rendered: {', '.join(failed)}.")

    def _render(self, kept: "Kept", keys: list[str], size: int, again: bool) -> list[str]:
        """Every scene with every method that is not there yet; what fails is named."""
        cells = [(scene, key) for key in keys for scene in samples.PAIRS]
        failed = []
        for number, (scene, key) in enumerate(cells, start=1):
            if kept.has(scene, key) and not again:
                continue
            head = f"[{number}/{len(cells)}] {key} on {scene}"
            try:
                picture, seconds = samples.stylized(key, samples.sample(scene, size))
            except (ValueError, RuntimeError, ArithmeticError, OSError) as error:
                failed.append(f"{key} on {scene}")
                self.stderr.write(f"{head}: {error}")
                continue
            kept.put(scene, key, picture, seconds)
            self.stdout.write(f"{head}: {seconds:.1f} s")
            self.stdout.flush()  # into a file, too, as it goes
        return failed


class Kept:
    """Finished pictures and their seconds in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, scene: str, key: str) -> Path:
        return self.folder / scene / f"{key}.png"

    def has(self, scene: str, key: str) -> bool:
        return self.path(scene, key).with_suffix(".json").exists()

    def put(self, scene: str, key: str, picture: imaging.Array, seconds: float) -> None:
        path = self.path(scene, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(imaging.encode_png(picture))
        path.with_suffix(".json").write_text(json.dumps({"seconds": round(seconds, 2)}))

    def picture(self, scene: str, key: str) -> imaging.Array:
        return imaging.read(self.path(scene, key).read_bytes())

    def seconds(self, scene: str, key: str) -> float:
        said = json.loads(self.path(scene, key).with_suffix(".json").read_text())
        return float(said["seconds"])

    def compare(self, authors: Path, again: bool) -> None:
        """Measure against authors' own pictures, where these are."""
        if again or not self.authors():
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "authors.json").write_text(json.dumps(samples.against_authors(authors)))

    def authors(self) -> dict[str, float]:
        path = self.folder / "authors.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def complete(self, key: str) -> bool:
        return all(self.has(scene, key) for scene in samples.PAIRS)


def _stored(path: Path, keys: list[str]) -> Measured:
    """What an earlier run measured, of the methods that are still there."""
    said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    distances = {(one, other): levels for one, other, levels in said.get("distances", [])}
    return Measured(
        {key: said["seconds"][key] for key in keys if key in said.get("seconds", {})},
        {pair: levels for pair, levels in distances.items() if set(pair) <= set(keys)},
        said.get("authors", {}),
        said.get("machine", ""),
        said.get("size", 0),
    )


def _measured(kept: Kept, keys: list[str], images: Path) -> Measured:
    """Seconds and distances of what is there on every scene; writes the examples."""
    there = [key for key in keys if kept.complete(key)]
    images.mkdir(parents=True, exist_ok=True)
    for key in there:
        small = imaging.resize_to_longest(kept.picture(SHOWN, key), PICTURE)
        Pillow.fromarray(small).save(images / f"{key}.jpg", quality=82, optimize=True)
    made = {key: [kept.picture(scene, key) for scene in samples.PAIRS] for key in there}
    return Measured(
        {key: kept.seconds(SHOWN, key) for key in there},
        {
            (first, second): samples.distance(made[first], made[second])
            for place, first in enumerate(there)
            for second in there[place + 1 :]
        },
        kept.authors(),
        _machine(),
        int(kept.folder.name),
    )


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}"


def _draw(kept: Kept, methods: list[MethodInfo], size: int) -> Pillow.Image:
    shown = [method for method in methods if kept.complete(method.key)]
    rows: list[Row] = []
    for name in samples.PAIRS:
        scene = samples.sample(name, size)
        made = [partial(kept.picture, name, method.key) for method in shown]
        rows.append(
            (name, [partial(getattr, scene, "content"), partial(getattr, scene, "style"), *made])
        )
    return sheet(["Content", "Style", *(each.title for each in shown)], rows, size, 10)
