"""The researcher's pages for asking: the design of a study, its course, and who answered what."""

from studies.admin.answers import AnswerAdmin, ParticipantAdmin
from studies.admin.study import StudyAdmin

__all__ = ["AnswerAdmin", "ParticipantAdmin", "StudyAdmin"]
