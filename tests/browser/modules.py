"""One script of ours alone in a page: served from the collected static files, without the site."""

import mimetypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from playwright.sync_api import Browser, Route

# A localhost is a secure context; a lab's plain http is not: no crypto.subtle, no randomUUID.
SECURE, PLAIN = "http://localhost", "http://lab.example"
Run = Callable[..., Any]


def _serve(route: Route) -> None:
    path = urlsplit(route.request.url).path
    if path == "/":
        route.fulfill(body="<!doctype html><title>modules</title>", content_type="text/html")
        return
    file = Path(settings.STATIC_ROOT) / path.removeprefix("/static/")
    kind = mimetypes.guess_type(file.name)[0] or "text/plain"
    route.fulfill(body=file.read_bytes(), content_type=kind)


@contextmanager
def runner(browser: Browser) -> Iterator[Run]:
    """`run("sha256.js", "m => m.sha256(…)", argument)` in a page of the given origin."""
    context = browser.new_context()
    context.route("**/*", _serve)
    pages = {origin: context.new_page() for origin in (SECURE, PLAIN)}
    for origin, page in pages.items():
        page.goto(origin + "/")

    def run(module: str, function: str, argument: Any = None, origin: str = SECURE) -> Any:
        script = f"async x => ({function})(await import('/static/js/{module}'), x)"
        return pages[origin].evaluate(script, argument)

    yield run
    context.close()
