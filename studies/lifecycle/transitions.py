"""Which state may follow which, and the steps that change nothing but the state."""

from django.utils import timezone

from studies.models import Study

State = Study.State
# Pilot and archived have no button yet; what they may become is settled here all the same.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.PILOT, State.LIVE}),
    State.PILOT: frozenset({State.CLOSED}),
    State.LIVE: frozenset({State.PAUSED, State.CLOSED}),
    State.PAUSED: frozenset({State.LIVE, State.CLOSED}),
    State.CLOSED: frozenset({State.ARCHIVED}),
    State.ARCHIVED: frozenset({State.CLOSED}),
}


class IllegalTransition(ValueError):
    """A step that the table does not know, or that somebody else was faster with."""

    def __init__(self, study: Study, target: State) -> None:
        allowed = ", ".join(sorted(TRANSITIONS[State(study.state)]))
        super().__init__(
            f"“{study.title}” is {study.state} and cannot become {target}; "
            f"from {study.state} it may become {allowed}."
        )


def move(study: Study, target: State) -> None:
    """Take the step by a conditional update, so that of two people at once one is told."""
    if target not in TRANSITIONS[State(study.state)]:
        raise IllegalTransition(study, target)
    now = timezone.now()
    values: dict[str, object] = {"state": target}
    if target == State.LIVE and study.opened_at is None:
        values["opened_at"] = now
    if target == State.CLOSED and study.closed_at is None:
        values["closed_at"] = now
    if Study.objects.filter(pk=study.pk, state=study.state).update(**values) != 1:
        study.refresh_from_db()
        raise IllegalTransition(study, target)
    study.refresh_from_db()


def pause(study: Study) -> None:
    """No new participant is let in until `resume`."""
    move(study, State.PAUSED)


def resume(study: Study) -> None:
    if study.state != State.PAUSED:
        raise IllegalTransition(study, State.LIVE)  # a draft is opened, with all its checks
    move(study, State.LIVE)


def close(study: Study) -> None:
    move(study, State.CLOSED)


def archive(study: Study) -> None:
    move(study, State.ARCHIVED)
