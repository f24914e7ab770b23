"""Bring in a folder of images of one role."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from stylize.imaging import ImageRefused
from stylize.management.owner import owner_named
from stylize.models import Image


def _head(path: Path) -> bytes:
    """The file, or of one that is too large just enough to refuse it."""
    with path.open("rb") as file:
        return file.read(settings.IMAGE_MAX_BYTES + 1)


class Command(BaseCommand):
    help = "Import every file of a folder; what is refused is named, the rest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--role",
            choices=Image.Role.values,
            required=True,
            help="mask: PNGs with one label per pixel; depth: grey PNGs, black near, white far",
        )
        parser.add_argument("--owner", help="user name; default: the first superuser")

    def handle(self, *, folder: Path, role: str, owner: str | None, **options: object) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        user = owner_named(owner)
        new = there = refused = 0
        for path in sorted(path for path in folder.iterdir() if path.is_file()):
            try:
                _, created = Image.objects.get_or_take(user, role, path.stem, _head(path))
            except (ImageRefused, OSError) as error:
                refused += 1
                self.stderr.write(self.style.ERROR(f"{path.name}: {error}"))
                continue
            new, there = new + created, there + (not created)
            self.stdout.write(f"{path.name}: {'imported' if created else 'was there'}")
        self.stdout.write(f"{new} imported, {there} were there, {refused} refused.")
        if refused:
            raise CommandError(f"{refused} of {new + there + refused} files were refused.")
