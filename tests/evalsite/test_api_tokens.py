"""Tokens at the real API: every address of the schema is shut without one, and says why in a sentence."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from evalsite.models import ApiToken
from studies.models import Study
from stylize.models import Batch, Image, Recipe, Rendering, Scene
from tests import factories

pytestmark = pytest.mark.django_db
SAFE = {"get", "head", "options"}


def operations() -> list[tuple[str, str]]:
    """(method, path) of every operation in the schema, its parameters filled in."""
    paths: dict[str, Any] = SchemaGenerator().get_schema(public=True)["paths"]
    return [
        (method, re.sub(r"\{\w+\}", "1", path)) for path, item in paths.items() for method in item
    ]


def client_of(user: AbstractUser, *scopes: str) -> Client:
    token = ApiToken(owner=user, name="script", scopes=list(scopes))
    key = token.draw()
    token.save()
    return Client(headers={"Authorization": f"Bearer {key}"})


def sentence(response: Any) -> str:
    """What a refusal says; nothing beside it, no longer than a sentence."""
    if response["Content-Type"].startswith("text/csv"):
        text = response.content.decode()
    else:
        said = response.json()
        assert set(said) == {"detail"}
        text = said["detail"]
    assert re.fullmatch(r"[A-Z][^.\n]*\.", text), text
    return text


def rows() -> list[int]:
    return [m.objects.count() for m in (Image, Scene, Recipe, Batch, Rendering, Study)]


def test_schema_holds_what_can_be_read_and_what_can_be_changed() -> None:
    asked = operations()
    assert ("get", "/api/studies/1/report/") in asked
    assert ("post", "/api/batches/render-all/") in asked
    assert sum(method not in SAFE for method, _ in asked) >= 10


def test_every_address_without_a_token_is_401_in_one_sentence() -> None:
    for method, path in operations():
        response = getattr(Client(), method)(path)
        assert response.status_code == 401, (method, path)
        assert response["WWW-Authenticate"] == "Bearer"
        assert sentence(response) == "Authentication credentials were not provided."


def test_every_address_that_changes_something_refuses_a_read_token(owner: AbstractUser) -> None:
    factories.RenderingFactory(scene__owner=owner, recipe__owner=owner)
    factories.study(owner=owner)
    before, reader = rows(), client_of(owner, "read")
    for method, path in operations():
        if method in SAFE:
            continue
        response = getattr(reader, method)(path, {}, content_type="application/json")
        assert response.status_code == 403, (method, path)
        lacks = r"This API token lacks the scope '(write|render)'\."
        assert re.fullmatch(lacks, sentence(response))
    assert rows() == before
    assert Study.objects.get().state == "draft"


def test_every_address_that_is_read_refuses_a_token_that_may_only_render(
    owner: AbstractUser,
) -> None:
    renderer = client_of(owner, "render")
    for method, path in operations():
        if method == "get":
            response = renderer.get(path)
            assert response.status_code == 403, path
            assert sentence(response) == "This API token lacks the scope 'read'."


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Bearer pg_unknown", "This API token is unknown."),
        ("Bearer", "Authorization: must be 'Bearer <token>'."),
        ("Bearer two words", "Authorization: must be 'Bearer <token>'."),
        ("Bearer pg_\xe9", "This API token is unknown."),
        ("Basic cm9vdDpyb290", "Authentication credentials were not provided."),
    ],
)
def test_header_that_opens_nothing_is_401_and_says_why(header: str, said: str) -> None:
    response = Client().get("/api/images/", headers={"Authorization": header})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert sentence(response) == said


def test_token_that_has_expired_is_401_and_says_so(owner: AbstractUser) -> None:
    reader = client_of(owner, "read")
    assert reader.get("/api/images/").status_code == 200
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = reader.get("/api/images/")
    assert response.status_code == 401
    assert sentence(response) == "This API token has expired."


def test_token_of_an_owner_who_left_is_401_and_says_so(owner: AbstractUser) -> None:
    reader = client_of(owner, "read")
    type(owner).objects.filter(pk=owner.pk).update(is_active=False)
    response = reader.get("/api/images/")
    assert response.status_code == 401
    assert sentence(response) == "This API token's owner is not active."


def test_token_of_an_owner_who_is_no_longer_staff_is_403(owner: AbstractUser) -> None:
    reader = client_of(owner, "read")
    type(owner).objects.filter(pk=owner.pk).update(is_staff=False)
    response = reader.get("/api/images/")
    assert response.status_code == 403
    assert sentence(response) == "You do not have permission to perform this action."


def test_token_beside_a_session_is_what_counts(owner: AbstractUser) -> None:
    reader = client_of(owner, "read")
    reader.force_login(owner)
    assert reader.post("/api/recipes/").status_code == 403


def test_session_without_the_csrf_token_can_read_and_not_write(owner: AbstractUser) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    assert browser.get("/api/images/").status_code == 200
    refused = browser.post("/api/recipes/")
    assert refused.status_code == 403
    assert "CSRF" in sentence(refused)
