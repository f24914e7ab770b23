"""One structured line per request: the route's name, never its path, query string or address."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

logger = logging.getLogger("paragone.request")


class NoAddresses(logging.Filter):
    """Gunicorn tells of a malformed request with its sender's address and its first line."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = str(record.msg)
        if message.startswith("Invalid request"):
            record.msg, record.args = "malformed request refused", ()
        elif message.startswith("Error handling request"):
            record.msg, record.args = "request failed outside the site's code", ()
        return True


class RequestLog:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        if response.status_code >= 400 or logger.isEnabledFor(logging.DEBUG):
            match = request.resolver_match
            logger.log(
                logging.ERROR if response.status_code >= 500 else logging.INFO,
                "request",
                extra={
                    "route": (match.view_name or match.route) if match else "none",
                    "method": request.method,
                    "status": response.status_code,
                    "ms": round(1000 * (time.perf_counter() - begun), 1),
                },
            )
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        match = request.resolver_match
        logger.error(
            "unhandled exception",
            exc_info=exception,
            extra={"route": match.view_name if match else "none"},
        )
