"""From a design to something that can be shown: opening for good, or a preview of a draft."""

from collections.abc import Sequence

from django.db import transaction

from studies import exhibits
from studies.lifecycle import readiness, transitions
from studies.models import Participant, Reference, Study
from studies.planning import balanced, leases

SHOWABLE = (Study.State.DRAFT, Study.State.PILOT, Study.State.LIVE, Study.State.PAUSED)


def open_study(study: Study) -> None:
    """Draft → live: stimuli, references and the schedule, all at once or not at all.

    Raises:
        IllegalTransition: the study is no draft.
        NotReady: with everything that is missing.
    """
    if study.state != Study.State.DRAFT:
        raise transitions.IllegalTransition(study, Study.State.LIVE)
    readiness.require(study)
    shown = exhibits.references(study)
    try:
        with transaction.atomic():
            transitions.move(study, Study.State.LIVE)
            readiness.require(study)  # again: nobody can edit from here on
            discard_previews(study)
            exhibits.hang(study, shown)
            balanced.lay_out(study)
    except BaseException:
        _take_back(shown)
        study.refresh_from_db()
        raise


def preview(study: Study) -> str:
    """Let the researcher walk the participant's whole way; nothing of it counts.

    Returns:
        The address of the visit; its secret stands behind the #.

    Raises:
        NotReady: a draft that cannot be shown yet.
        ValueError: the study is over.
    """
    if study.state not in SHOWABLE:
        raise ValueError(f"“{study.title}” is {study.state}; copy it to preview the copy.")
    if study.editable:
        _hang_draft(study)
    participant, secret = leases.start(study, Participant.Kind.PREVIEW, {})
    return f"/v/{participant.public_id}/#{secret}"


def _hang_draft(study: Study) -> None:
    readiness.require(study, preview=True)
    shown = exhibits.references(study)
    try:
        with transaction.atomic():
            discard_previews(study)
            exhibits.hang(study, shown)
    except BaseException:
        _take_back(shown)
        raise


def discard_previews(study: Study) -> None:
    """Forget who walked through; also before a draft is edited, since trials hold its questions."""
    study.participants.filter(kind=Participant.Kind.PREVIEW).delete()


def _take_back(shown: Sequence[Reference]) -> None:
    for reference in shown:
        reference.file.delete(save=False)
