"""Whose rows a command makes."""

from django.contrib.auth.models import User
from django.core.management.base import CommandError


def owner_named(name: str | None) -> User:
    """The user of this name; without a name the first superuser."""
    if name:
        found = User.objects.filter(username=name).first()
        if found is None:
            raise CommandError(f"--owner: there is no user {name!r}.")
        return found
    found = User.objects.filter(is_superuser=True).order_by("pk").first()
    if found is None:
        raise CommandError("There is no superuser yet: manage.py first_admin makes one.")
    return found
