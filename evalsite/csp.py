"""A strict policy and no referrer on every participant route.

Not on the rest: unfold's Alpine cannot live with the policy, and signing in needs the referrer's origin.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class ContentSecurityPolicy:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match and match.namespace == "participant":
            response["Content-Security-Policy"] = POLICY
            response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response
