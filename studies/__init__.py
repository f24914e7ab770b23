"""ASK and CONCLUDE: studies, participants, answers, rankings."""
