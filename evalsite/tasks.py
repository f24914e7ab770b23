"""Scheduled work. The scheduler wakes it often; the database says whether today's run is due."""

from datetime import timedelta

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from evalsite.models import ScheduledRun
from studies.models import Participant
from stylize.models import Worker

FORGET_WORKERS_AFTER = timedelta(days=7)
FORGET_PREVIEWS_AFTER = timedelta(days=7)


@shared_task
def housekeeping() -> None:
    """Once a day: drop expired sessions, silent workers' rows and old previews."""
    run = ScheduledRun.claim("housekeeping")
    if run is None:
        return
    now = timezone.now()
    call_command("clearsessions")
    Worker.objects.filter(seen_at__lt=now - FORGET_WORKERS_AFTER).delete()
    Participant.objects.filter(
        kind=Participant.Kind.PREVIEW, started_at__lt=now - FORGET_PREVIEWS_AFTER
    ).delete()
    run.finish()
