"""How far a study is, counted as its report counts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from studies.models import Answer
from studies.reports.progress import over_time, progress
from tests.studies import cast

pytestmark = pytest.mark.django_db


def test_progress_counts_who_counts() -> None:
    study = cast.answered(cast.live(), people=2, trials=3)
    cast.visit(study, state="declined")
    cast.visit(study, state="consented")
    cast.visit(study, kind="preview")
    cast.visit(study, kind="simulated")
    done = progress(study)
    assert (done.started, done.finished, done.declined, done.answers) == (4, 2, 1, 6)


def test_progress_of_a_simulated_study_counts_simulated_participants() -> None:
    study = cast.answered(cast.live(simulated=True), people=2, trials=3, kind="simulated")
    assert progress(study).finished == 2


def test_percent_is_of_those_planned_and_never_above_a_hundred() -> None:
    study = cast.live(participants_planned=3)
    assert progress(study).percent == 0
    for _ in range(4):
        cast.visit(study)
    assert progress(study).percent == 100


def test_over_time_before_the_first_answer_is_empty() -> None:
    assert over_time(cast.live()) == ""


@pytest.mark.parametrize("days", [0, 9])
def test_over_time_is_a_plot_by_hours_or_by_days(days: int) -> None:
    study = cast.answered(cast.live(), people=1, trials=4)
    first = Answer.objects.earliest("pk")
    earlier = timezone.now() - timedelta(days=days)
    Answer.objects.filter(pk=first.pk).update(received_at=earlier)
    assert ("days since" if days else "hours since") in over_time(study)
