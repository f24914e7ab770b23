"""How far a study is: visits, answers, and how they came in over time."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.utils.safestring import SafeString, mark_safe

from studies.models import Answer, Participant, Study
from studies.reports import plots

BARS = 72  # hours on the small plot; beyond them it counts by day


@dataclass(frozen=True)
class Progress:
    """Of whoever counts in the study (persons, or simulated ones too)."""

    started: int
    finished: int
    declined: int
    withdrawn: int
    screened: int
    answers: int
    slots: int
    slots_answered: int
    participants_planned: int

    @property
    def percent(self) -> int:
        """Of the planned participants, at most 100."""
        return min(100, round(100 * self.finished / max(self.participants_planned, 1)))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def progress(study: Study) -> Progress:
    people = Participant.objects.counted(study)
    visits = people.aggregate(
        started=Count("pk"),
        finished=Count("pk", filter=Q(state=Participant.State.FINISHED)),
        declined=Count("pk", filter=Q(state=Participant.State.DECLINED)),
        screened=Count("pk", filter=Q(state=Participant.State.SCREENED)),
        withdrawn=Count("pk", filter=Q(state=Participant.State.WITHDRAWN)),
    )
    slots = study.slots.aggregate(
        slots=Count("pk"), slots_answered=Count("pk", filter=Q(answered=True))
    )
    answers = Answer.objects.filter(trial__participant__in=people).count()
    planned = study.participants_planned
    return Progress(**visits, **slots, answers=answers, participants_planned=planned)


def over_time(study: Study) -> SafeString:
    """A small plot of the answers so far; empty before the first."""
    people = Participant.objects.counted(study)
    hours = (
        Answer.objects.filter(trial__participant__in=people)
        .annotate(hour=TruncHour("received_at"))
        .values_list("hour")
        .annotate(n=Count("pk"))
        .order_by("hour")
    )
    counts = {hour: n for hour, n in hours if hour is not None}
    if not counts:
        return SafeString("")
    first, last = min(counts), max(counts)
    step = timedelta(hours=1) if last - first < timedelta(hours=BARS) else timedelta(days=1)
    cumulated = [0] * ((last - first) // step + 2)
    for hour, n in counts.items():
        cumulated[(hour - first) // step + 1] += n
    for place in range(1, len(cumulated)):
        cumulated[place] += cumulated[place - 1]
    unit = "hours" if step == timedelta(hours=1) else "days"
    svg = plots.progress(cumulated, f"{unit} since the first answer")
    return mark_safe(plots.inline(svg))
