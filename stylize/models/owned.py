"""Rows that belong to somebody, and names of stored files that tell nothing."""

from __future__ import annotations

import secrets
from typing import Any, Self

from django.conf import settings
from django.db import models


def random_path(folder: str, suffix: str = "png") -> str:
    """A random file name: a stored file's name must tell nothing, wherever it surfaces."""
    return f"{folder}/{secrets.token_urlsafe(16)}.{suffix}"


def image_path(instance: models.Model, filename: str) -> str:
    return random_path("images")


def thumbnail_path(instance: models.Model, filename: str) -> str:
    return random_path("thumbnails", "webp")


def rendering_path(instance: models.Model, filename: str) -> str:
    return random_path("renderings")


def weights_path(instance: models.Model, filename: str) -> str:
    return f"weights/{secrets.token_urlsafe(16)}"


class OwnedQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """A superuser sees everything, everybody else what is theirs."""
        return self if user.is_superuser else self.filter(owner=user)


class Owned(models.Model):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        abstract = True


def changed(row: models.Model, names: tuple[str, ...]) -> list[str]:
    """Which of these columns differ from what is stored."""
    stored = type(row)._default_manager.values(*names).get(pk=row.pk)
    return [name for name in names if stored[name] != getattr(row, name)]
