"""The participant's pages and the visit's API."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studies import answers, screening
from studies.models import Event, Participant, Study, picture_at
from studies.participant import access, forms, handout, prose
from studies.participant.access import Refused, visit_api
from studies.planning import agreement, leases, withdrawal

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
        "demographics": study.demographics.all(),
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


@visit_api("GET")
def check(participant: Participant, body: Mapping[str, Any]) -> HttpResponse:
    """The next check of eyes or screen, or none."""
    return JsonResponse(screening.step(participant))


@visit_api("POST")
def checked(participant: Participant, body: Mapping[str, Any]) -> HttpResponse:
    try:
        passed, may_go_on = screening.record(participant, body)
    except screening.NotDue as error:
        raise access.Refused(409, str(error)) from error
    except ValueError as error:
        raise access.Refused(400, str(error)) from error
    if not may_go_on:
        leases.turn_away(participant)
    return JsonResponse({"passed": passed, "state": participant.state})


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
def demographics(participant: Participant, body: Mapping[str, Any]) -> HttpResponse:
    access.require_consent(participant)
    told, wrong = forms.demographics(participant.study.demographics.all(), body)
    if wrong:
        error = f"answers: {', '.join(wrong)} cannot be taken"
        return JsonResponse({"error": error, "fields": wrong}, status=400)
    participant.describe(told)
    return JsonResponse({"state": participant.state})


@visit_api("POST")
def finish(participant: Participant, body: Mapping[str, Any]) -> HttpResponse:
    """The completion code leaves the server only when it has counted every trial."""
    if participant.state == Participant.State.SCREENED:
        raise Refused(409, "finish: the visit ended at a check")
    agreement.follow(participant)
    if missing := participant.finish():
        return JsonResponse({"missing": missing}, status=409)
    study = participant.study
    return JsonResponse(
        {
            "debriefing": prose.html(study.debriefing),
            "completion_code": study.completion_code,
            "redirect_url": study.way_back,
        }
    )


@csrf_exempt  # as begin
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """Looking names what would go; only a POST from this page deletes it."""
    found = Participant.objects.withdrawing(token)
    if found is None:
        text = _("If you deleted your answers with this link before, they are gone for good.")
        return _message(request, 404, _("Nothing is kept under this link"), text)
    if request.method != "POST":
        context = {"study": found.study, "participant": found, "kept": withdrawal.kept(found)}
        response = _page(request, "withdraw", context)
        response["Referrer-Policy"] = "same-origin"  # with none, the form would hide its origin
        return response
    if not access.same_site(request):
        text = _("Please open the link itself and press Delete there.")
        return _message(request, 403, _("This did not come from our page"), text)
    withdrawal.withdraw(found)
    text = _("Nothing of what you answered is kept. You can close this page.")
    return _message(request, 200, _("Everything is deleted"), text)


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


def _message(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return _page(request, "message", {"title": title, "text": text}, status)


def _unknown(request: HttpRequest) -> HttpResponse:
    text = _("Please check that the address is complete, as you were given it.")
    return _message(request, 404, _("There is no such page"), text)
