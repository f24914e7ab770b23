"""The page of a scene's masks: who may, what is kept, what is refused, what is told."""

import io
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AbstractUser, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from PIL import Image as Pillow
from PIL import ImageChops

from stylize import imaging
from stylize.models import Image, Scene
from stylize.rendering import describe, fill, masks, render
from stylize.solvers import segments
from tests import factories
from tests.stylize.test_api import client_of, upload

ACTIONS = ["save", "make", "remove"]


def at(scene: Scene, action: str = "") -> str:
    return reverse(f"admin:stylize_scene_masks{'_' * bool(action)}{action}", args=[scene.pk])


def signed_in(user: AbstractUser) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser(owner: AbstractUser) -> Client:
    return signed_in(owner)


@pytest.fixture
def scene(owner: AbstractUser) -> Scene:
    """48 × 32 px on both sides."""
    made: Scene = factories.SceneFactory(owner=owner, name="one")
    return made


def label_png(labels: np.ndarray) -> SimpleUploadedFile:
    return SimpleUploadedFile("map.png", imaging.encode_label_png(labels))


def halves(left: int, right: int, width: int = 48, height: int = 32) -> np.ndarray:
    labels = np.full((height, width), left, np.uint8)
    labels[:, width // 2 :] = right
    return labels


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def stored(mask: Image | None) -> np.ndarray:
    assert mask is not None
    with mask.file.open() as file:
        return imaging.read_label_png(file.read())


def save(client: Client, scene: Scene, **files: Any) -> str:
    page = text(client.post(at(scene, "save"), files, follow=True))
    scene.refresh_from_db()
    return page


# Who may


def test_page_is_reached_from_the_list_and_the_form(browser: Client, scene: Scene) -> None:
    assert at(scene) in text(browser.get(reverse("admin:stylize_scene_changelist")))
    form = text(browser.get(reverse("admin:stylize_scene_change", args=[scene.pk])))
    address = form.split("open_masks")[0].rsplit('"', 1)[1] + "open_masks"
    assert browser.get(address, follow=True).redirect_chain[-1][0] == at(scene)


def test_page_shows_both_pictures_and_no_masks_yet(browser: Client, scene: Scene) -> None:
    page = text(browser.get(at(scene)))
    for picture in (scene.content, scene.styles.get()):
        assert reverse("admin:stylize_image_picture", args=[picture.pk, "file"]) in page
    assert "This scene has no masks" in page


@pytest.mark.parametrize("action", ["", *ACTIONS])
def test_scene_of_another_is_404_and_stays(
    stranger: AbstractUser, scene: Scene, action: str
) -> None:
    client = signed_in(stranger)
    asked = {"content": label_png(halves(0, 1)), "how": "colour", "number": 2}
    response = client.post(at(scene, action), asked) if action else client.get(at(scene))
    assert response.status_code == 404
    assert not Image.objects.filter(role="mask").exists()


@pytest.mark.parametrize("action", ["", *ACTIONS])
def test_nobody_signed_in_is_sent_to_sign_in(scene: Scene, action: str) -> None:
    response = Client().post(at(scene, action))
    assert response.status_code == 302
    assert "/login/" in response["Location"]


def test_colleague_who_may_only_look_sees_the_page_without_tools(
    owner: AbstractUser, scene: Scene
) -> None:
    owner.user_permissions.set(Permission.objects.filter(codename__in=["view_scene", "view_image"]))
    client = signed_in(type(owner).objects.get(pk=owner.pk))
    page = client.get(at(scene))
    assert page.status_code == 200
    assert "data-tools" not in text(page)
    for action in ACTIONS:
        assert client.post(at(scene, action)).status_code == 403


def test_superuser_s_masks_belong_to_the_scene_s_owner(admin_client: Client, scene: Scene) -> None:
    save(admin_client, scene, content=label_png(halves(0, 1)))
    assert scene.content_mask is not None
    assert scene.content_mask.owner == scene.owner


@pytest.mark.parametrize("action", ACTIONS)
def test_change_by_get_is_refused(browser: Client, scene: Scene, action: str) -> None:
    assert browser.get(at(scene, action)).status_code == 405


# Saved


def test_label_pngs_are_kept_exactly_as_masks(browser: Client, scene: Scene) -> None:
    maps = halves(0, 3), halves(3, 5)
    page = save(browser, scene, content=label_png(maps[0]), style=label_png(maps[1]))
    assert "Saved: the mask of the content and that of the style." in page
    assert np.array_equal(stored(scene.content_mask), maps[0])
    assert np.array_equal(stored(scene.style_masks[0]), maps[1])
    assert scene.content_mask is not None
    assert (scene.content_mask.role, scene.content_mask.owner) == ("mask", scene.owner)


def test_one_side_saved_leaves_the_other_and_is_told(browser: Client, scene: Scene) -> None:
    page = save(browser, scene, style=label_png(halves(0, 1)))
    assert scene.content_mask is None
    assert scene.style_masks[0] is not None
    assert "One side has no mask." in page


def test_map_of_another_size_is_kept_at_the_picture_s(browser: Client, scene: Scene) -> None:
    save(browser, scene, content=label_png(halves(2, 4, width=96, height=64)))
    assert np.array_equal(stored(scene.content_mask), halves(2, 4))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_picture_of_flat_colours_becomes_labels(browser: Client, scene: Scene, kind: str) -> None:
    colours = np.array(segments.COLOURS, np.uint8)[halves(1, 3)]
    buffer = io.BytesIO()
    Pillow.fromarray(colours).save(buffer, kind)
    save(browser, scene, content=SimpleUploadedFile("map", buffer.getvalue()))
    assert (stored(scene.content_mask) == halves(1, 3)).mean() > 0.95


def _noise() -> bytes:
    grey = np.random.default_rng(0).integers(0, 256, (32, 48), dtype=np.uint8)
    return imaging.encode_label_png(grey)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "Content: The file is text"),
        (imaging.encode_label_png(halves(0, 1))[:60], "cut short or damaged"),
        (
            imaging.encode_label_png(halves(0, 1, 48, 48)),
            "must have the proportions of the picture",
        ),
        (_noise(), "labels; it may have 32"),
    ],
)
def test_bad_file_is_refused_and_nothing_is_kept(
    browser: Client, scene: Scene, data: bytes, message: str
) -> None:
    good = label_png(halves(0, 1))
    page = save(browser, scene, content=SimpleUploadedFile("map.png", data), style=good)
    assert message in page
    assert (scene.content_mask, *scene.style_masks) == (None, None)
    assert not Image.objects.filter(role="mask").exists()


def test_file_too_large_is_refused(browser: Client, scene: Scene, settings: Any) -> None:
    settings.IMAGE_MAX_BYTES = 50
    assert "The file is larger than" in save(browser, scene, content=label_png(halves(0, 1)))
    assert scene.content_mask is None


def test_nothing_chosen_says_so(browser: Client, scene: Scene) -> None:
    assert "Choose a map of the content" in save(browser, scene)


# Made and removed


def test_masks_made_by_colour_are_there_on_both_sides(browser: Client, scene: Scene) -> None:
    asked = {"how": "colour", "number": 3}
    page = text(browser.post(at(scene, "make"), asked, follow=True))
    scene.refresh_from_db()
    assert "Made: " in page
    assert stored(scene.content_mask).shape == stored(scene.style_masks[0]).shape == (32, 48)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"how": "colour", "number": 99}, "number: Ensure this value is less than"),
        ({"how": "magic", "number": 3}, "how: Select a valid choice"),
        ({"how": "objects", "number": 3}, "is not on this machine"),
    ],
)
def test_masks_that_cannot_be_made_are_refused(
    browser: Client,
    scene: Scene,
    asked: dict[str, Any],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert message in text(browser.post(at(scene, "make"), asked, follow=True))
    scene.refresh_from_db()
    assert scene.content_mask is None


def test_page_says_whether_the_weights_for_objects_are_there(
    browser: Client, scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert f"not available, {segments.OBJECT_FILE} is not on this machine" in text(
        browser.get(at(scene))
    )
    file = tmp_path / "hub" / "checkpoints" / segments.OBJECT_FILE
    file.parent.mkdir(parents=True)
    file.touch()
    assert "with the weights that are on this machine" in text(browser.get(at(scene)))


def test_masks_removed_are_still_images(browser: Client, scene: Scene) -> None:
    save(browser, scene, content=label_png(halves(0, 1)), style=label_png(halves(0, 1)))
    browser.post(at(scene, "remove"))
    scene.refresh_from_db()
    assert (scene.content_mask, *scene.style_masks) == (None, None)
    assert Image.objects.filter(role="mask").count() == 1  # both sides were the same


# Told


def _told(page: str) -> list[list[str]]:
    """The cells of the table of labels."""
    rows = page.split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:]
    return [[cell.split(">")[-1] for cell in row.split("</t")[:-2]] for row in rows]


def test_labels_are_told_with_their_areas_and_what_is_missing(
    browser: Client, scene: Scene
) -> None:
    style = halves(1, 1)
    style[:8] = 6
    page = save(browser, scene, content=label_png(halves(1, 4)), style=label_png(style))
    assert _told(page) == [
        ["1", "50.0 %", "75.0 %", "on both sides"],
        ["4", "50.0 %", "–", "missing in the style"],
        ["6", "–", "25.0 %", "missing in the content"],
    ]
    assert "Some labels are on one side only." in page


def test_methods_that_read_masks_are_named(browser: Client, scene: Scene) -> None:
    reading = [each.title for each in describe() if "masks if there are any" in each.needs]
    needing = [each.title for each in describe() if "masks" in each.needs]
    page = text(browser.get(at(scene)))
    for title in reading:
        assert title in page
    assert ("Refused without both masks" in page) == bool(needing)


@pytest.fixture
def three(scene: Scene) -> Scene:
    """A scene of three styles, each of 48 × 32 px."""
    more = [factories.ImageFactory(owner=scene.owner, role="style") for _ in range(2)]
    scene.set_styles([scene.styles.get(), *more])
    return scene


def test_each_style_of_a_scene_keeps_its_own_mask(browser: Client, three: Scene) -> None:
    files = {"content": halves(0, 1), "style": halves(0, 2), "style-3": halves(1, 4)}
    page = save(browser, three, **{name: label_png(each) for name, each in files.items()})
    assert "Saved: the mask of the content and that of the style and that of the style 3." in page
    first, second, third = three.style_masks
    assert second is None
    assert np.array_equal(stored(first), halves(0, 2))
    assert np.array_equal(stored(third), halves(1, 4))
    assert "A style without a mask (style 2) counts whole in every region." in page


def test_labels_of_several_styles_are_told_one_by_one_and_missing_where_no_style_has_them(
    browser: Client, three: Scene
) -> None:
    files = {"content": halves(0, 1), "style": halves(0, 2), "style-2": halves(2, 2)}
    page = save(browser, three, **{name: label_png(each) for name, each in files.items()})
    assert _told(page) == [
        ["0", "50.0 %", "50.0 %", "–", "–", "on both sides"],
        ["1", "50.0 %", "–", "–", "–", "on both sides"],  # style 3 counts whole
        ["2", "–", "50.0 %", "100.0 %", "–", "missing in the content"],
    ]
    page = save(browser, three, **{"style-3": label_png(halves(0, 0))})
    assert _told(page)[1] == ["1", "50.0 %", "–", "–", "–", "missing in the styles"]


def test_refused_map_of_a_further_style_is_named(browser: Client, three: Scene) -> None:
    page = save(browser, three, **{"style-2": SimpleUploadedFile("map.png", b"hello")})
    assert "Style 2: The file is text" in page


def test_masks_made_are_there_for_every_style_and_all_are_removed(
    browser: Client, three: Scene
) -> None:
    browser.post(at(three, "make"), {"how": "colour", "number": 3})
    assert all(stored(mask).shape == (32, 48) for mask in three.style_masks)
    browser.post(at(three, "remove"))
    assert three.style_masks == [None, None, None]


def test_list_says_how_many_masks_of_how_many(browser: Client, three: Scene) -> None:
    address = reverse("admin:stylize_scene_changelist")
    for names, said in ((["content"], "1 of 4"), (["style", "style-2", "style-3"], "All")):
        save(browser, three, **{name: label_png(halves(0, 1)) for name in names})
        assert f">{said}</a>" in text(browser.get(address))


# Rendered


@pytest.fixture
def rendered(scene: Scene) -> Scene:
    masks.take(
        scene, {side: imaging.encode_label_png(halves(0, 1)) for side in ("content", "style")}
    )
    factories.RenderingFactory(scene=scene, recipe__owner=scene.owner)
    return scene


def test_rendered_scene_only_shows(browser: Client, rendered: Scene) -> None:
    page = text(browser.get(at(rendered)))
    assert "This scene has been rendered: its masks cannot be changed" in page
    assert "data-tools" not in page
    assert "<form" not in page.split("data-masks")[1]


@pytest.mark.parametrize("action", ACTIONS)
def test_rendered_scene_keeps_its_masks(browser: Client, rendered: Scene, action: str) -> None:
    before = rendered.content_mask_id, rendered.style_rows.get().mask_id
    asked = {"content": label_png(halves(5, 6)), "how": "colour", "number": 2}
    page = text(browser.post(at(rendered, action), asked, follow=True))
    rendered.refresh_from_db()
    assert (rendered.content_mask_id, rendered.style_rows.get().mask_id) == before
    assert "has been rendered: its" in page
    assert Image.objects.filter(role="mask").count() == 1


@pytest.mark.parametrize("both", [False, True])
def test_rendering_with_a_mask_on_one_side_only_does_without_and_notes_it(
    scene: Scene, both: bool
) -> None:
    sides = ("content", "style") if both else ("style",)
    masks.take(scene, dict.fromkeys(sides, imaging.encode_label_png(halves(0, 1))))
    recipe = fill(factories.RecipeFactory(owner=scene.owner, method="reinhard", size=48))
    recipe.save()
    rendering = factories.RenderingFactory(scene=scene, recipe=recipe, state="queued", file="")
    made = render(rendering, lambda fraction: None)
    noted = (
        "Only one side of the scene has a mask: it was not used."
        in made.said["provenance"]["notes"]
    )
    assert noted == (not both)


def _rendered(scene: Scene, method: str) -> tuple[Any, list[str]]:
    recipe = fill(factories.RecipeFactory(owner=scene.owner, method=method, size=48))
    recipe.save()
    rendering = factories.RenderingFactory(scene=scene, recipe=recipe, state="queued", file="")
    made = render(rendering, lambda fraction: None)
    return imaging.read(made.png).astype(int), made.said["provenance"]["notes"]


def test_rendering_takes_each_region_from_the_style_whose_mask_has_its_label(
    owner: AbstractUser, scene: Scene
) -> None:
    """The left half from a red style, the right half from a blue one."""
    colours = [Pillow.new("RGB", (48, 32), colour) for colour in ("#c01010", "#1010c0")]
    styles = []
    for number, flat in enumerate(colours):
        noise = Pillow.fromarray(np.random.default_rng(number).integers(
            0, 60, (32, 48, 3), dtype=np.uint8))  # fmt: skip
        buffer = io.BytesIO()
        ImageChops.add(flat, noise).save(buffer, "PNG")
        styles.append(Image.objects.take(owner, "style", f"style {number}", buffer.getvalue()))
    scene.set_styles(styles[::-1])
    labels = {"content": halves(1, 2), "style": halves(2, 2), "style-2": halves(1, 1)}
    masks.take(scene, {name: imaging.encode_label_png(each) for name, each in labels.items()})
    picture, notes = _rendered(scene, "sliced_ot")
    warmth = (picture[..., 0] - picture[..., 2]).mean(0)
    assert warmth[:20].mean() > 30
    assert warmth[-20:].mean() < -30
    assert notes == []


def test_rendering_with_a_style_without_a_mask_notes_that_it_counts_whole(three: Scene) -> None:
    labels = {"content": halves(1, 2), "style-2": halves(1, 2)}
    masks.take(three, {name: imaging.encode_label_png(each) for name, each in labels.items()})
    _, notes = _rendered(three, "sliced_ot")
    assert notes == ["A style without a mask counts whole in every region."]


# By API and command


def test_mask_sent_by_api_is_one_that_a_scene_takes(owner: AbstractUser, scene: Scene) -> None:
    api = client_of(owner, "read", "write")
    files = [upload("map.png", imaging.encode_label_png(halves(0, 2)))]
    said = api.post("/api/images/", {"role": "mask", "files": files}, format="multipart").json()
    [mask] = said["images"]
    asked = {
        "name": "masked",
        "content": scene.content_id,
        "styles": [scene.styles.get().pk],
        "content_mask": mask["id"],
        "style_masks": [mask["id"]],
    }
    assert api.post("/api/scenes/", asked, format="json").status_code == 201
    assert np.array_equal(stored(Scene.objects.get(name="masked").content_mask), halves(0, 2))


def test_scene_s_styles_and_their_masks_come_by_api_in_order(
    owner: AbstractUser, stranger: AbstractUser, scene: Scene
) -> None:
    api = client_of(owner, "read", "write")
    styles = [factories.ImageFactory(owner=owner, role="style").pk for _ in range(2)][::-1]
    mask = factories.ImageFactory(owner=owner, role="mask").pk
    asked = {"name": "two", "content": scene.content_id, "styles": styles}
    foreign = factories.ImageFactory(owner=stranger, role="mask").pk
    for wrong, field in (
        ({"style_masks": [mask]}, "style_masks"),
        ({"style_masks": [None, foreign]}, "style_masks"),
        ({"style_masks": [None, styles[0]]}, "style_masks"),
        ({"styles": styles[:1] * 2}, "styles"),
        ({"styles": []}, "styles"),
    ):
        said = api.post("/api/scenes/", asked | wrong, format="json")
        assert (said.status_code, [*said.json()]) == (400, [field])
    said = api.post("/api/scenes/", asked | {"style_masks": [None, mask]}, format="json").json()
    assert (said["styles"], said["style_masks"]) == (styles, [None, mask])
    assert api.get(f"/api/scenes/{said['id']}/").json() == said
    plain = api.post("/api/scenes/", asked | {"name": "plain"}, format="json").json()
    assert plain["style_masks"] == [None, None]


def test_masks_are_imported_from_a_folder(owner: AbstractUser, tmp_path: Any) -> None:
    (tmp_path / "sky.png").write_bytes(imaging.encode_label_png(halves(0, 1)))
    call_command("import_images", str(tmp_path), role="mask", owner=owner.username)
    assert Image.objects.get(role="mask").name == "sky"
