"""The pages: dashboard, report, and the pictures on them."""

from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from studies.models import Study
from studies.reports import build, page
from studies.reports.progress import over_time
from studies.reports.progress import progress as progress_of
from studies.researcher.access import own_study
from stylize import imaging


@require_safe
@own_study
def dashboard(request: HttpRequest, study: Study) -> HttpResponse:
    return render(request, "researcher/dashboard.html", _progress(request, study))


@require_safe
@own_study
def progress(request: HttpRequest, study: Study) -> HttpResponse:
    """The changing part of the dashboard, fetched again and again while a study is live."""
    return render(request, "researcher/_progress.html", _progress(request, study))


def _progress(request: HttpRequest, study: Study) -> dict[str, object]:
    return {
        "here": "dashboard",
        "study": study,
        "progress": progress_of(study),
        "over_time": over_time(study),
        "link": request.build_absolute_uri(reverse("participant:start", args=[study.public_id])),
        "questions": study.questions.all(),
    }


@require_safe
@own_study
def report(request: HttpRequest, study: Study) -> HttpResponse:
    built = build.report(study, unfinished=wants_unfinished(request))
    context = {
        "here": "report",
        "study": study,
        "report": built,
        "sections": page.sections(study, built),
        "query": "?unfinished=1" if built.unfinished else "",
    }
    return render(request, "reports/report.html", context)


def wants_unfinished(request: HttpRequest) -> bool:
    """`?unfinished=1` puts back visits that were not finished."""
    return request.GET.get("unfinished") == "1"


@require_safe
@own_study
def picture(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    stimulus = get_object_or_404(study.stimuli.select_related("rendering"), pk=pk)
    if stimulus.rendering and stimulus.rendering.thumbnail and not _full(request):
        return _kept(_bytes(stimulus.rendering.thumbnail), imaging.THUMBNAIL_TYPE)
    return _image(request, stimulus.file)


@require_safe
@own_study
def reference(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    return _image(request, get_object_or_404(study.references, pk=pk).file)


def _full(request: HttpRequest) -> bool:
    return request.GET.get("full") == "1"


def _image(request: HttpRequest, stored: FieldFile) -> HttpResponse:
    """The picture itself with `?full=1`, else a thumbnail."""
    data = _bytes(stored)
    if _full(request):
        return _kept(data, "image/png")
    return _kept(imaging.thumbnail(imaging.read(data)), imaging.THUMBNAIL_TYPE)


def _bytes(stored: FieldFile) -> bytes:
    with stored.open("rb") as file:
        return bytes(file.read())


def _kept(data: bytes, kind: str) -> HttpResponse:
    """Kept by the owner's browser only."""
    response = HttpResponse(data, content_type=kind)
    response["Cache-Control"] = "private, max-age=3600"
    return response
