"""Who may do what: a visit's secret in a header opens its API, and begins it.

No browser sends this header for another site's page, so it also stands for the CSRF cookie.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from studies.answers import AnswerRefused
from studies.models import Participant, Trial

BODY_MAX = 64 * 1024
DRAWN = re.compile(r"[\w-]{32,64}", re.ASCII)  # base64url of 24 bytes or more

Handler = Callable[[Participant, Mapping[str, Any]], HttpResponse]


class Refused(Exception):
    """A request that is turned away, in one sentence."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def visit_api(method: str) -> Callable[[Handler], Callable[..., HttpResponse]]:
    """Open a view to whoever holds the visit's secret, and turn refusals into JSON."""

    def decorate(handler: Handler) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @require_http_methods([method])
        @wraps(handler)
        def view(request: HttpRequest, public_id: str) -> HttpResponse:
            try:
                response = handler(_holder(request, public_id), _body(request))
            except Refused as refusal:
                response = JsonResponse({"error": str(refusal)}, status=refusal.status)
            except AnswerRefused as refusal:
                response = JsonResponse({"error": str(refusal)}, status=400)
            response["Cache-Control"] = "no-store"
            return response

        return view

    return decorate


def trial_of(participant: Participant, public_id: str) -> Trial:
    """The participant's trial of that id, ready to be answered without another query."""
    require_consent(participant)
    try:
        trial = participant.trials.only("participant", "slot", "addresses").get(public_id=public_id)
    except Trial.DoesNotExist as error:
        raise Refused(404, "trial: is none of this visit") from error
    return trial


def require_consent(participant: Participant) -> None:
    if participant.state in (Participant.State.STARTED, Participant.State.DECLINED):
        raise Refused(409, "consent: must be given before anything is stored")


def drawn_secret(request: HttpRequest) -> str:
    """The secret that our start page drew for a new visit; empty if this did not come from it."""
    secret = request.headers.get("X-Visit-Secret", "")
    return secret if DRAWN.fullmatch(secret) else ""


def same_site(request: HttpRequest) -> bool:
    """Whether a form came from our own page; what tells nothing about itself did not."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    origin = request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.get_host()


def _holder(request: HttpRequest, public_id: str) -> Participant:
    secret = request.headers.get("X-Visit-Secret", "")
    found = Participant.objects.visiting(public_id)
    if found is None or not found.knows(secret):
        raise Refused(403, "X-Visit-Secret: does not open this visit")
    return found


def _body(request: HttpRequest) -> Mapping[str, Any]:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > BODY_MAX:
        raise Refused(413, f"body: must be at most {BODY_MAX} bytes")
    if length == "0":
        return {}
    if request.content_type != "application/json":
        raise Refused(415, "Content-Type: must be application/json")
    try:
        body = json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "body: must be JSON") from error
    if not isinstance(body, dict):
        raise Refused(400, f"body: must be an object, got {type(body).__name__}")
    return body


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
