"""Scenes: pairs of pictures, made many at once, and rendered by all methods at one press."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from stylize.admin import masks
from stylize.admin.owned import OwnedAdmin, offer_visible
from stylize.admin.pictures import thumbnail
from stylize.models import Image, Scene, SceneStyle
from stylize.rendering import render_all

PICTURES = ("content", "content_mask", "depth_map")


class CrossForm(forms.Form):
    contents = forms.ModelMultipleChoiceField(Image.objects.none())
    styles = forms.ModelMultipleChoiceField(Image.objects.none())
    tags = forms.CharField(
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kinds, comma-separated: photo → painting, portrait",
    )

    def __init__(self, images: QuerySet[Any], *args: Any) -> None:
        super().__init__(*args)
        for name, role in (("contents", "content"), ("styles", "style")):
            field: Any = self.fields[name]
            field.queryset = images.filter(role=role)


class StyleInline(TabularInline):
    """The styles in their order, each with its mask; who may change the scene may change these."""

    model = SceneStyle
    verbose_name, verbose_name_plural = "style", "styles"
    fields = ("image", "mask")
    extra, min_num = 0, 1

    def get_formset(self, request: HttpRequest, obj: Scene | None = None, **kwargs: Any) -> Any:
        may = self.has_change_permission(request, obj)
        return super().get_formset(request, obj, validate_min=may, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Scene | None = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Scene | None = None) -> bool:
        verb = "add" if obj is None else "change"
        may: bool = request.user.has_perm(f"stylize.{verb}_scene")
        return may and not (obj and obj.rendered)

    has_add_permission = has_delete_permission = has_change_permission

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        offer_visible(db_field, request, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Scene)
class SceneAdmin(OwnedAdmin):
    list_display = ["pictures", "name", "masks_shown", "tags", "owner", "created_at"]
    list_display_links = ["pictures", "name"]
    list_select_related = ["content", "owner"]
    search_fields = ["name", "tags"]
    fields = ["pictures", "name", *PICTURES, "tags"]
    actions = ["render_all_methods", "render_recipes"]
    actions_list = ["make_scenes"]
    actions_detail = ["open_masks"]
    inlines = [StyleInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("style_rows__image")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What was rendered keeps its pictures: a rendering tells of them, and so may a study."""
        fixed = isinstance(obj, Scene) and obj.rendered
        return ["pictures", *(PICTURES if fixed else ())]

    @admin.display(description="Content and style")
    def pictures(self, scene: Scene) -> SafeString | str:
        if scene.pk is None:
            return "–"
        images = [scene.content, *scene.style_images]
        rows = format_html_join("", "{}", ((thumbnail(image),) for image in images))
        return format_html('<span class="making-pair">{}</span>', rows)

    @admin.display(description="Masks")
    def masks_shown(self, scene: Scene) -> SafeString:
        return masks.link(scene)

    @action(description="Masks", icon="brush", permissions=["view"])  # type: ignore[untyped-decorator]
    def open_masks(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:stylize_scene_masks", args=[object_id]))

    @admin.action(description="Render all methods", permissions=["change"])
    def render_all_methods(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponseRedirect:
        batch = render_all(request.user, queryset)
        return HttpResponseRedirect(reverse("admin:stylize_batch_change", args=[batch.pk]))

    @admin.action(description="Render with chosen recipes or size …", permissions=["change"])
    def render_recipes(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseRedirect:
        chosen = urlencode({"scenes": list(queryset.values_list("pk", flat=True))}, doseq=True)
        return HttpResponseRedirect(f"{reverse('admin:stylize_batch_add')}?{chosen}")

    @action(description="Contents × styles", icon="grid_view", permissions=["add"])  # type: ignore[untyped-decorator]
    def make_scenes(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:stylize_scene_cross"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.cross_view)
        urls: list[URLPattern] = super().get_urls()
        return [path("cross/", view, name="stylize_scene_cross"), *masks.routes(self), *urls]

    def cross_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = CrossForm(Image.objects.visible_to(request.user), request.POST or None)
        if not form.is_valid():
            return self.page(request, "admin/stylize/cross.html", "Make scenes", form=form)
        said = form.cleaned_data
        scenes = Scene.objects.cross(request.user, said["contents"], said["styles"], said["tags"])
        messages.success(
            request, f"{len(scenes)} scene{'s are' if len(scenes) > 1 else ' is'} there."
        )
        return HttpResponseRedirect(reverse("admin:stylize_scene_changelist"))
