"""The making API: rows of the one who asks, and nobody else's."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSet

from stylize.api.serializers import (
    AskAllSerializer,
    AskSerializer,
    BatchProgressSerializer,
    BatchSerializer,
    EncoderSerializer,
    ImageSerializer,
    MethodSerializer,
    RecipeSerializer,
    RenderingSerializer,
    SceneSerializer,
    TakenSerializer,
    UploadSerializer,
)
from stylize.imaging import ImageRefused
from stylize.models import Batch, Image, Recipe, Rendering, Scene
from stylize.rendering import describe, describe_encoders, imported_weights, render_all

PICTURE = {(200, "image/png"): OpenApiTypes.BINARY}
Rows = GenericViewSet[Any]
ID_DIGITS = 19  # a number of so many digits no longer fits the database's


class Visible(Rows):
    """Rows that the user may see; `scope` is what a token needs to change them."""

    scope = "write"

    def get_queryset(self) -> QuerySet[Any]:
        queryset: Any = super().get_queryset()
        return queryset.visible_to(self.request.user)  # type: ignore[no-any-return]


def _download(row: Any) -> FileResponse:
    if not row.file:
        raise Http404("There is no picture yet.")
    name = f"{row._meta.model_name}-{row.pk}.png"
    return FileResponse(row.file.open("rb"), content_type="image/png", filename=name)


class ImageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Visible):
    queryset = Image.objects.all()
    serializer_class = ImageSerializer
    parser_classes = [MultiPartParser]

    @extend_schema(
        request={"multipart/form-data": UploadSerializer}, responses={201: TakenSerializer}
    )
    def create(self, request: Request) -> Response:
        """Upload images. What is refused is named with the reason, the others are kept."""
        asked = UploadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        images, refused = [], []
        for file in asked.validated_data["files"]:
            data = file.read(settings.IMAGE_MAX_BYTES + 1)
            name = file.name.rsplit(".", 1)[0]
            try:
                images.append(
                    Image.objects.take(request.user, asked.validated_data["role"], name, data)
                )
            except ImageRefused as error:
                refused.append({"name": file.name, "reason": str(error)})
        said = TakenSerializer({"images": images, "refused": refused}).data
        code = status.HTTP_201_CREATED if images else status.HTTP_400_BAD_REQUEST
        return Response(said, status=code)

    @extend_schema(responses=PICTURE)
    @action(detail=True)
    def file(self, request: Request, pk: str) -> FileResponse:
        return _download(self.get_object())


class SceneViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, Visible
):
    queryset = Scene.objects.prefetch_related("style_rows__image", "style_rows__mask")
    serializer_class = SceneSerializer


class MethodViewSet(ViewSet):
    @extend_schema(responses=MethodSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every method with the schema of its parameters."""
        return Response(MethodSerializer(describe(imported_weights()), many=True).data)


class EncoderViewSet(ViewSet):
    @extend_schema(responses=EncoderSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every encoder that a recipe may name, and whether its weights are there."""
        return Response(EncoderSerializer(describe_encoders(imported_weights()), many=True).data)


class RecipeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, Visible
):
    queryset = Recipe.objects.all()
    serializer_class = RecipeSerializer


class BatchViewSet(mixins.ListModelMixin, Visible):
    queryset = Batch.objects.all()
    serializer_class = BatchSerializer
    scope = "render"

    @extend_schema(responses=BatchProgressSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """A batch and how far it is."""
        return Response(BatchProgressSerializer(self.get_object()).data)

    @extend_schema(request=AskSerializer, responses={201: BatchProgressSerializer})
    def create(self, request: Request) -> Response:
        """Render scenes × recipes."""
        said = self._said(AskSerializer, request)
        batch = Batch.objects.ask(
            request.user, said["scenes"], said["recipes"], said["seed"], said["name"]
        )
        return Response(BatchProgressSerializer(batch).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AskAllSerializer, responses={201: BatchProgressSerializer})
    @action(detail=False, methods=["post"], url_path="render-all")
    def render_all(self, request: Request) -> Response:
        """Render scenes with the default recipe of every method."""
        said = self._said(AskAllSerializer, request)
        batch = render_all(request.user, said["scenes"], said["size"], said["seed"])
        return Response(BatchProgressSerializer(batch).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=BatchProgressSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop what is not made yet and no other batch wants."""
        self.get_object().cancel()
        return Response(BatchProgressSerializer(self.get_object()).data)

    @extend_schema(request=None, responses=BatchProgressSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Queue the failed renderings again."""
        batch = self.get_object()
        batch.retry_failed()
        return Response(BatchProgressSerializer(batch).data)

    def _said(self, kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        asked = kind(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        said: dict[str, Any] = asked.validated_data
        return said


class RenderingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Visible):
    queryset = Rendering.objects.all()
    serializer_class = RenderingSerializer
    scope = "render"
    FILTERS = {"batch": "batches", "scene": "scene", "recipe": "recipe", "state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        for name, column in self.FILTERS.items():
            if value := self.request.GET.get(name):
                if name != "state" and not (value.isdecimal() and len(value) < ID_DIGITS):
                    raise serializers.ValidationError({name: f"came {value!r}, must be an id"})
                queryset = queryset.filter(**{column: value})
        return queryset

    @extend_schema(
        parameters=[OpenApiParameter(name, str if name == "state" else int) for name in FILTERS]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=PICTURE)
    @action(detail=True)
    def file(self, request: Request, pk: str) -> FileResponse:
        return _download(self.get_object())

    @extend_schema(request=None, responses={201: RenderingSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: str) -> Response:
        """Render again: a new rendering supersedes this one, which is kept."""
        try:
            new = self.get_object().again()
        except ValueError as error:
            raise serializers.ValidationError({"detail": str(error)}) from error
        return Response(RenderingSerializer(new).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=RenderingSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Queue a failed or cancelled rendering again."""
        rendering = self.get_object()
        if not rendering.retry():
            state = rendering.state
            raise serializers.ValidationError(
                {"detail": f"The rendering is {state}; only a failed or cancelled one is retried."}
            )
        rendering.refresh_from_db()
        return Response(RenderingSerializer(rendering).data)
