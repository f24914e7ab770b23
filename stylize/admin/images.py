"""Images: a list with thumbnails, and a page that takes many files at once."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminRadioSelectWidget

from stylize.admin.owned import OwnedAdmin
from stylize.admin.pictures import full, route, thumbnail
from stylize.imaging import ImageRefused
from stylize.models import Image

LIMIT = settings.IMAGE_MAX_BYTES + 1  # one more than allowed is enough to refuse a file


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files; what they hold, nothing included, is judged one by one afterwards."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        return [super(ManyFilesField, self).clean(one, initial) for one in data or [None]]


class UploadForm(forms.Form):
    role = forms.ChoiceField(
        choices=Image.Role.choices,
        initial=Image.Role.CONTENT,
        widget=UnfoldAdminRadioSelectWidget,
        help_text="A mask is a PNG with one label per pixel. A depth map is a grey PNG of 8 or 16 "
        "bits: black is near, white is far.",
    )
    pictures = ManyFilesField(
        allow_empty_file=True, help_text="JPEG, PNG, WebP, TIFF or BMP; several at once."
    )


@admin.register(Image)
class ImageAdmin(OwnedAdmin):
    list_display = ["picture", "name", "role", "pixels", "owner", "created_at"]
    list_display_links = ["picture", "name"]
    list_filter = ["role"]
    list_select_related = ["owner"]
    search_fields = ["name"]
    fields = ["large", "name", "role", "pixels", "sha256", "created_at"]
    readonly_fields = ["large", "role", "pixels", "sha256", "created_at"]

    @admin.display(description="Picture")
    def picture(self, image: Image) -> SafeString | str:
        return thumbnail(image)

    @admin.display(description="Picture")
    def large(self, image: Image) -> SafeString | str:
        return full(image)

    @admin.display(description="Size", ordering="width")
    def pixels(self, image: Image) -> str:
        return f"{image.width} × {image.height} px"

    def get_urls(self) -> list[URLPattern]:
        return [route(self), *super().get_urls()]

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        super().delete_model(request, obj)
        obj.remove_files()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        images = list(queryset)
        super().delete_queryset(request, queryset)
        for image in images:
            image.remove_files()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        initial = {"role": request.GET.get("role", Image.Role.CONTENT)}
        form = UploadForm(request.POST or None, request.FILES or None, initial=initial)
        if not form.is_valid():
            return self.page(request, "admin/stylize/upload.html", "Add images", form=form)
        role = form.cleaned_data["role"]
        self._take(request, role, form.cleaned_data["pictures"])
        return HttpResponseRedirect(
            reverse("admin:stylize_image_changelist") + f"?role__exact={role}"
        )

    def _take(self, request: HttpRequest, role: str, files: list[UploadedFile[bytes]]) -> None:
        """Keep what can be kept; name each file that was refused."""
        new = there = 0
        for file in files:
            name = (file.name or "image").rsplit(".", 1)[0]
            try:
                _, created = Image.objects.get_or_take(request.user, role, name, file.read(LIMIT))
            except ImageRefused as error:
                messages.error(request, f"{file.name}: {error}")
                continue
            new, there = new + created, there + (not created)
        if new:
            messages.success(request, f"{new} image{'s' * (new > 1)} added.")
        if there:
            messages.info(
                request, f"{there} image{'s were' if there > 1 else ' was'} there already."
            )
