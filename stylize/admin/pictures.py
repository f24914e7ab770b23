"""Pictures in the admin: shown from the storage to whoever may see the row, by no other address."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from stylize.admin.owned import OwnedAdmin
from stylize.imaging import THUMBNAIL_TYPE

KINDS = {"file": "image/png", "thumbnail": THUMBNAIL_TYPE}


def serve(file: FieldFile, content_type: str) -> FileResponse:
    """A stored picture; it never changes, so that a browser need not ask again."""
    if not file:
        raise Http404("There is no picture yet.")
    try:
        response = FileResponse(file.open("rb"), content_type=content_type)
    except FileNotFoundError as error:
        raise Http404("The picture's file is gone.") from error
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def url(row: Any, kind: str) -> str:
    """Address of a row's picture: kind is "file" or "thumbnail"."""
    return reverse(f"admin:stylize_{row._meta.model_name}_picture", args=[row.pk, kind])


def thumbnail(row: Any, css: str = "making-thumb") -> SafeString | str:
    if not row.thumbnail:
        return "–"
    return format_html(
        '<img class="{}" src="{}" alt="{}" loading="lazy">', css, url(row, "thumbnail"), str(row)
    )


def full(row: Any) -> SafeString | str:
    """The picture at its own size, which a click opens alone."""
    if not row.file:
        return "There is no picture yet."
    address = url(row, "file")
    return format_html(
        '<a href="{}" target="_blank"><img class="making-full" src="{}" alt="{}"></a>',
        address,
        address,
        str(row),
    )


def route(admin: OwnedAdmin) -> URLPattern:
    """The address under which an admin's rows show their file and their thumbnail."""

    def view(request: HttpRequest, object_id: str, kind: str) -> FileResponse:
        if not admin.has_view_permission(request):
            raise PermissionDenied
        row = admin.get_object(request, unquote(object_id))
        if row is None or kind not in KINDS:
            raise Http404("There is no such picture.")
        return serve(getattr(row, kind), KINDS[kind])

    name = f"stylize_{admin.opts.model_name}_picture"
    address = "<path:object_id>/picture/<str:kind>"
    found: URLPattern = path(address, admin.admin_site.admin_view(view), name=name)
    return found
