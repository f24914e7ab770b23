"""Users, groups and API tokens in the admin; a token is shown once, when it is made."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from evalsite.models import ApiToken

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class SiteUserAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class SiteGroupAdmin(GroupAdmin, ModelAdmin):
    pass


class TokenForm(forms.ModelForm[ApiToken]):
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in ApiToken.SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text="read: see and export; write: make and change; render: start renderings.",
    )

    class Meta:
        model = ApiToken
        fields = ["name", "scopes", "expires_at"]


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    form = TokenForm
    list_display = ["name", "owner", "scopes", "created_at", "last_used_at", "expires_at"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        tokens = ApiToken.objects.select_related("owner")
        return tokens if request.user.is_superuser else tokens.filter(owner_id=request.user.pk)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.owner_id = request.user.pk
        token = obj.draw()
        super().save_model(request, obj, form, change)
        messages.warning(request, f"Copy this token now, it cannot be shown again: {token}")
