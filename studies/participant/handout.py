"""What a visit's page is handed: rules, trials in order, addresses; nothing that names a method."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from studies import screening
from studies.models import Participant, Reference, Stimulus, Study, Trial


def state(participant: Participant) -> dict[str, Any]:
    """The visit as the page needs it to begin or to go on; trials only after consent and screening."""
    study = participant.study
    consented = participant.state in (Participant.State.CONSENTED, Participant.State.FINISHED)
    due = screening.due(participant) is not None
    references = list(study.references.select_related("image").order_by("image__role", "pk"))
    return {
        "state": participant.state,
        "rules": {"tie": study.rules.tie, "none": study.rules.none},
        "frame": _frame(study),
        "break_every": study.break_every,
        "examples": _examples(references) if consented and study.show_references else [],
        "demographics": consented and participant.demographics_due,
        "screening": due,
        "trials": _trials(participant, references) if consented and not due else [],
    }


def _frame(study: Study) -> dict[str, Any]:
    """How the study wants every trial shown."""
    return {
        "surround": study.surround,
        "blank_ms": study.blank_ms,
        "minimum_view_ms": study.minimum_view_ms,
        "phone": study.phone_layout,
        "hold": study.references_on_hold,
        "undo": study.allow_undo,
    }


def _trials(participant: Participant, references: Sequence[Reference]) -> list[dict[str, Any]]:
    study = participant.study
    trials = list(participant.trials.select_related("question", "answer").order_by("position"))
    shown: list[Stimulus | Reference] = [*references, *study.stimuli.all()]
    pictures = {one.address: _picture(one) for one in shown}
    damage = {one.address: one.damage for one in references}
    beside = references if study.show_references else []
    return [
        {
            "id": trial.public_id,
            "position": trial.position,
            "kind": Trial.Kind.AGREEMENT if trial.agreement else trial.kind,
            "stimuli": [pictures[address] for address in trial.addresses],
            "answered": hasattr(trial, "answer"),
            **(
                _practice(trial, damage, study.protocol)
                if trial.kind == Trial.Kind.PRACTICE
                else _asked(trial, beside)
            ),
        }
        for trial in trials
    ]


def _asked(trial: Trial, references: Sequence[Reference]) -> dict[str, Any]:
    """The study's question; content first, then the styles; an agreement scroll has none."""
    question = trial.question
    shown = [one for one in references if one.scene_id == trial.scene_id and not one.damage]
    return {
        "question": {
            "text": question.text,
            "low_label": question.low_label,
            "high_label": question.high_label,
        },
        "references": [{"role": one.image.role, **_picture(one)} for one in shown],
    }


def _practice(trial: Trial, damage: dict[str, int], protocol: str) -> dict[str, Any]:
    """A question with one right answer, which the page may know: the addresses, intact first."""
    if protocol == "rating_scale":
        text = _("Put the least damaged picture furthest to the right, the most damaged furthest to the left.")  # fmt: skip
    else:
        text = _("Which picture is undamaged?")
    labels = {"low_label": _("damaged"), "high_label": _("undamaged")}
    return {
        "question": {"text": text, **labels},
        "references": [],
        "right": sorted(trial.addresses, key=lambda address: damage[address]),
    }


def _examples(references: Sequence[Reference]) -> list[dict[str, Any]]:
    """For the instructions: one scene's content and styles. They are never rated."""
    shown = [one for one in references if not one.damage]
    return [
        {"role": one.image.role, **_picture(one)}
        for one in shown
        if one.scene_id == shown[0].scene_id
    ]


def _picture(shown: Stimulus | Reference) -> dict[str, Any]:
    return {
        "address": shown.address,
        "sha256": shown.sha256,
        "width": shown.width,
        "height": shown.height,
    }
