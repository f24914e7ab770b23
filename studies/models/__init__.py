"""What is asked: studies, questions, stimuli, slots, participants, trials and their answers."""

from studies.models.demographic import Demographic
from studies.models.event import Event
from studies.models.participant import ExternalId, Participant, ParticipantQuerySet
from studies.models.screening import Screening
from studies.models.study import (
    Question,
    Reference,
    Stimulus,
    Study,
    StudyNotEditable,
    address,
    draw_seed,
    picture_at,
    public_id,
    stimulus_path,
)
from studies.models.trial import Answer, AnswerRevision, Slot, SlotQuerySet, Trial, TrialQuerySet

__all__ = [
    "Answer",
    "AnswerRevision",
    "Demographic",
    "Event",
    "ExternalId",
    "Participant",
    "ParticipantQuerySet",
    "Question",
    "Reference",
    "Screening",
    "Slot",
    "SlotQuerySet",
    "Stimulus",
    "Study",
    "StudyNotEditable",
    "Trial",
    "TrialQuerySet",
    "address",
    "draw_seed",
    "picture_at",
    "public_id",
    "stimulus_path",
]
