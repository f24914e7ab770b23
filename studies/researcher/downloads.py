"""What can be taken home: JSON, CSV, plots."""

from collections.abc import Iterable
from typing import TypeVar

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from studies.models import Study
from studies.reports import build, codebook, participants, plots, tables
from studies.researcher.access import own_study
from studies.researcher.views import wants_unfinished

Response = TypeVar("Response", bound=HttpResponseBase)


@require_safe
@own_study
def report_json(request: HttpRequest, study: Study) -> JsonResponse:
    body = build.report(study, unfinished=wants_unfinished(request)).to_json()
    options = {"indent": 2, "allow_nan": False, "ensure_ascii": False}
    response = JsonResponse(body, json_dumps_params=options)
    return _named(response, study, "report.json")


@require_safe
@own_study
def ranking_csv(request: HttpRequest, study: Study) -> StreamingHttpResponse:
    built = build.report(study, unfinished=wants_unfinished(request))
    columns = list(codebook.RANKING_COLUMNS)
    return _csv(tables.lines(columns, tables.ranking_rows(built)), study, "ranking.csv")


@require_safe
@own_study
def answers_csv(request: HttpRequest, study: Study) -> StreamingHttpResponse:
    columns = list(codebook.ANSWER_COLUMNS[study.protocol])
    return _csv(tables.lines(columns, tables.answer_rows(study)), study, "answers.csv")


@require_safe
@own_study
def participants_csv(request: HttpRequest, study: Study) -> StreamingHttpResponse:
    columns = list(participants.columns(study))
    return _csv(tables.lines(columns, participants.rows(study)), study, "participants.csv")


@require_safe
@own_study
def codebook_csv(request: HttpRequest, study: Study) -> StreamingHttpResponse:
    rows = codebook.rows(study.protocol, participants.columns(study))
    return _csv(tables.lines(["file", "column", "meaning"], rows), study, "codebook.csv")


@require_safe
@own_study
def plot_svg(request: HttpRequest, study: Study, position: int, name: str) -> HttpResponse:
    built = build.report(study, unfinished=wants_unfinished(request))
    finding = next((one for one in built.findings if one.position == position), None)
    if finding is None or finding.reason or name not in ("forest", "wins"):
        raise Http404
    if name == "wins":
        svg = plots.win_matrix(finding.ranking)
    else:
        svg = plots.forest(finding.ranked, logits=study.protocol != "rating_scale")
    return _named(HttpResponse(svg, content_type="image/svg+xml"), study, f"{name}-{position}.svg")


def _csv(lines: Iterable[str], study: Study, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    return _named(response, study, name)


def _named(response: Response, study: Study, name: str) -> Response:
    response["Content-Disposition"] = f'attachment; filename="{study.public_id}-{name}"'
    return response
