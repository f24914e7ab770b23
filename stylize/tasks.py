"""Celery: claim a rendering, have it made, store what came out."""

import logging
import secrets
import threading
from typing import Any, Self

from billiard.process import current_process
from celery import shared_task
from django.db import DatabaseError, InterfaceError, connection

from stylize import rendering as studio
from stylize.models import Rendering
from stylize.record import Cancelled

logger = logging.getLogger(__name__)
RENEW_SECONDS = 1.0  # a lease lasts 20 s; a cancelled batch should stop sooner than that


@shared_task(bind=True)
def render(self: Any, pk: int) -> None:
    """Make one rendering, unless somebody else has it; safe to be sent twice."""
    token = secrets.token_hex(16)
    if not Rendering.objects.claim(pk, self.request.hostname or "here", token):
        return
    rendering = Rendering.objects.select_related("scene__content", "recipe").get(pk=pk)
    with Lease(rendering, token) as lease:
        try:
            process = getattr(current_process(), "index", 0)
            picture = studio.render(rendering, lease.progress, process)
        except Cancelled:
            logger.info("rendering stopped", extra={"rendering": pk})
        except Exception as error:
            logger.exception("rendering failed", extra={"rendering": pk})
            rendering.fail(token, _reason(error))
        else:
            rendering.finish(token, picture.png, picture.thumbnail, picture.said)


def _reason(error: Exception) -> str:
    return str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"


class Lease:
    """Renews a claim from a thread while the work goes on; stops the work once it is lost."""

    def __init__(self, rendering: Rendering, token: str) -> None:
        self.rendering, self.token = rendering, token
        self.fraction = 0.0
        self.lost, self.over = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.over.set()
        self.thread.join()

    def progress(self, fraction: float) -> None:
        self.fraction = fraction
        if self.lost.is_set():
            raise Cancelled

    def _keep(self) -> None:
        while not self.over.wait(RENEW_SECONDS):
            try:
                if not self.rendering.renew(self.token, self.fraction):
                    self.lost.set()
                    break
            except (DatabaseError, InterfaceError) as error:
                # A busy or absent database for a moment: the lease outlasts several attempts.
                logger.warning("lease not renewed", extra={"reason": str(error)})
                connection.close()
        connection.close()
