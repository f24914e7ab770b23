"""Recipes: choose a method, then its parameters; what was rendered can only be renamed or copied."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from stylize.admin.owned import OwnedAdmin
from stylize.admin.recipe_form import PREFIX, form_for
from stylize.models import Recipe
from stylize.rendering import MethodInfo, describe, imported_weights

ELSEWHERE = "elsewhere"
SHOWN = (
    "title_shown",
    "citation",
    "parameters_shown",
    "encoder",
    "postprocess_shown",
    "size",
    "queue",
)


@admin.register(Recipe)
class RecipeAdmin(OwnedAdmin):
    list_display = ["name", "title_shown", "size", "queue", "owner", "created_at"]
    list_filter = ["method_title", "size", "queue"]
    list_select_related = ["owner"]
    search_fields = ["name", "method_title"]
    change_form_template = "admin/stylize/recipe_form.html"

    @admin.display(description="Method", ordering="method_title")
    def title_shown(self, recipe: Recipe) -> str:
        return recipe.method_title or "made elsewhere, uploaded"

    @admin.display(description="Parameters")
    def parameters_shown(self, recipe: Recipe) -> SafeString | str:
        if not recipe.parameters:
            return "none"
        text = json.dumps(recipe.parameters, indent=2, ensure_ascii=False)
        return format_html('<pre class="making-json">{}</pre>', text)

    @admin.display(description="Followed by")
    def postprocess_shown(self, recipe: Recipe) -> str:
        return ", ".join(recipe.postprocess) or "nothing"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if "method" in request.GET:
            response: HttpResponse = super().add_view(request, form_url, extra_context)
            return response
        methods = describe(imported_weights())
        template = "admin/stylize/choose_method.html"
        return self.page(request, template, "Choose a method", methods=methods, elsewhere=ELSEWHERE)

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[Any]]:
        info = _method(request, obj)
        if info is None or (isinstance(obj, Recipe) and obj.rendered):
            names = {"fields": ["name"] if obj else ["name", "size"]}
            form: type[forms.ModelForm[Any]] = super().get_form(request, obj, change, **names)
            return form
        built = form_for(info, obj if isinstance(obj, Recipe) else None)
        return type("RecipeForm", (built,), {"signed_in": request.user})

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return SHOWN if isinstance(obj, Recipe) and (obj.rendered or not obj.method) else ()

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        info = _method(request, obj)
        if isinstance(obj, Recipe) and (obj.rendered or not obj.method):
            return [(None, {"fields": ["name", *SHOWN]})]
        if info is None:
            text = "Pictures that were made elsewhere are uploaded to a study under this name."
            return [(None, {"fields": ["name", "size"], "description": text})]
        names = [PREFIX + parameter["name"] for parameter in info.parameters]
        told = f"{info.summary} {info.citation}"
        return [
            (info.title, {"fields": ["name", "size", "queue"], "description": told}),
            ("Parameters", {"fields": [*names, "encoder", "postprocess"]}),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        recipe = kwargs.get("obj")
        context["rendered"] = recipe is not None and recipe.rendered
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.copy_view))
        urls: list[URLPattern] = super().get_urls()
        return [path("<int:pk>/copy/", view, name="stylize_recipe_copy"), *urls]

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        recipe = self.get_object(request, str(pk))
        if recipe is None:
            raise Http404
        copied = recipe.copy(request.user)
        messages.success(request, f"This is a copy of “{recipe.name}”: change what you like.")
        return HttpResponseRedirect(reverse("admin:stylize_recipe_change", args=[copied.pk]))


def _method(request: HttpRequest, obj: Model | None) -> MethodInfo | None:
    """The method of the recipe, or the one that was chosen for a new one."""
    key = obj.method if isinstance(obj, Recipe) else request.GET.get("method", ELSEWHERE)
    if key in ("", ELSEWHERE):
        return None
    for info in describe():
        if info.key == key:
            return info
    raise Http404(f"There is no method {key}.")
