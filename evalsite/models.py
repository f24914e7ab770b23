"""API tokens: only the SHA-256 of a token is kept."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone


class ApiToken(models.Model):
    SCOPES = ("read", "write", "render")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=80, help_text="What uses it: a notebook, a script.")
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, help_text='A list out of "read", "write", "render".')
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def digest(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    def draw(self) -> str:
        """Set a new random token and return it: the only moment at which it can be read."""
        token = "pg_" + secrets.token_urlsafe(32)
        self.sha256 = self.digest(token)
        return token

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def used(self) -> None:
        """Note the use, at most once a minute: a busy client must not write on every request."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > timedelta(minutes=1):
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=now)


class ScheduledRun(models.Model):
    """One period of one scheduled work: claimed before it runs, so that no two workers do it."""

    LOST_AFTER = timedelta(hours=1)

    name = models.CharField(max_length=60)
    period = models.DateField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "period"], name="scheduled_once_per_period")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.period}"

    @classmethod
    def claim(cls, name: str) -> "ScheduledRun | None":
        """Take today's run; None if it is done, or somebody has been at it for under an hour."""
        now = timezone.now()
        run, created = cls.objects.get_or_create(
            name=name, period=now.date(), defaults={"started_at": now}
        )
        if created:
            return run
        lost = cls.objects.filter(
            pk=run.pk, finished_at=None, started_at__lt=now - cls.LOST_AFTER
        ).update(started_at=now)
        return run if lost else None

    def finish(self) -> None:
        self.finished_at = timezone.now()
        self.save(update_fields=["finished_at"])
