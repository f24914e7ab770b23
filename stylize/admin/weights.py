"""Weights: imported on a page that shows what every encoder has; told apart by what they hold."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import UnfoldAdminFileFieldWidget

from stylize.admin.owned import OwnedAdmin
from stylize.models import Weights
from stylize.rendering import describe_encoders, import_weights, imported_weights

SHOWN = ["key", "variant", "deepest", "note", "sha256", "owner", "created_at"]


class ImportForm(forms.Form):
    file = forms.FileField(
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget,
        help_text="A state dict that torch.save wrote: torchvision's VGG-19, the normalised one "
        "of Gatys, AdaIN and WCT, or the distilled one.",
    )


@admin.register(Weights)
class WeightsAdmin(OwnedAdmin):
    list_display = ["key", "variant", "deepest", "hash_begins", "owner", "created_at"]
    list_select_related = ["owner"]
    fields = readonly_fields = SHOWN

    @admin.display(description="SHA-256")
    def hash_begins(self, weights: Weights) -> str:
        return f"{weights.sha256[:12]}…"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        sent = request.method == "POST"
        form = ImportForm(request.POST, request.FILES) if sent else ImportForm()
        if form.is_valid():
            try:
                weights, created = import_weights(request.user, form.cleaned_data["file"])
            except ValueError as error:
                form.add_error("file", str(error))
            else:
                told = "imported" if created else "was there already"
                messages.success(request, f"{weights} {told}. {weights.note}".strip())
                return HttpResponseRedirect(reverse("admin:stylize_weights_changelist"))
        encoders = describe_encoders(imported_weights())
        template = "admin/stylize/weights.html"
        return self.page(request, template, "Import weights", form=form, encoders=encoders)

    def delete_model(self, request: HttpRequest, obj: Weights) -> None:
        super().delete_model(request, obj)
        obj.file.delete(save=False)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = list(queryset)
        super().delete_queryset(request, queryset)
        for row in rows:
            row.file.delete(save=False)
