"""/livez: the process answers. /healthz: database, broker, storage and workers, each named."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from evalsite.celery import app
from stylize.models import Worker

logger = logging.getLogger(__name__)
WORKER_SILENT_AFTER = timedelta(seconds=30)


def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def healthz(request: HttpRequest) -> JsonResponse:
    results = {name: _probe(name, check) for name, check in CHECKS.items()}
    body: dict[str, object] = {
        name: "ok" if not error else "failed" for name, error in results.items()
    }
    # Who asks is known from the database alone: without it nobody is told more.
    if not results["database"] and request.user.is_staff:
        body["details"] = {name: error for name, error in results.items() if error}
    return JsonResponse(body, status=503 if any(results.values()) else 200)


def _probe(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:  # noqa: BLE001  whatever a driver raises is the finding
        logger.warning("health check failed", extra={"check": name, "reason": str(error)})
        return f"{type(error).__name__}: {error}"
    return ""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    with app.connection_for_write(transport_options={"socket_connect_timeout": 2}) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


def _storage() -> None:
    name = default_storage.save("health/probe", ContentFile(b"ok"))
    default_storage.delete(name)


def _worker() -> None:
    latest = Worker.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()
    if latest is None:
        raise LookupError("no worker has ever reported")
    silent = timezone.now() - latest
    if silent > WORKER_SILENT_AFTER:
        raise TimeoutError(f"the last heart-beat of a worker is {silent.total_seconds():.0f} s old")


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "broker": _broker,
    "storage": _storage,
    "worker": _worker,
}
