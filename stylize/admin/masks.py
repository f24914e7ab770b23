"""The masks of a scene on one page: looked at, drawn, sent as files, made from the pictures."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminRadioSelectWidget

from stylize.admin.owned import OwnedAdmin
from stylize.models import Scene
from stylize.rendering import describe, masks
from stylize.solvers import segments

LIMIT = settings.IMAGE_MAX_BYTES + 1  # one more than allowed is enough to refuse a file
OFFERED = 9  # labels to draw with, beside those that are there


class MakeForm(forms.Form):
    how = forms.ChoiceField(
        choices=[("colour", "By colour"), ("objects", "By objects")],
        initial="colour",
        widget=UnfoldAdminRadioSelectWidget,
    )
    number = forms.IntegerField(
        label="Labels at most",
        min_value=2,
        max_value=segments.MOST_LABELS,
        initial=4,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="By colour only: colours that not all of the pictures have join the nearest.",
    )


def address(scene: Any, name: str = "masks") -> str:
    return reverse(f"admin:stylize_scene_{name}", args=[scene.pk])


def link(scene: Scene) -> SafeString:
    """To the page, saying how many masks there are."""
    there = [scene.content_mask_id, *(row.mask_id for row in scene.style_rows.all())]
    count = sum(mask is not None for mask in there)
    text = "Draw" if not count else "All" if count == len(there) else f"{count} of {len(there)}"
    return format_html('<a class="making-link" href="{}">{}</a>', address(scene), text)


def routes(admin: OwnedAdmin) -> list[URLPattern]:
    """The page and its three forms; each asks the admin who may see and change the scene."""

    def scene_of(request: HttpRequest, pk: int) -> Scene:
        scene = admin.get_object(request, str(pk))
        if not isinstance(scene, Scene):
            raise Http404("There is no such scene.")
        return scene

    def page(request: HttpRequest, pk: int) -> HttpResponse:
        if not admin.has_view_permission(request):
            raise PermissionDenied
        scene = scene_of(request, pk)
        may = admin.has_change_permission(request, scene) and not scene.rendered
        return admin.page(
            request, "admin/stylize/masks.html", f"Masks: {scene}", **_shown(scene, may)
        )

    def changing(change: Any) -> Any:
        @require_POST
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            scene = scene_of(request, pk)
            if not admin.has_change_permission(request, scene):
                raise PermissionDenied
            try:
                messages.success(request, change(request, scene))
            except (ValueError, FileNotFoundError) as error:
                messages.error(request, str(error))
            return HttpResponseRedirect(address(scene))

        return admin.admin_site.admin_view(view)

    return [
        path("<int:pk>/masks/", admin.admin_site.admin_view(page), name="stylize_scene_masks"),
        path("<int:pk>/masks/save/", changing(_save), name="stylize_scene_masks_save"),
        path("<int:pk>/masks/make/", changing(_make), name="stylize_scene_masks_make"),
        path("<int:pk>/masks/remove/", changing(_remove), name="stylize_scene_masks_remove"),
    ]


def _save(request: HttpRequest, scene: Scene) -> str:
    """Files of any side, drawn here or sent."""
    files: Any = request.FILES
    sent = [side for side in masks.sides(scene) if side.name in files]
    if not sent:
        raise ValueError("Choose a map of the content or of a style.")
    masks.take(scene, {side.name: files[side.name].read(LIMIT) for side in sent})
    return f"Saved: the mask of the {' and that of the '.join(side.title for side in sent)}."


def _make(request: HttpRequest, scene: Scene) -> str:
    form = MakeForm(request.POST)
    if not form.is_valid():
        raise ValueError(" ".join(f"{name}: {said[0]}" for name, said in form.errors.items()))
    masks.make(scene, form.cleaned_data["how"], form.cleaned_data["number"])
    found = len(masks.compared(scene))
    return f"Made: {found} label{'s' * (found > 1)}."


def _remove(request: HttpRequest, scene: Scene) -> str:
    masks.remove(scene)
    return "The scene has no masks now; the mask images are still among the images."


def _shown(scene: Scene, may_change: bool) -> dict[str, Any]:
    sides = masks.sides(scene)
    shares = masks.compared(scene)
    there = {share.label for share in shares}
    offered = sorted(there | set(range(OFFERED)))
    masked = [side.mask is not None for side in sides[1:]]
    both = scene.content_mask_id is not None and any(masked)
    methods = describe()
    rows = [_row(share) for share in shares]
    return {
        "scene": scene,
        "sides": sides,
        "shares": rows,
        "both": both,
        "one": (scene.content_mask_id is not None) != any(masked),
        "unmatched": both and any(row["missing"] for row in rows),
        "whole": [side.title for side in sides[1:] if both and side.mask is None],
        "needing": [each.title for each in methods if "masks" in each.needs],
        "reading": [each.title for each in methods if "masks if there are any" in each.needs],
        "may_change": may_change,
        "labels": [{"number": label, "css": _css(label)} for label in offered],
        "colours": [segments.colour(label) for label in range(256)],
        "form": MakeForm(),
        "objects": segments.object_weights() is not None,
        "object_file": segments.OBJECT_FILE,
    }


def _row(share: segments.Share) -> dict[str, Any]:
    """A style without a mask counts whole in every region, so that no label is missing there."""
    content, *styles = share.parts
    missing = "" if content else "content"
    masked = [part for part in styles if part is not None]
    if content and not any(masked) and len(masked) in (0, len(styles)):
        missing = "style" if len(styles) == 1 else "styles"
    return {
        "label": share.label,
        "css": _css(share.label),
        "parts": [_percent(part or 0) for part in share.parts],
        "missing": missing,
    }


def _percent(part: float) -> str:
    return "–" if part == 0 else "< 0.1 %" if part < 0.001 else f"{100 * part:.1f} %"


def _css(label: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*segments.colour(label))
