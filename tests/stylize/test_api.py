"""The making API: owners, scopes, refusals in one sentence, and the whole way from file to batch."""

from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from evalsite.models import ApiToken
from stylize.models import Batch, Image, Recipe, Rendering, Scene
from tests import factories


def client_of(user: AbstractUser, *scopes: str) -> APIClient:
    """A script with a token of these scopes; without scopes a signed-in browser."""
    client = APIClient()
    if not scopes:
        client.force_login(user)
        return client
    token = ApiToken(owner=user, name="script", scopes=list(scopes))
    key = token.draw()
    token.save()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture
def api(owner: AbstractUser) -> APIClient:
    return client_of(owner, "read", "write", "render")


@pytest.fixture
def others(stranger: AbstractUser) -> APIClient:
    return client_of(stranger, "read", "write", "render")


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_whole_way_from_files_to_a_batch(api: APIClient) -> None:
    ids = {}
    for role, seed in (("content", 1), ("style", 2)):
        asked = {"role": role, "files": [upload(f"{role}.png", factories.png(seed))]}
        said = api.post("/api/images/", asked, format="multipart")
        assert said.status_code == 201, said.json()
        ids[role] = said.json()["images"][0]["id"]
    asked_scene = {"name": "one", "content": ids["content"], "styles": [ids["style"]]}
    scene = api.post("/api/scenes/", asked_scene, format="json").json()
    asked_recipe = {"name": "mine", "method": "reinhard", "size": 64}
    recipe = api.post("/api/recipes/", asked_recipe, format="json").json()
    assert recipe["method_title"]
    assert recipe["parameters"] == Recipe.objects.get().parameters

    asked_batch = {"scenes": [scene["id"]], "recipes": [recipe["id"]], "seed": 5}
    batch = api.post("/api/batches/", asked_batch, format="json")
    assert batch.status_code == 201
    assert batch.json()["progress"]["queued"] == 1
    [rendering] = api.get(f"/api/renderings/?batch={batch.json()['id']}").json()["results"]
    assert (rendering["state"], rendering["seed"]) == ("queued", 5)
    cancelled = api.post(f"/api/batches/{batch.json()['id']}/cancel/").json()
    assert cancelled["progress"]["cancelled"] == 1
    retried = api.post(f"/api/renderings/{rendering['id']}/retry/").json()
    assert retried["state"] == "queued"


def test_images_refused_are_named_and_the_others_kept(api: APIClient) -> None:
    files = [upload("good.png", factories.png(1)), upload("bad.jpg", b"hello")]
    said = api.post("/api/images/", {"role": "content", "files": files}, format="multipart")
    assert said.status_code == 201
    assert [image["name"] for image in said.json()["images"]] == ["good"]
    [refused] = said.json()["refused"]
    assert refused["name"] == "bad.jpg"
    assert "The file is text" in refused["reason"]


def test_images_when_one_is_empty_is_refused_by_name(api: APIClient) -> None:
    files = [upload("good.png", factories.png(1)), upload("nothing.png", b"")]
    said = api.post("/api/images/", {"role": "content", "files": files}, format="multipart")
    assert said.status_code == 201
    assert said.json()["refused"][0]["name"] == "nothing.png"


def test_images_all_refused_is_400(api: APIClient) -> None:
    asked = {"role": "content", "files": [upload("bad.jpg", b"hello")]}
    assert api.post("/api/images/", asked, format="multipart").status_code == 400
    assert not Image.objects.exists()


def test_methods_come_with_their_parameters(api: APIClient) -> None:
    methods = {method["key"]: method for method in api.get("/api/methods/").json()}
    weight = next(p for p in methods["gatys"]["parameters"] if p["name"] == "content_weight")
    assert weight["type"] == "float"
    assert weight["low"] == 0
    assert weight["help"]


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"method": "nonsense"}, "method", "must be one of"),
        ({"method": "identity", "parameters": {"x": 1}}, "parameters", "is no parameter here"),
        ({"method": "identity", "postprocess": ["blur"]}, "postprocess", "must be one of"),
        ({"method": "identity", "size": 5}, "size", "greater than or equal to 16"),
        ({"method": "identity", "name": "taken"}, "name", "You have a recipe of this name"),
        ({}, "method", "required"),
    ],
)
def test_recipe_that_is_wrong_is_400_at_its_field(
    api: APIClient, owner: AbstractUser, values: dict[str, Any], field: str, message: str
) -> None:
    factories.RecipeFactory(owner=owner, name="taken")
    said = api.post("/api/recipes/", {"name": "r", "size": 64} | values, format="json")
    assert said.status_code == 400
    assert message in str(said.json()[field])


@pytest.mark.parametrize(("said", "kept"), [({"queue": "gpu"}, "gpu"), ({}, "cpu")])
def test_recipe_queue_when_said_is_kept_else_the_method_s(
    api: APIClient, said: dict[str, str], kept: str
) -> None:
    asked = {"name": "mine", "method": "identity", "size": 64} | said
    assert api.post("/api/recipes/", asked, format="json").json()["queue"] == kept


def test_render_all_is_one_call(api: APIClient, owner: AbstractUser) -> None:
    scene = factories.SceneFactory(owner=owner)
    asked = {"scenes": [scene.pk], "size": 64}
    said = api.post("/api/batches/render-all/", asked, format="json").json()
    methods = api.get("/api/methods/").json()
    assert said["progress"]["total"] == sum("masks" not in method["needs"] for method in methods)


@pytest.mark.parametrize("name", ["images", "scenes", "recipes", "batches", "renderings"])
def test_rows_of_another_are_neither_listed_nor_found(
    api: APIClient, others: APIClient, owner: AbstractUser, name: str
) -> None:
    rendering = factories.RenderingFactory(scene__owner=owner, recipe__owner=owner)
    Batch.objects.ask(owner, [rendering.scene], [rendering.recipe])
    rows = api.get(f"/api/{name}/").json()["results"]
    assert rows
    assert others.get(f"/api/{name}/").json()["results"] == []
    for row in rows:
        assert api.get(f"/api/{name}/{row['id']}/").status_code == 200
        assert others.get(f"/api/{name}/{row['id']}/").status_code == 404


def test_rows_of_another_cannot_be_used(
    others: APIClient, owner: AbstractUser, stranger: AbstractUser
) -> None:
    scene, recipe = factories.SceneFactory(owner=owner), factories.RecipeFactory(owner=owner)
    mine = factories.SceneFactory(owner=stranger)
    asked = {"scenes": [scene.pk], "recipes": [recipe.pk]}
    said = others.post("/api/batches/", asked, format="json")
    assert said.status_code == 400
    assert set(said.json()) == {"scenes", "recipes"}
    stolen = {"name": "s", "content": scene.content_id, "styles": [mine.styles.get().pk]}
    assert "content" in others.post("/api/scenes/", stolen, format="json").json()
    assert Scene.objects.count() == 2


@pytest.mark.parametrize("verb", ["again", "retry", "file"])
def test_rendering_of_another_is_404_for_every_verb(
    others: APIClient, owner: AbstractUser, verb: str
) -> None:
    rendering = factories.RenderingFactory(scene__owner=owner, recipe__owner=owner)
    call = others.get if verb == "file" else others.post
    assert call(f"/api/renderings/{rendering.pk}/{verb}/").status_code == 404


def test_file_is_downloaded(api: APIClient, owner: AbstractUser) -> None:
    rendering = factories.RenderingFactory(scene__owner=owner, recipe__owner=owner)
    for address, row in (
        (f"/api/renderings/{rendering.pk}/file/", rendering),
        (f"/api/images/{rendering.scene.content.pk}/file/", rendering.scene.content),
    ):
        said = api.get(address)
        with row.file.open() as file:
            assert b"".join(said.streaming_content) == file.read()  # type: ignore[attr-defined]
        assert said["Content-Type"] == "image/png"


def test_again_supersedes_and_twice_is_400(api: APIClient, owner: AbstractUser) -> None:
    rendering = factories.RenderingFactory(scene__owner=owner, recipe__owner=owner)
    said = api.post(f"/api/renderings/{rendering.pk}/again/")
    assert said.status_code == 201
    assert said.json()["supersedes"] == rendering.pk
    twice = api.post(f"/api/renderings/{rendering.pk}/again/")
    assert twice.status_code == 400
    assert "rendered again already" in twice.json()["detail"]


def test_retry_of_what_is_done_is_400(api: APIClient, owner: AbstractUser) -> None:
    rendering = factories.RenderingFactory(scene__owner=owner, recipe__owner=owner)
    said = api.post(f"/api/renderings/{rendering.pk}/retry/")
    assert said.status_code == 400
    assert "The rendering is done" in said.json()["detail"]


def test_renderings_are_filtered(api: APIClient, owner: AbstractUser) -> None:
    done = factories.RenderingFactory(scene__owner=owner, recipe__owner=owner)
    Rendering.objects.create(scene=done.scene, recipe=done.recipe, seed=1)
    count = lambda query: api.get(f"/api/renderings/?{query}").json()["count"]  # noqa: E731
    assert count("state=done") == 1
    assert count(f"scene={done.scene_id}") == 2
    for odd in ("abc", "²", "9" * 30):
        assert api.get("/api/renderings/", {"scene": odd}).status_code == 400


@pytest.mark.parametrize(
    ("scopes", "address", "status"),
    [
        (["read"], "/api/images/", 403),
        (["read", "write"], "/api/batches/render-all/", 403),
        (["read", "render"], "/api/batches/render-all/", 400),
        (["read", "render"], "/api/recipes/", 403),
        (["read", "write"], "/api/recipes/", 400),
    ],
)
def test_token_needs_the_scope_of_what_it_does(
    owner: AbstractUser, scopes: list[str], address: str, status: int
) -> None:
    assert client_of(owner, *scopes).post(address).status_code == status


def test_nobody_and_who_is_not_staff_get_nothing(db: None) -> None:
    visitor = client_of(factories.UserFactory(username="visitor", is_staff=False))
    for client in (APIClient(), visitor):
        assert client.get("/api/images/").status_code in (401, 403)


@pytest.mark.parametrize("name", ["images", "scenes", "recipes", "batches", "renderings"])
def test_list_number_of_queries_does_not_grow(
    owner: AbstractUser, name: str, django_assert_max_num_queries: Any
) -> None:
    api = client_of(owner)

    def fill(count: int) -> None:
        for _ in range(count):
            made = factories.RenderingFactory(scene__owner=owner, recipe__owner=owner)
            Batch.objects.ask(owner, [made.scene], [made.recipe])

    fill(1)
    with django_assert_max_num_queries(8) as few:
        api.get(f"/api/{name}/")
    fill(4)
    with django_assert_max_num_queries(len(few.captured_queries)):
        api.get(f"/api/{name}/")
