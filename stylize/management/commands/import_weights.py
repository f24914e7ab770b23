"""Bring in the weights of an encoder."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError

from stylize.management.owner import owner_named
from stylize.rendering import import_weights


class Command(BaseCommand):
    help = (
        "Import weights of VGG-19: torchvision's, the normalised ones of Gatys, AdaIN and WCT, or "
        "distilled ones. Which they are is told by the file; what is none of them is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--owner", help="user name; default: the first superuser")

    def handle(self, *, file: Path, owner: str | None, **options: object) -> None:
        user = owner_named(owner)
        try:
            with file.open("rb") as opened:
                weights, created = import_weights(user, File(opened))
        except (OSError, ValueError) as error:
            raise CommandError(f"{file}: {error}") from error
        told = "imported" if created else "was there"
        self.stdout.write(f"{weights}: {told}, SHA-256 {weights.sha256}")
        if weights.note:
            self.stdout.write(weights.note)
