"""A study's course: draft, live, paused, closed. What may follow what is one table."""

from studies.lifecycle.copying import copy_study
from studies.lifecycle.opening import discard_previews, open_study, preview
from studies.lifecycle.readiness import Check, NotReady, checklist
from studies.lifecycle.transitions import (
    TRANSITIONS,
    IllegalTransition,
    archive,
    close,
    pause,
    resume,
)

__all__ = [
    "TRANSITIONS",
    "Check",
    "IllegalTransition",
    "NotReady",
    "archive",
    "checklist",
    "close",
    "copy_study",
    "discard_previews",
    "open_study",
    "pause",
    "preview",
    "resume",
]
