"""The participant's pages and the visit's API."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from studies import answers
from studies.models import Event, Participant, Study, picture_at
from studies.participant import access, forms, handout, prose
from studies.participant.access import Refused, visit_api
from studies.planning import agreement, leases

SHUT = {
    Study.State.DRAFT: gettext_lazy("This study has not been opened yet."),
    Study.State.PAUSED: gettext_lazy("This study is paused. Please come back later."),
    Study.State.CLOSED: gettext_lazy("This study is closed. Thank you for coming."),
}


@require_safe
def start(request: HttpRequest, public_id: str) -> HttpResponse:
    """Look, and no more: previews of links and prefetchers come here too."""
    study = Study.objects.filter(public_id=public_id).first()
    if study is None:
        return _unknown(request)
    external = forms.panel_parameters(request.GET)
    reason = SHUT.get(Study.State(study.shut), "") if study.shut else ""
    context = {"study": study, "open": not study.shut, "reason": reason, "external": external}
    return _page(request, "start", context)


@csrf_exempt  # the header takes the cookie's place
@require_POST
def begin(request: HttpRequest, public_id: str) -> HttpResponse:
    """Begin a visit under the secret that the page drew: sent twice, it is the same visit."""
    secret = access.drawn_secret(request)
    if not secret:
        return _refused(403, _("Please open the study's own page and press Start there."))
    study = Study.objects.filter(public_id=public_id).first()
    if study is None:
        return _refused(404, _("Please check that the address is complete, as you were given it."))
    parameters = forms.panel_parameters(request.POST)
    try:
        participant, _secret = leases.start(study, parameters=parameters, secret=secret)
    except leases.BegunBefore:
        text = _("This study was begun with your id before. It goes on in the browser used then.")
        return _refused(409, text)
    except leases.StudyShut:
        return _refused(409, _("Nobody can start this study at the moment. Thank you for coming."))
    visit = reverse("participant:visit", args=[participant.public_id])
    return JsonResponse({"visit": visit}, headers={"Cache-Control": "no-store"})


@require_safe
def visit(request: HttpRequest, public_id: str) -> HttpResponse:
    """The shell of a visit: the same for everybody in a study, whoever opens it."""
    found = Participant.objects.select_related("study").filter(public_id=public_id).first()
    if found is None:
        return _unknown(request)
    study = found.study
    context = {
        "study": study,
        "participant": found,
        "protocol": study.asking,
        "consent_html": prose.html(study.consent),
        "instructions_html": prose.html(study.instructions),
        "preview": found.kind == Participant.Kind.PREVIEW,
    }
    return _page(request, "visit", context)


@visit_api("GET")
def state(participant: Participant, body: Mapping[str, Any]) -> HttpResponse:
    return JsonResponse(handout.state(participant))


@visit_api("POST")
def consent(participant: Participant, body: Mapping[str, Any]) -> HttpResponse:
    if forms.consent(body):
        participant.agree()
    else:
        leases.decline(participant)
    return JsonResponse({"state": participant.state})


@visit_api("POST")
def answer(participant: Participant, body: Mapping[str, Any]) -> HttpResponse:
    sent = forms.sent_answer(body)
    trial = access.trial_of(participant, sent.trial)
    stored, created, revision = answers.record(
        trial, sent.uuid, sent.content, sent.reaction_ms, sent.viewing, sent.undoes
    )
    status = 201 if created else 200
    return JsonResponse({"stored": stored, "revision": revision}, status=status)


@visit_api("POST")
def event(participant: Participant, body: Mapping[str, Any]) -> HttpResponse:
    access.require_consent(participant)
    sent = forms.sent_event(body)
    if not Event.keep(participant, sent.uuid, sent.kind, sent.content, sent.waited_ms):
        raise Refused(400, f"events: the visit has {Event.MOST}, which is all that is kept")
    return JsonResponse({"stored": True})


@visit_api("POST")
def finish(participant: Participant, body: Mapping[str, Any]) -> HttpResponse:
    """The completion code leaves the server only when it has counted every trial."""
    agreement.follow(participant)
    if missing := participant.finish():
        return JsonResponse({"missing": missing}, status=409)
    study = participant.study
    return JsonResponse({"completion_code": study.completion_code, "redirect_url": study.way_back})


@require_safe
def image(request: HttpRequest, address: str) -> HttpResponse:
    """A picture's bytes under headers that are the same for all: no validator, no date, no name."""
    file = picture_at(address)
    if file is None:
        return HttpResponseNotFound("unknown", content_type="text/plain")
    with file.open("rb") as opened:
        response = HttpResponse(opened.read(), content_type="image/png")
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _page(
    request: HttpRequest, name: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    response = render(request, f"participant/{name}.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _refused(status: int, text: str) -> HttpResponse:
    return JsonResponse({"error": text}, status=status, headers={"Cache-Control": "no-store"})


def _unknown(request: HttpRequest) -> HttpResponse:
    text = _("Please check that the address is complete, as you were given it.")
    return _page(request, "message", {"title": _("There is no such page"), "text": text}, 404)
