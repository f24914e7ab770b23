"""API tokens: only the hash is stored; scope, expiry and owner are looked at."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.views import APIView

from evalsite.models import ApiToken
from evalsite.tokens import ScopePermission, TokenAuthentication


def token(owner: AbstractUser, *scopes: str) -> tuple[ApiToken, str]:
    made = ApiToken(owner=owner, name="notebook", scopes=list(scopes))
    plain = made.draw()
    made.save()
    return made, plain


def asked(method: str, plain: str) -> Request:
    made = getattr(RequestFactory(), method)("/", HTTP_AUTHORIZATION=f"Bearer {plain}")
    return Request(made, authenticators=[TokenAuthentication()])


def test_token_when_stored_is_a_hash_only(owner: AbstractUser) -> None:
    made, plain = token(owner, "read")
    assert plain not in str(ApiToken.objects.filter(pk=made.pk).values().get())
    assert ApiToken.digest(plain) == made.sha256


@pytest.mark.parametrize(
    ("scopes", "method", "scope", "allowed"),
    [
        (["read"], "get", "write", True),
        (["read"], "post", "write", False),
        (["write"], "post", "write", True),
        (["write"], "post", "render", False),
        (["render"], "post", "render", True),
        (["render"], "get", "render", False),
    ],
)
def test_scope_when_asked_allows_only_its_own(
    owner: AbstractUser, scopes: list[str], method: str, scope: str, allowed: bool
) -> None:
    _, plain = token(owner, *scopes)
    view = APIView()
    view.scope = scope  # type: ignore[attr-defined]
    assert ScopePermission().has_permission(asked(method, plain), view) is allowed


def test_token_when_expired_is_refused_in_words(owner: AbstractUser) -> None:
    made, plain = token(owner, "read")
    ApiToken.objects.filter(pk=made.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(AuthenticationFailed, match="has expired"):
        assert asked("get", plain).user


def test_token_when_its_owner_left_is_refused(owner: AbstractUser) -> None:
    _, plain = token(owner, "read")
    owner.is_active = False
    owner.save()
    with pytest.raises(AuthenticationFailed, match="not active"):
        assert asked("get", plain).user


def test_token_when_used_twice_in_a_minute_is_noted_once(owner: AbstractUser) -> None:
    made, plain = token(owner, "read")
    assert asked("get", plain).user == owner
    made.refresh_from_db()
    first = made.last_used_at
    assert first is not None
    assert asked("get", plain).user == owner
    made.refresh_from_db()
    assert made.last_used_at == first


def test_admin_when_a_token_is_made_shows_it_once(admin_client: Client) -> None:
    made = admin_client.post(
        reverse("admin:evalsite_apitoken_add"),
        {"name": "script", "scopes": ["read", "render"]},
        follow=True,
    )
    assert b"pg_" in made.content
    assert ApiToken.objects.get().scopes == ["read", "render"]
    again = admin_client.get(reverse("admin:evalsite_apitoken_changelist"))
    assert b"pg_" not in again.content
