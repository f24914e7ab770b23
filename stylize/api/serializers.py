"""What the making API says and takes."""

from typing import Any

from django.conf import settings
from django.db import transaction
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from stylize.models import Batch, Image, Recipe, Rendering, Scene
from stylize.rendering import fill


class VisibleField(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]
    """A row's id; to somebody else's rows it says that there is none."""

    def get_queryset(self) -> Any:
        queryset: Any = super().get_queryset()
        return queryset.visible_to(self.context["request"].user)


class OwnedSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    """Names are unique per owner, and the owner is who asks."""

    def validate_name(self, name: str) -> str:
        model: Any = self.Meta.model
        rows = model.objects.filter(owner=self.context["request"].user, name=name)
        if rows.exclude(pk=getattr(self.instance, "pk", None)).exists():
            raise serializers.ValidationError(
                f"You have a {model._meta.verbose_name} of this name."
            )
        return name

    def create(self, validated_data: dict[str, Any]) -> Any:
        return super().create({**validated_data, "owner": self.context["request"].user})


class ImageSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Image
        fields = ["id", "role", "name", "width", "height", "sha256", "created_at"]
        read_only_fields = fields


class UploadSerializer(serializers.Serializer):  # type: ignore[type-arg]
    role = serializers.ChoiceField(
        choices=Image.Role.choices,
        help_text="mask: a PNG with one label per pixel; depth: a grey PNG of 8 or 16 bits, "
        "black near and white far.",
    )
    # An empty file is refused by name like every other that is no picture.
    files = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), min_length=1, max_length=500
    )


class RefusedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField()
    reason = serializers.CharField()


class TakenSerializer(serializers.Serializer):  # type: ignore[type-arg]
    images = ImageSerializer(many=True)
    refused = RefusedSerializer(many=True)


class SceneSerializer(OwnedSerializer):
    content = VisibleField(queryset=Image.objects.filter(role="content"))
    styles = VisibleField(
        queryset=Image.objects.filter(role="style"),
        many=True,
        allow_empty=False,
        source="style_images",
    )
    content_mask = VisibleField(
        queryset=Image.objects.filter(role="mask"), required=False, allow_null=True
    )
    style_masks = serializers.ListField(
        child=VisibleField(queryset=Image.objects.filter(role="mask"), allow_null=True),
        required=False,
        help_text="One for each of `styles`, null for a style without a mask.",
    )
    depth_map = VisibleField(
        queryset=Image.objects.filter(role="depth"), required=False, allow_null=True
    )

    class Meta:
        model = Scene
        fields = [
            "id", "name", "content", "styles", "content_mask", "style_masks", "depth_map", "tags",
        ]  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        Scene(content=attrs["content"], depth_map=attrs.get("depth_map")).clean()
        styles = attrs["style_images"]
        if len(set(styles)) < len(styles):
            raise serializers.ValidationError({"styles": "Each style may be named once."})
        if (masks := len(attrs.get("style_masks", styles))) != len(styles):
            raise serializers.ValidationError(
                {"style_masks": f"Came {masks} for {len(styles)} styles; one for each, or null."}
            )
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Scene:
        styles = validated_data.pop("style_images"), validated_data.pop("style_masks", ())
        scene: Scene = super().create(validated_data)
        scene.set_styles(*styles)
        return scene


class RecipeSerializer(OwnedSerializer):
    """`parameters` may be left out in part, `queue` altogether: the method's own are taken."""

    method = serializers.CharField()
    parameters = serializers.DictField(default=dict)
    postprocess = serializers.ListField(child=serializers.CharField(), default=list)
    encoder = serializers.CharField(default="pyramid")
    queue = serializers.ChoiceField(choices=["cpu", "gpu"], required=False)

    class Meta:
        model = Recipe
        fields = [
            "id", "name", "method", "method_title", "citation", "parameters", "encoder",
            "postprocess", "size", "queue", "created_at",
        ]  # fmt: skip
        read_only_fields = ["method_title", "citation", "created_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            filled = fill(Recipe(**attrs), attrs.get("queue", ""))
        except ValueError as error:
            about = str(error).partition(":")[0]
            field = about if about in ("method", "encoder", "postprocess") else "parameters"
            raise serializers.ValidationError({field: str(error)}) from error
        return attrs | {name: getattr(filled, name) for name in (*Recipe.FIXED, *Recipe.COPIED)}


class ParameterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=["int", "float", "bool", "str"])
    default = serializers.JSONField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField(), allow_null=True)
    help = serializers.CharField()


class MethodSerializer(serializers.Serializer):  # type: ignore[type-arg]
    key = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    citation = serializers.CharField()
    first_author = serializers.CharField()
    year = serializers.IntegerField()
    needs = serializers.ListField(child=serializers.CharField())
    queue = serializers.CharField()
    state = serializers.CharField()
    parameters = ParameterSerializer(many=True)


class EncoderSerializer(serializers.Serializer):  # type: ignore[type-arg]
    key = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()


class ProgressSerializer(serializers.Serializer):  # type: ignore[type-arg]
    total = serializers.IntegerField()
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    fraction = serializers.FloatField()
    per_minute = serializers.FloatField(allow_null=True)
    seconds_left = serializers.FloatField(allow_null=True)


class BatchSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Batch
        fields = ["id", "name", "left_out", "created_at", "cancelled_at"]
        read_only_fields = fields


class BatchProgressSerializer(BatchSerializer):
    progress = serializers.SerializerMethodField()

    class Meta(BatchSerializer.Meta):
        fields = [*BatchSerializer.Meta.fields, "progress"]
        read_only_fields = fields

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, batch: Batch) -> Any:
        return ProgressSerializer(batch.progress()).data


class AskSerializer(serializers.Serializer):  # type: ignore[type-arg]
    scenes = VisibleField(queryset=Scene.objects.all(), many=True, allow_empty=False)
    recipes = VisibleField(queryset=Recipe.objects.all(), many=True, allow_empty=False)
    seed = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)
    name = serializers.CharField(max_length=120, default="", allow_blank=True)


class AskAllSerializer(serializers.Serializer):  # type: ignore[type-arg]
    scenes = VisibleField(queryset=Scene.objects.all(), many=True, allow_empty=False)
    size = serializers.IntegerField(min_value=16, max_value=settings.RECIPE_MAX_SIZE, default=512)
    seed = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)


class RenderingSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Rendering
        fields = [
            "id", "scene", "recipe", "seed", "state", "progress", "attempts", "error", "worker",
            "created_at", "started_at", "finished_at", "supersedes", "superseded_at",
            "width", "height", "sha256", "provenance",
        ]  # fmt: skip
        read_only_fields = fields
