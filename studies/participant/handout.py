"""What a visit's page is handed: rules, trials in order, addresses; nothing that names a method."""

from collections import defaultdict
from typing import Any

from studies.models import Participant, Reference, Stimulus, Study, Trial


def state(participant: Participant) -> dict[str, Any]:
    """The visit as the page needs it to begin or to go on; trials only after consent."""
    study = participant.study
    consented = participant.state in (Participant.State.CONSENTED, Participant.State.FINISHED)
    return {
        "state": participant.state,
        "rules": {"tie": study.rules.tie, "none": study.rules.none},
        "frame": _frame(study),
        "trials": _trials(participant) if consented else [],
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


def _trials(participant: Participant) -> list[dict[str, Any]]:
    study = participant.study
    trials = list(participant.trials.select_related("question", "answer").order_by("position"))
    stimuli = {stimulus.address: _picture(stimulus) for stimulus in study.stimuli.all()}
    references = _references(study) if study.show_references else {}
    return [
        {
            "id": trial.public_id,
            "position": trial.position,
            "kind": Trial.Kind.AGREEMENT if trial.agreement else trial.kind,
            "question": _question(trial),
            "stimuli": [stimuli[address] for address in trial.addresses],
            "references": references.get(trial.scene_id, []),
            "answered": hasattr(trial, "answer"),
        }
        for trial in trials
    ]


def _question(trial: Trial) -> dict[str, str]:
    question = trial.question
    return {
        "text": question.text,
        "low_label": question.low_label,
        "high_label": question.high_label,
    }


def _references(study: Study) -> dict[int | None, list[dict[str, Any]]]:
    """Content first, then the styles, by scene; an agreement scroll has none."""
    found: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
    for reference in study.references.select_related("image").order_by("image__role", "pk"):
        shown = {"role": reference.image.role, **_picture(reference)}
        found[reference.scene_id].append(shown)
    return found


def _picture(shown: Stimulus | Reference) -> dict[str, Any]:
    return {
        "address": shown.address,
        "sha256": shown.sha256,
        "width": shown.width,
        "height": shown.height,
    }
