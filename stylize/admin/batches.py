"""Batches: asked for on one page, watched live on another."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from stylize.admin.owned import OwnedAdmin
from stylize.models import Batch, Recipe, Scene, Worker
from stylize.rendering import render_all

FAILURES_SHOWN = 50


class AskForm(forms.Form):
    scenes = forms.ModelMultipleChoiceField(
        Scene.objects.none(), widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    recipes = forms.ModelMultipleChoiceField(
        Recipe.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None chosen: every method, with its default recipe of the size below.",
    )
    size = forms.IntegerField(
        min_value=16,
        max_value=settings.RECIPE_MAX_SIZE,
        initial=512,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Longer side in px of the default recipes.",
    )
    seed = forms.IntegerField(min_value=0, initial=0, widget=UnfoldAdminIntegerFieldWidget)
    name = forms.CharField(max_length=120, required=False, widget=UnfoldAdminTextInputWidget)

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows: dict[str, Any] = {"scenes": Scene.objects, "recipes": Recipe.objects.with_method()}
        for name, queryset in rows.items():
            field: Any = self.fields[name]
            field.queryset = queryset.visible_to(user)

    def ask(self, user: Any) -> Batch:
        said = self.cleaned_data
        if not said["recipes"]:
            return render_all(user, said["scenes"], said["size"], said["seed"])
        return Batch.objects.ask(user, said["scenes"], said["recipes"], said["seed"], said["name"])


@admin.register(Batch)
class BatchAdmin(OwnedAdmin):
    list_display = ["__str__", "made", "failures", "owner", "created_at", "cancelled_at"]
    list_select_related = ["owner"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset: Any = super().get_queryset(request)
        return queryset.with_counts()  # type: ignore[no-any-return]

    @admin.display(description="Made")
    def made(self, batch: Any) -> SafeString:
        bar = '<progress class="making-bar" value="{}" max="{}"></progress> {} of {}'
        most = max(1, batch.total_n)
        return format_html(bar, batch.total_n - batch.left_n, most, batch.done_n, batch.total_n)

    @admin.display(description="Failed", ordering="failed_n")
    def failures(self, batch: Any) -> int:
        return int(batch.failed_n)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        urls: list[URLPattern] = super().get_urls()
        return [
            path("<int:pk>/live/", wrap(self.live_view), name="stylize_batch_live"),
            path(
                "<int:pk>/cancel/",
                wrap(require_POST(self.cancel_view)),
                name="stylize_batch_cancel",
            ),
            path(
                "<int:pk>/retry/", wrap(require_POST(self.retry_view)), name="stylize_batch_retry"
            ),
            *urls,
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        initial = {name: request.GET.getlist(name) for name in ("scenes", "recipes")}
        form = AskForm(request.user, request.POST or None, initial=initial)
        if not form.is_valid():
            return self.page(request, "admin/stylize/ask.html", "Render", form=form)
        batch = form.ask(request.user)
        return HttpResponseRedirect(reverse("admin:stylize_batch_change", args=[batch.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = self._shown(self._batch(request, object_id))
        return self.page(request, "admin/stylize/batch.html", str(context["batch"]), **context)

    def live_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        context = self._shown(self._batch(request, str(pk)))
        return TemplateResponse(request, "admin/stylize/_progress.html", context)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self._batch(request, str(pk), change=True)
        stopped = batch.cancel()
        messages.info(request, f"Cancelled: {stopped} renderings will not be made.")
        return HttpResponseRedirect(reverse("admin:stylize_batch_change", args=[pk]))

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All failed ones, or the one that is named."""
        failed = self._batch(request, str(pk), change=True).renderings.failed()
        if one := request.POST.get("rendering"):
            failed = failed.filter(pk=one) if one.isdecimal() and len(one) < 19 else failed.none()
        messages.info(request, f"Queued again: {failed.queue()}.")
        return HttpResponseRedirect(reverse("admin:stylize_batch_change", args=[pk]))

    def _batch(self, request: HttpRequest, pk: str, change: bool = False) -> Batch:
        allowed = self.has_change_permission if change else self.has_view_permission
        if not allowed(request):
            raise PermissionDenied
        batch = self.get_object(request, pk)
        if not isinstance(batch, Batch):
            raise Http404("There is no such batch.")
        return batch

    def _shown(self, batch: Batch) -> dict[str, Any]:
        failed = batch.renderings.failed().select_related("scene", "recipe")
        return {
            "batch": batch,
            "progress": batch.progress(),
            "failed": failed[:FAILURES_SHOWN],
            "running": batch.renderings.filter(state="running").select_related("scene", "recipe"),
            "worker_alive": Worker.objects.alive().exists(),
        }
