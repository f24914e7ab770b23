"""Renderings with their provenance, and the gallery: scenes down, recipes across."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import action, display

from stylize.admin.owned import OwnedAdmin
from stylize.admin.pictures import full, route, thumbnail
from stylize.models import Batch, Rendering

GALLERY_SCENES = 40
LABELS = {
    "done": "success",
    "failed": "danger",
    "running": "info",
    "queued": "warning",
}


class CurrentFilter(admin.SimpleListFilter):
    title = "rendered again"
    parameter_name = "superseded"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("0", "Current"), ("1", "Superseded")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(superseded_at__isnull=self.value() == "0")


@admin.register(Rendering)
class RenderingAdmin(OwnedAdmin):
    list_display = ["picture", "scene", "recipe", "seed", "state_shown", "seconds", "finished_at"]
    list_display_links = ["picture", "scene"]
    list_filter = ["state", CurrentFilter, "recipe__method_title"]
    list_select_related = ["scene", "recipe"]
    search_fields = ["scene__name", "recipe__name"]
    actions = ["render_again", "retry"]
    actions_list = ["gallery"]
    fields = readonly_fields = [
        "large", "scene", "recipe", "seed", "state_shown", "error", "worker", "attempts",
        "created_at", "started_at", "finished_at", "supersedes", "provenance_shown",
    ]  # fmt: skip
    change_form_template = "admin/stylize/rendering_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        nothing_to_save = {"show_save": False, "show_save_and_continue": False}
        response: HttpResponse = super().change_view(request, object_id, form_url, nothing_to_save)
        return response

    @admin.display(description="Picture")
    def picture(self, rendering: Rendering) -> SafeString | str:
        return thumbnail(rendering)

    @admin.display(description="Picture")
    def large(self, rendering: Rendering) -> SafeString | str:
        return full(rendering)

    @display(description="State", ordering="state", label=LABELS)  # type: ignore[untyped-decorator]
    def state_shown(self, rendering: Rendering) -> str:
        return rendering.state

    @admin.display(description="Seconds")
    def seconds(self, rendering: Rendering) -> str:
        return f"{rendering.provenance['seconds']:.1f}" if rendering.provenance else "–"

    @admin.display(description="Provenance")
    def provenance_shown(self, rendering: Rendering) -> SafeString | str:
        if not rendering.provenance:
            return "–"
        text = json.dumps(rendering.provenance, indent=2, ensure_ascii=False)
        return format_html('<pre class="making-json">{}</pre>', text)

    @admin.action(description="Render again", permissions=["change"])
    def render_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        made = 0
        for rendering in queryset:
            try:
                rendering.again()
            except ValueError as error:
                messages.warning(request, str(error))
            else:
                made += 1
        messages.success(
            request, f"Queued: {made}. What was there stays for the studies that show it."
        )

    @admin.action(description="Retry failed and cancelled", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: Any) -> None:
        messages.success(request, f"Queued again: {queryset.queue()}.")

    @action(description="Gallery", icon="view_module", permissions=["view"])  # type: ignore[untyped-decorator]
    def gallery(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:stylize_gallery"))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        urls: list[URLPattern] = super().get_urls()
        again = wrap(require_POST(self.again_view))
        return [
            route(self),
            path("gallery/", wrap(self.gallery_view), name="stylize_gallery"),
            path("<int:pk>/again/", again, name="stylize_rendering_again"),
            *urls,
        ]

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Retry what was not made, render again what was."""
        rendering = self.get_object(request, str(pk))
        if rendering is None or not self.has_change_permission(request, rendering):
            raise Http404
        if not rendering.retry():
            try:
                rendering = rendering.again()
            except ValueError as error:
                messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:stylize_rendering_change", args=[rendering.pk]))

    def gallery_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        batches = Batch.objects.visible_to(request.user)
        chosen = request.GET.get("batch", "")
        batch = (
            batches.filter(pk=chosen).first() if chosen.isdecimal() and len(chosen) < 19 else None
        )
        everything: Any = self.get_queryset(request)
        shown = batch.renderings.all() if batch else everything.current()
        recipes, rows = shown.grid()
        return self.page(
            request,
            "admin/stylize/gallery.html",
            "Gallery",
            recipes=recipes,
            rows=rows[:GALLERY_SCENES],
            left_out=max(0, len(rows) - GALLERY_SCENES),
            batch=batch,
            batches=batches[:30],
        )
