"""Make the first administrator with a random password, printed once."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stylize.management.owner import require_tables


class Command(BaseCommand):
    help = "Make the first administrator; the password is random and printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", default="admin")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        require_tables()
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            raise CommandError(
                "There is an administrator already: use `manage.py changepassword` for a new password."
            )
        if users.filter(username=username).exists():
            raise CommandError(f"--username: '{username}' exists already; name another one.")
        password = secrets.token_urlsafe(15)
        users.create_superuser(username=username, password=password)
        self.stdout.write(f"user      {username}\npassword  {password}   (shown this once)")
