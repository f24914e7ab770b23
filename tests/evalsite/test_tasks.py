"""Scheduled work runs once per period, is caught up when missed, and taken over when lost."""

from datetime import timedelta

from django.utils import timezone

from evalsite.models import ScheduledRun
from evalsite.tasks import housekeeping
from studies.models import Participant
from stylize.models import Worker
from tests import factories


def test_claim_twice_in_a_day_is_given_once(db: None) -> None:
    assert ScheduledRun.claim("x") is not None
    assert ScheduledRun.claim("x") is None
    assert ScheduledRun.claim("y") is not None


def test_claim_after_its_holder_was_lost_is_given_again(db: None) -> None:
    run = ScheduledRun.claim("x")
    assert run is not None
    ScheduledRun.objects.update(started_at=timezone.now() - timedelta(hours=2))
    assert ScheduledRun.claim("x") == run
    run.finish()
    ScheduledRun.objects.update(started_at=timezone.now() - timedelta(hours=2))
    assert ScheduledRun.claim("x") is None


def test_housekeeping_drops_old_previews_and_silent_workers_only(db: None) -> None:
    study = factories.study(scenes=1, recipes=2)
    old = timezone.now() - timedelta(days=8)
    for kind in Participant.Kind.values:
        Participant.objects.create(study=study, secret_sha256="", kind=kind)
    Participant.objects.update(started_at=old)
    Participant.objects.create(study=study, secret_sha256="", kind="preview")
    for name, seen in [("silent", old), ("alive", timezone.now())]:
        Worker.objects.create(name=name, queues="cpu", started_at=old, seen_at=seen)
    housekeeping()
    assert sorted(Participant.objects.values_list("kind", flat=True)) == [
        "person",
        "preview",
        "simulated",
    ]
    assert Worker.objects.get().name == "alive"
    assert ScheduledRun.objects.get().finished_at is not None
