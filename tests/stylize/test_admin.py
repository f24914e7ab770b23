"""The researcher's pages for making: own rows only, forms from parameters, live batches, gallery."""

from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from stylize.models import Batch, Image, Recipe, Rendering, Scene, Worker
from stylize.rendering import default_recipe
from tests import factories

LISTS = ["image", "scene", "recipe", "batch", "rendering", "worker", "weights"]


@pytest.fixture
def browser(owner: AbstractUser) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def others(stranger: AbstractUser) -> Client:
    client = Client()
    client.force_login(stranger)
    return client


def at(name: str, *arguments: object) -> str:
    return reverse(f"admin:stylize_{name}", args=arguments)


def made(owner: Any, scenes: int = 2, recipes: int = 2) -> list[Rendering]:
    kinds = [factories.RecipeFactory(owner=owner) for _ in range(recipes)]
    return [
        factories.RenderingFactory(scene=scene, recipe=recipe)
        for scene in [factories.SceneFactory(owner=owner) for _ in range(scenes)]
        for recipe in kinds
    ]


def text(response: Any) -> str:
    return str(response.content.decode())


# Lists


@pytest.mark.parametrize("name", LISTS)
def test_list_empty_is_a_page(browser: Client, name: str) -> None:
    assert browser.get(at(f"{name}_changelist")).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_list_number_of_queries_does_not_grow_with_the_rows(
    browser: Client, owner: AbstractUser, name: str, django_assert_max_num_queries: Any
) -> None:
    def fill(count: int) -> None:
        for rendering in made(owner, scenes=count):
            Batch.objects.ask(owner, [rendering.scene], [rendering.recipe])
            Worker.objects.beat(f"worker {rendering.pk}", queues="cpu")

    fill(1)
    with django_assert_max_num_queries(25) as few:
        browser.get(at(f"{name}_changelist"))
    fill(5)
    with django_assert_max_num_queries(len(few.captured_queries)):
        browser.get(at(f"{name}_changelist"))


@pytest.mark.parametrize("name", ["image", "scene", "recipe", "batch", "rendering"])
def test_stranger_sees_no_row_and_no_page_of_it(
    others: Client, owner: AbstractUser, name: str
) -> None:
    rendering = made(owner, 1, 1)[0]
    batch = Batch.objects.ask(owner, [rendering.scene], [rendering.recipe])
    rows: dict[str, Any] = {
        "image": rendering.scene.content,
        "scene": rendering.scene,
        "recipe": rendering.recipe,
        "batch": batch,
        "rendering": rendering,
    }
    row = rows[name]
    assert str(row) not in text(others.get(at(f"{name}_changelist")))
    assert others.get(at(f"{name}_change", row.pk)).status_code in (302, 404)


def test_superuser_sees_every_row(admin_client: Client, owner: AbstractUser) -> None:
    scene = factories.SceneFactory(owner=owner)
    assert scene.name in text(admin_client.get(at("scene_changelist")))


# Pictures


@pytest.mark.parametrize("kind", ["file", "thumbnail"])
def test_picture_is_served_to_its_owner_only(
    browser: Client, others: Client, owner: AbstractUser, kind: str
) -> None:
    image = factories.ImageFactory(owner=owner)
    address = at("image_picture", image.pk, kind)
    response = browser.get(address)
    assert response.status_code == 200
    assert response["Cache-Control"].startswith("private")
    with image.file.open() as file:
        assert b"".join(response.streaming_content) == file.read()  # type: ignore[attr-defined]
    assert others.get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_picture_of_a_rendering_not_yet_made_is_404(browser: Client, owner: AbstractUser) -> None:
    rendering = factories.RenderingFactory(
        scene__owner=owner, recipe__owner=owner, state="queued", file=""
    )
    assert browser.get(at("rendering_picture", rendering.pk, "file")).status_code == 404


# Images and scenes


def test_upload_many_keeps_the_good_and_names_the_refused(
    browser: Client, owner: AbstractUser
) -> None:
    files = [
        SimpleUploadedFile("one.png", factories.png(1)),
        SimpleUploadedFile("two.png", factories.png(2)),
        SimpleUploadedFile("notes.jpg", b"hello"),
        SimpleUploadedFile("nothing.png", b""),
    ]
    page = browser.post(at("image_add"), {"role": "style", "pictures": files}, follow=True)
    assert set(Image.objects.values_list("name", "role", "owner")) == {
        ("one", "style", owner.pk),
        ("two", "style", owner.pk),
    }
    assert "2 images added." in text(page)
    assert "notes.jpg: The file is text" in text(page)
    assert "nothing.png: The file is empty" in text(page)


def test_upload_nothing_says_so(browser: Client) -> None:
    assert "This field is required" in text(browser.post(at("image_add"), {"role": "style"}))


def test_cross_makes_scenes_of_own_images_only(
    browser: Client, owner: AbstractUser, stranger: AbstractUser
) -> None:
    contents = [factories.ImageFactory(owner=owner) for _ in range(2)]
    style = factories.ImageFactory(owner=owner, role="style")
    foreign = factories.ImageFactory(owner=stranger, role="style")
    asked = {"contents": [image.pk for image in contents], "styles": [style.pk]}
    browser.post(at("scene_cross"), asked)
    assert Scene.objects.filter(owner=owner).count() == 2
    page = browser.post(at("scene_cross"), asked | {"styles": [foreign.pk]})
    assert "Select a valid choice" in text(page)
    assert Scene.objects.count() == 2


def test_scene_of_a_name_that_is_taken_is_an_error_at_the_form(
    browser: Client, owner: AbstractUser
) -> None:
    scene = factories.SceneFactory(owner=owner, name="taken")
    asked = {"name": "taken", "content": scene.content_id}
    asked |= factories.style_rows(scene.styles.get())
    page = browser.post(at("scene_add"), asked)
    assert page.status_code == 200
    assert "already exists" in text(page) or "scene_name_once_per_owner" in text(page)


def test_scene_that_was_rendered_when_edited_keeps_its_pictures(
    browser: Client, owner: AbstractUser
) -> None:
    scene = made(owner, 1, 1)[0].scene
    other = factories.ImageFactory(owner=owner), factories.ImageFactory(owner=owner, role="style")
    before = scene.content_id, scene.styles.get()
    asked = {"name": "renamed", "content": other[0].pk, "tags": "photo"}
    asked |= factories.style_rows(other[1])
    assert browser.post(at("scene_change", scene.pk), asked).status_code == 302
    scene.refresh_from_db()
    assert (scene.name, scene.tags) == ("renamed", "photo")
    assert (scene.content_id, scene.styles.get()) == before


def test_scene_not_yet_rendered_when_edited_takes_other_pictures(
    browser: Client, owner: AbstractUser
) -> None:
    scene, other = factories.SceneFactory(owner=owner), factories.ImageFactory(owner=owner)
    row = scene.style_rows.get()
    style = factories.ImageFactory(owner=owner, role="style")
    asked = {"name": "a", "content": other.pk, "tags": ""} | factories.style_rows(style)
    asked |= {"style_rows-INITIAL_FORMS": 1, "style_rows-0-id": row.pk}
    browser.post(at("scene_change", scene.pk), asked)
    scene.refresh_from_db()
    assert (scene.content, scene.styles.get()) == (other, style)


def test_scene_when_added_takes_its_styles_in_order_each_with_its_own_mask(
    browser: Client, owner: AbstractUser
) -> None:
    content = factories.ImageFactory(owner=owner)
    styles = [factories.ImageFactory(owner=owner, role="style") for _ in range(3)][::-1]
    mask = factories.ImageFactory(owner=owner, role="mask")
    asked = {"name": "three", "content": content.pk}
    asked |= factories.style_rows(*styles, masks=(None, mask))
    assert browser.post(at("scene_add"), asked).status_code == 302
    scene = Scene.objects.get(name="three")
    assert scene.style_images == styles
    assert scene.style_masks == [None, mask, None]


def test_scene_without_a_style_or_with_another_owner_s_is_refused(
    browser: Client, owner: AbstractUser, stranger: AbstractUser
) -> None:
    asked = {"name": "a", "content": factories.ImageFactory(owner=owner).pk}
    foreign = factories.ImageFactory(owner=stranger, role="style")
    mine = factories.ImageFactory(owner=owner, role="style")
    mask = factories.ImageFactory(owner=stranger, role="mask")
    for rows, message in (
        (factories.style_rows(), "Please submit at least 1 form"),
        (factories.style_rows(foreign), "Select a valid choice"),
        (factories.style_rows(mine, masks=[mask]), "Select a valid choice"),
        (factories.style_rows(mine, mine), "Please correct the duplicate"),
    ):
        page = browser.post(at("scene_add"), asked | rows)
        assert message in str(page.context["inline_admin_formsets"][0].formset.errors) + str(
            page.context["inline_admin_formsets"][0].formset.non_form_errors()
        )
    assert not Scene.objects.exists()


@pytest.mark.parametrize("in_bulk", [False, True])
def test_style_of_a_scene_when_deleted_stays_and_the_scene_is_named(
    browser: Client, owner: AbstractUser, in_bulk: bool
) -> None:
    scene = factories.SceneFactory(owner=owner, name="needs its style")
    style = scene.styles.get()
    address, asked = at("image_delete", style.pk), {"post": "yes"}
    if in_bulk:
        chosen = {"action": "delete_selected", "_selected_action": [style.pk]}
        address, asked = at("image_changelist"), asked | chosen  # type: ignore[assignment]
    page = browser.post(address, asked)
    assert "needs its style" in text(page)
    assert scene.styles.get() == style


def test_style_of_no_scene_when_deleted_is_gone(browser: Client, owner: AbstractUser) -> None:
    style = factories.ImageFactory(owner=owner, role="style")
    browser.post(at("image_delete", style.pk), {"post": "yes"})
    assert not Image.objects.filter(pk=style.pk).exists()


def test_render_all_methods_is_one_action(browser: Client, owner: AbstractUser) -> None:
    scenes = [factories.SceneFactory(owner=owner) for _ in range(2)]
    page = browser.post(
        at("scene_changelist"),
        {"action": "render_all_methods", "_selected_action": [scene.pk for scene in scenes]},
    )
    batch = Batch.objects.get()
    assert page.headers["Location"] == at("batch_change", batch.pk)
    # What needs masks is left out on scenes that have none, and the batch says so.
    unmasked = Recipe.objects.exclude(needs__masks=True)
    assert batch.renderings.count() == 2 * unmasked.count()
    assert {each["method"] for each in batch.left_out} == set(
        Recipe.objects.filter(needs__masks=True).values_list("name", flat=True)
    )


# Recipes


def test_recipe_form_is_built_from_the_method_s_parameters(browser: Client) -> None:
    page = text(browser.get(at("recipe_add")))
    assert "?method=gatys" in page
    page = text(browser.get(at("recipe_add") + "?method=gatys"))
    for parameter in ("content_weight", "coarse_evaluations"):
        assert f'name="parameter_{parameter}"' in page
    assert 'name="encoder"' in page


def test_recipe_is_saved_with_parameters_and_copies_of_the_method(
    browser: Client, owner: AbstractUser
) -> None:
    default = default_recipe(owner, "reinhard", 32)
    said = {f"parameter_{name}": value for name, value in default.parameters.items()}
    asked = {"name": "mine", "size": 64, "postprocess": ["keep_colour"], **said}
    browser.post(at("recipe_add") + "?method=reinhard", asked)
    recipe = Recipe.objects.get(name="mine")
    assert (recipe.method, recipe.owner, recipe.size) == ("reinhard", owner, 64)
    assert recipe.parameters == default.parameters
    assert recipe.postprocess == ["keep_colour"]
    assert "Reinhard" in recipe.citation


@pytest.mark.parametrize(("queue", "kept"), [("gpu", "gpu"), ("", "cpu")])
def test_recipe_queue_when_chosen_is_kept_else_the_method_s(
    browser: Client, queue: str, kept: str
) -> None:
    asked = {"name": "mine", "size": 64, "queue": queue}
    browser.post(at("recipe_add") + "?method=identity", asked)
    assert Recipe.objects.get(name="mine").queue == kept


def test_recipe_wrong_parameter_is_an_error_at_its_field(browser: Client) -> None:
    asked = {"name": "mine", "size": 64, "parameter_content_weight": "-1"}
    page = text(browser.post(at("recipe_add") + "?method=gatys", asked))
    assert "greater than or equal to 0" in page
    assert not Recipe.objects.exists()


def test_recipe_text_that_may_be_empty_is_saved_empty(browser: Client, owner: AbstractUser) -> None:
    default = default_recipe(owner, "gatys", 32).parameters
    empty = [name for name, value in default.items() if value == ""]
    said = {f"parameter_{name}": value for name, value in default.items()}
    browser.post(
        at("recipe_add") + "?method=gatys",
        {"name": "mine", "size": 64, "encoder": "pyramid", **said},
    )
    assert [Recipe.objects.get(name="mine").parameters[name] for name in empty] == [""] * len(empty)


def test_recipe_that_was_rendered_shows_what_it_is_and_is_copied(
    browser: Client, owner: AbstractUser
) -> None:
    recipe = default_recipe(owner, "reinhard", 48)
    factories.RenderingFactory(recipe=recipe, scene__owner=owner)
    page = text(browser.get(at("recipe_change", recipe.pk)))
    assert "only its name can still be changed" in page
    assert "parameter_" not in page
    browser.post(at("recipe_change", recipe.pk), {"name": "renamed", "size": 99})
    recipe.refresh_from_db()
    assert (recipe.name, recipe.size) == ("renamed", 48)
    page_after = browser.post(at("recipe_copy", recipe.pk), follow=True)
    assert 'name="size"' in text(page_after)
    assert Recipe.objects.filter(name="renamed copy").exists()


def test_recipe_without_method_is_for_uploads(browser: Client) -> None:
    browser.post(at("recipe_add") + "?method=elsewhere", {"name": "outside", "size": 64})
    assert Recipe.objects.get(name="outside").method == ""


# Batches


def test_ask_page_renders_chosen_recipes(browser: Client, owner: AbstractUser) -> None:
    scene, recipe = factories.SceneFactory(owner=owner), factories.RecipeFactory(owner=owner)
    asked = {"scenes": [scene.pk], "recipes": [recipe.pk], "size": 64, "seed": 3}
    browser.post(at("batch_add"), asked)
    assert Batch.objects.get().renderings.get().seed == 3


def test_batch_page_shows_progress_failures_and_left_out(
    browser: Client, owner: AbstractUser
) -> None:
    scene = factories.SceneFactory(owner=owner, name="one")
    recipes = [factories.RecipeFactory(owner=owner, name=f"recipe {n}") for n in range(2)]
    masked = factories.RecipeFactory(owner=owner, name="masked", needs={"masks": True})
    batch = Batch.objects.ask(owner, [scene], [*recipes, masked])
    batch.renderings.filter(recipe=recipes[0]).update(state="failed", error="out of paint")
    page = text(browser.get(at("batch_change", batch.pk)))
    assert "out of paint" in page
    assert "needs masks of content and style" in page
    assert "No worker is alive" in page
    assert "hx-get" in page
    live = browser.get(at("batch_live", batch.pk))
    assert "0 of 2" in text(live)
    batch.renderings.filter(recipe=recipes[1]).update(state="done")
    assert "hx-get" not in text(browser.get(at("batch_live", batch.pk)))


def test_batch_cancel_and_retry(browser: Client, owner: AbstractUser) -> None:
    scene, recipe = factories.SceneFactory(owner=owner), factories.RecipeFactory(owner=owner)
    batch = Batch.objects.ask(owner, [scene], [recipe])
    assert browser.get(at("batch_cancel", batch.pk)).status_code == 405
    browser.post(at("batch_cancel", batch.pk))
    rendering = batch.renderings.get()
    assert rendering.state == "cancelled"
    Rendering.objects.update(state="failed")
    browser.post(at("batch_retry", batch.pk), {"rendering": rendering.pk})
    assert batch.renderings.get().state == "queued"


def test_batch_of_another_cannot_be_cancelled(others: Client, owner: AbstractUser) -> None:
    scene, recipe = factories.SceneFactory(owner=owner), factories.RecipeFactory(owner=owner)
    batch = Batch.objects.ask(owner, [scene], [recipe])
    assert others.post(at("batch_cancel", batch.pk)).status_code == 404
    assert batch.renderings.get().state == "queued"


# Renderings and gallery


def test_render_again_supersedes_and_retry_queues(browser: Client, owner: AbstractUser) -> None:
    done, failed = made(owner, 1, 2)
    Rendering.objects.filter(pk=failed.pk).update(state="failed")
    browser.post(at("rendering_again", done.pk))
    browser.post(at("rendering_again", failed.pk))
    done.refresh_from_db()
    failed.refresh_from_db()
    assert done.superseded_by.state == "queued"
    assert (failed.state, failed.superseded_at) == ("queued", None)
    assert "see the new one" in text(browser.get(at("rendering_change", done.pk)))


def test_rendering_page_shows_its_provenance(browser: Client, owner: AbstractUser) -> None:
    rendering = made(owner, 1, 1)[0]
    rendering.provenance = {"device": "cpu", "seconds": 1.5, "method": "histogram"}
    rendering.save()
    page = text(browser.get(at("rendering_change", rendering.pk)))
    assert "&quot;method&quot;: &quot;histogram&quot;" in page


def test_gallery_has_every_own_cell_in_few_queries(
    browser: Client, owner: AbstractUser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    renderings = made(owner, 4, 3)
    foreign = factories.RenderingFactory(scene__owner=factories.UserFactory(username="other"))
    with django_assert_max_num_queries(14):
        page = text(browser.get(at("gallery")))
    for rendering in renderings:
        assert at("rendering_picture", rendering.pk, "file") in page
    assert at("rendering_picture", foreign.pk, "file") not in page


@pytest.mark.parametrize("odd", ["²", "9" * 30, "x"])
def test_address_or_form_when_it_names_no_id_is_no_error(
    browser: Client, owner: AbstractUser, odd: str
) -> None:
    rendering = made(owner, 1, 1)[0]
    batch = Batch.objects.ask(owner, [rendering.scene], [rendering.recipe])
    assert browser.get(at("gallery") + f"?batch={odd}").status_code == 200
    assert browser.post(at("batch_retry", batch.pk), {"rendering": odd}).status_code == 302


def test_gallery_of_a_batch_and_empty_gallery(browser: Client, owner: AbstractUser) -> None:
    assert "Nothing has been rendered yet" in text(browser.get(at("gallery")))
    one, two = made(owner, 1, 2)
    batch = Batch.objects.ask(owner, [one.scene], [one.recipe])
    page = text(browser.get(at("gallery") + f"?batch={batch.pk}"))
    assert at("rendering_picture", one.pk, "file") in page
    assert at("rendering_picture", two.pk, "file") not in page
