"""List the registered methods and the encoders, with or without a database."""

from argparse import ArgumentParser
from collections.abc import Sequence

from django.core.management.base import BaseCommand
from django.db import OperationalError, ProgrammingError

from stylize.rendering import describe, describe_encoders, imported_weights


class Command(BaseCommand):
    help = (
        "One line per method: key, title, first author and year, state, what it needs; "
        "then one per encoder: key, title, state."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--markdown", action="store_true", help="the methods alone, as the README's table"
        )

    def handle(self, markdown: bool = False, **options: object) -> None:
        try:
            imported = imported_weights()
        except (OperationalError, ProgrammingError):  # no database, or none that was migrated
            imported = None
        methods = describe(imported)
        rows = [
            (
                method.key,
                method.title,
                f"{method.first_author} {method.year}",
                method.state,
                ", ".join(method.needs) or "nothing",
            )
            for method in methods
        ]
        if markdown:
            head = ("key", "method", "first published", "state", "needs")
            for row in (head, ("---",) * len(head), *rows):
                self.stdout.write(f"| {' | '.join(row)} |")
            return
        self._write(rows)
        self.stdout.write("")
        self._write([(one.key, one.title, one.state) for one in describe_encoders(imported)])

    def _write(self, rows: Sequence[tuple[str, ...]]) -> None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
