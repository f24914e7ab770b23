"""Studies by API: list, counts, report and answers to read; open, pause, resume, close, copy to write."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.urls import include, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from studies import dataset, lifecycle
from studies.models import Event, Study
from studies.reports import build, codebook, participants, tables
from studies.reports.progress import progress


class StudySerializer(serializers.ModelSerializer[Study]):
    scenes = serializers.SlugRelatedField("name", many=True, read_only=True)  # type: ignore[var-annotated]
    recipes = serializers.SlugRelatedField("name", many=True, read_only=True)  # type: ignore[var-annotated]
    questions = serializers.SlugRelatedField("text", many=True, read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Study
        fields = (
            "public_id",
            "title",
            "protocol",
            "state",
            "seed",
            "simulated",
            "trials_per_participant",
            "participants_planned",
            "surround",
            "blank_ms",
            "minimum_view_ms",
            "phone_layout",
            "show_references",
            "references_on_hold",
            "allow_undo",
            "scenes",
            "recipes",
            "questions",
            "created_at",
            "opened_at",
            "closed_at",
        )
        read_only_fields = fields


class StudyDetailSerializer(StudySerializer):
    progress = serializers.SerializerMethodField()

    class Meta(StudySerializer.Meta):
        fields = (*StudySerializer.Meta.fields, "progress")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    def get_progress(self, study: Study) -> dict[str, Any]:
        return progress(study).to_json()


class CsvRenderer(BaseRenderer):
    """Lets a client ask for text/csv; the lines themselves are streamed past it."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        return str(data["detail"]).encode()  # a refusal, the only thing that gets here


UNFINISHED = OpenApiParameter(
    "unfinished", bool, description="1 puts visits back that were not finished."
)


class StudyViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Study]):
    """A study that is not the caller's does not exist here: 404."""

    queryset = Study.objects.none()  # tells the schema what the path parameter is
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Any]:
        studies = Study.objects.visible_to(self.request.user)
        return studies.prefetch_related("scenes", "recipes", "questions")

    def get_serializer_class(self) -> type[StudySerializer]:
        return StudySerializer if self.action == "list" else StudyDetailSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT, parameters=[UNFINISHED])
    @action(detail=True)
    def report(self, request: Request, public_id: str) -> Response:
        """Every number of the report, as on its page."""
        unfinished = request.query_params.get("unfinished") == "1"
        return Response(build.report(self.get_object(), unfinished=unfinished).to_json())

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def answers(self, request: Request, public_id: str) -> Response:
        """Raw answers, page by page, in the order of the trials."""
        study = self.get_object()
        answers: Any = dataset.raw_answers(study)
        rows = tables.answer_objects(study, self.paginate_queryset(answers) or [])
        return self.get_paginated_response(list(rows))

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=True, url_path="answers/csv", renderer_classes=[CsvRenderer])
    def answers_csv(self, request: Request, public_id: str) -> StreamingHttpResponse:
        """All raw answers at once; the columns are those of the codebook."""
        study = self.get_object()
        columns = list(codebook.ANSWER_COLUMNS[study.protocol])
        lines = tables.lines(columns, tables.answer_rows(study))
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def events(self, request: Request, public_id: str) -> Response:
        """What happened on participants' pages beside the answers, page by page, as it came."""
        study = self.get_object()
        rows: Any = Event.objects.of(study)
        return self.get_paginated_response(
            list(dataset.events(study, self.paginate_queryset(rows) or []))
        )

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=True, url_path="participants/csv", renderer_classes=[CsvRenderer])
    def participants_csv(self, request: Request, public_id: str) -> StreamingHttpResponse:
        """One row per visit, also of who declined or withdrew."""
        study = self.get_object()
        lines = tables.lines(list(participants.columns(study)), participants.rows(study))
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")

    @extend_schema(request=None, responses=StudyDetailSerializer)
    @action(detail=True, methods=["post"], url_path="open")
    def open_study(self, request: Request, public_id: str) -> Response:
        """Draft → live; 409 with all that is missing."""
        return self._step(lifecycle.open_study)

    @extend_schema(request=None, responses=StudyDetailSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, public_id: str) -> Response:
        return self._step(lifecycle.pause)

    @extend_schema(request=None, responses=StudyDetailSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, public_id: str) -> Response:
        return self._step(lifecycle.resume)

    @extend_schema(request=None, responses=StudyDetailSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, public_id: str) -> Response:
        return self._step(lifecycle.close)

    @extend_schema(request=None, responses={201: StudyDetailSerializer})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, public_id: str) -> Response:
        made = lifecycle.copy_study(self.get_object())
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    def _step(self, step: Callable[[Study], None]) -> Response:
        """A refusal of the domain is 409, its sentence the detail."""
        study = self.get_object()
        try:
            step(study)
        except (lifecycle.IllegalTransition, lifecycle.NotReady) as error:
            body = {"detail": str(error), "problems": getattr(error, "problems", [])}
            return Response(body, status=status.HTTP_409_CONFLICT)
        return Response(self.get_serializer(study).data)


router = SimpleRouter()
router.register("studies", StudyViewSet, basename="study")
urlpatterns = [path("", include(router.urls))]
