"""What a command asks first: are there tables, and whose rows does it make."""

from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import connection


def require_tables() -> None:
    """On a fresh machine a sentence is better than a traceback."""
    if User._meta.db_table not in connection.introspection.table_names():
        raise CommandError("The database has no tables yet: run manage.py migrate first.")


def owner_named(name: str | None) -> User:
    """The user of this name; without a name the first superuser."""
    require_tables()
    if name:
        found = User.objects.filter(username=name).first()
        if found is None:
            raise CommandError(f"--owner: there is no user {name!r}.")
        return found
    found = User.objects.filter(is_superuser=True).order_by("pk").first()
    if found is None:
        raise CommandError("There is no superuser yet: manage.py first_admin makes one.")
    return found
