"""A site to visit and a browser to visit it with; a page that complains fails its test."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import modules
from tests.browser.modules import Run

# Playwright's sync API runs an event loop in this thread; the ORM would refuse to work beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
LAPTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 768}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "has_touch": True,
    "is_mobile": True,
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def run(browser: Browser) -> Iterator[Run]:
    with modules.runner(browser) as made:
        yield made


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The site as it is served, in a thread of its own: hashed static files, no debug.

    SQLite in memory is one connection for all threads, so requests take turns there.
    """
    shared = {
        alias: connections[alias]
        for alias in connections
        if connections[alias].vendor == "sqlite" and connections[alias].is_in_memory_db()
    }
    turn = threading.RLock() if shared else None
    for connection in shared.values():
        connection.inc_thread_sharing()
    server = LiveServerThread("127.0.0.1", lambda handler: _in_turn(handler, turn), shared)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://127.0.0.1:{server.port}"
    # Sharing goes on: a kept-alive request's thread closes its connections when the browser leaves.
    server.terminate()


def _in_turn(handler: Callable[..., Any], turn: Any) -> Callable[..., Any]:
    def handle(environ: Any, start_response: Any) -> Any:
        if turn is None:
            return handler(environ, start_response)
        with turn:
            return handler(environ, start_response)

    return handle


@dataclass
class Visitor:
    """Somebody with a browser, and what their pages complained about."""

    browser: Browser
    site: str
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    forgiven: tuple[str, ...] = ()

    def context(self, **options: Any) -> BrowserContext:
        made = self.browser.new_context(**options)
        made.set_default_timeout(8000)
        made.on("page", self._watch)
        self.contexts.append(made)
        return made

    def page(self, context: BrowserContext | None = None, **options: Any) -> Page:
        return (context or self.context(**options)).new_page()

    def _watch(self, page: Page) -> None:
        host = urlsplit(self.site).netloc
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on(
            "console",
            lambda line: (
                self.complaints.append(f"console: {line.text}")
                if line.type in ("error", "warning")
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                self.complaints.append(f"elsewhere: {request.url}")
                if request.url.startswith("http") and urlsplit(request.url).netloc != host
                else None
            ),
        )

    def unforgiven(self) -> list[str]:
        return [line for line in self.complaints if not any(part in line for part in self.forgiven)]


@pytest.fixture
def visitor(browser: Browser, site: str) -> Iterator[Visitor]:
    """No console error, no policy violation, no request to another host is let through."""
    made = Visitor(browser, site)
    yield made
    for context in made.contexts:
        context.close()
    assert made.unforgiven() == []
