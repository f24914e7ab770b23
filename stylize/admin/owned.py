"""Rows that belong to somebody: a researcher sees and picks their own, a superuser everybody's."""

from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.forms import ModelChoiceField, ModelMultipleChoiceField
from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin


class OwnedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Knows the owner before it checks, so that "once per owner" is an error at the field."""

    signed_in: AbstractBaseUser

    def _post_clean(self) -> None:
        if self.instance.owner_id is None:
            self.instance.owner = self.signed_in
        super()._post_clean()  # type: ignore[misc]

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"owner"}


class OwnedAdmin(ModelAdmin):
    """Lists what is `visible_to` the user; whoever adds a row owns it."""

    form = OwnedForm
    compressed_fields = True
    warn_unsaved_form = True
    list_per_page = 50

    class Media:
        css = {"all": ["css/making.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset: QuerySet[Any] = super().get_queryset(request)
        return queryset.visible_to(request.user)  # type: ignore[attr-defined,no-any-return]

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[Any]]:
        form: type[forms.ModelForm[Any]] = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"signed_in": request.user})

    def save_model(
        self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any], change: bool
    ) -> None:
        if obj.owner_id is None:
            obj.owner = request.user
        super().save_model(request, obj, form, change)

    def page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        """A page of its own in the admin's frame."""
        request.current_app = self.admin_site.name
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, template, {**frame, **context})

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        offer_visible(db_field, request, kwargs)
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        offer_visible(db_field, request, kwargs)
        field: ModelMultipleChoiceField[Any] | None = super().formfield_for_manytomany(
            db_field, request, **kwargs
        )
        return field


def offer_visible(
    db_field: ForeignKey[Any, Any] | ManyToManyField[Any, Any],
    request: HttpRequest,
    kwargs: dict[str, Any],
) -> None:
    """Offer own rows only; a field to rows that nobody owns stays as it is."""
    queryset = kwargs.get("queryset", db_field.remote_field.model._default_manager.all())
    if hasattr(queryset, "visible_to"):
        kwargs["queryset"] = queryset.visible_to(request.user)
