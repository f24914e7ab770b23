"""The buttons that change a study's course; each is a POST that calls one named function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from studies import lifecycle
from studies.models import Study

State = Study.State


@dataclass(frozen=True)
class Step:
    """A button. `act` returns where to go next, or None to stay."""

    name: str
    label: str
    states: tuple[State, ...]
    act: Callable[[Study], Any]
    done: str = ""
    ask: str = ""
    primary: bool = False
    new_tab: bool = False

    def shown(self, study: Study) -> bool:
        return study.state in self.states


_OPEN = "From now on the design cannot be changed. Open the study?"
_CLOSE = (
    "A closed study lets nobody new in; visits under way may still finish. "
    "It cannot be opened again. Close it?"
)
STEPS = {
    step.name: step
    for step in (
        Step(
            "preview",
            "Preview",
            (State.DRAFT, State.PILOT, State.LIVE, State.PAUSED),
            lifecycle.preview,
            new_tab=True,
        ),
        Step(
            "open",
            "Open study",
            (State.DRAFT,),
            lifecycle.open_study,
            "is live.",
            _OPEN,
            primary=True,
        ),
        Step(
            "pause",
            "Pause study",
            (State.LIVE,),
            lifecycle.pause,
            "is paused: nobody new is let in.",
        ),
        Step(
            "resume",
            "Resume study",
            (State.PAUSED,),
            lifecycle.resume,
            "is live again.",
            primary=True,
        ),
        Step(
            "close",
            "Close study",
            (State.LIVE, State.PAUSED, State.PILOT),
            lifecycle.close,
            "is closed.",
            _CLOSE,
        ),
        Step(
            "copy",
            "Copy study",
            tuple(State),
            lifecycle.copy_study,
            "was copied: here is the copy.",
        ),
    )
}


class StepsMixin:
    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Take a step and say how it went; a refusal is a sentence, not an error page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        study = Study.objects.visible_to(request.user).filter(pk=pk).first()
        if study is None or step not in STEPS:
            raise Http404
        if not request.user.has_perm("studies.change_study"):
            raise PermissionDenied
        try:
            result = STEPS[step].act(study)
        except ValueError as error:
            messages.error(request, str(error))
            return redirect("admin:studies_study_change", pk)
        if isinstance(result, str):
            return redirect(result)
        messages.success(request, f"“{study.title}” {STEPS[step].done}")
        shown = result.pk if isinstance(result, Study) else pk
        return redirect("admin:studies_study_change", shown)
