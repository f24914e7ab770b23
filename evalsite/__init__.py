"""The site around the apps: settings, addresses, workers, health. No domain code."""

from evalsite.celery import app as celery_app

__all__ = ["celery_app"]
