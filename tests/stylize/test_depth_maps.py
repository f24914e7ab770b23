"""A depth map of a scene: taken as a file, given to a scene, and read by the method `depth`."""

import io
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AbstractUser
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from PIL import Image as Pillow

from stylize import imaging
from stylize.imaging import ImageRefused
from stylize.models import Image, Rendering, Scene
from stylize.rendering import fill, render
from tests import factories
from tests.stylize.test_api import client_of


def grey(width: int = 48, height: int = 32, reverse: bool = False) -> bytes:
    """Near on the left and far on the right, as an 8-bit PNG."""
    values = np.linspace(40, 220, width).astype(np.uint8)[None].repeat(height, 0)
    buffer = io.BytesIO()
    Pillow.fromarray(values[:, ::-1] if reverse else values).save(buffer, "PNG")
    return buffer.getvalue()


def taken(owner: Any, data: bytes | None = None) -> Image:
    return Image.objects.take(owner, "depth", "depth", data or grey())


@pytest.fixture
def scene(owner: AbstractUser) -> Scene:
    """48 × 32 px."""
    made: Scene = factories.SceneFactory(owner=owner, name="one")
    return made


def test_depth_map_is_kept_as_16_bit_grey_with_a_grey_thumbnail(owner: AbstractUser) -> None:
    image = taken(owner)
    assert (image.role, image.width, image.height) == ("depth", 48, 32)
    with image.file.open() as file:
        assert Pillow.open(file).mode == "I;16"
    with image.file.open() as file:
        kept = imaging.read_depth_png(file.read())
    assert kept[0, [0, -1]] == pytest.approx([40 / 255, 220 / 255], abs=1e-4)
    with image.thumbnail.open() as file:
        small = np.asarray(Pillow.open(file).convert("RGB"), int)
    assert small[0, 0, 0] < 60
    assert small[0, -1, 0] > 200


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (factories.png(1), "it must be a PNG of grey values"),
        (imaging.encode_label_png(np.full((32, 48), 7, np.uint8)), "one value everywhere"),
    ],
)
def test_file_that_is_no_depth_map_is_refused_and_not_kept(
    owner: AbstractUser, data: bytes, message: str
) -> None:
    with pytest.raises(ImageRefused, match=message):
        taken(owner, data)
    assert not Image.objects.exists()


def test_depth_maps_are_imported_from_a_folder(owner: AbstractUser, tmp_path: Any) -> None:
    (tmp_path / "street.png").write_bytes(grey())
    call_command("import_images", str(tmp_path), role="depth", owner=owner.username)
    assert Image.objects.get(role="depth").name == "street"


def test_upload_page_says_what_black_and_white_mean(admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:stylize_image_add")).content.decode()
    assert "black is near, white is far" in page


# Given to a scene


def _by_api(owner: AbstractUser, scene: Scene, depth_map: Image) -> str:
    """What is said at the field, empty when the scene was taken."""
    asked = {
        "name": "deep",
        "content": scene.content_id,
        "styles": [scene.styles.get().pk],
        "depth_map": depth_map.pk,
    }
    said = client_of(owner, "read", "write").post("/api/scenes/", asked, format="json")
    assert (said.status_code == 201) == Scene.objects.filter(depth_map=depth_map).exists()
    return "" if said.status_code == 201 else str(said.json()["depth_map"])


def _by_form(owner: AbstractUser, scene: Scene, depth_map: Image) -> str:
    """Likewise, by the admin's form."""
    client = Client()
    client.force_login(owner)
    row = scene.style_rows.get()
    asked = {"name": "deep", "content": scene.content_id, "depth_map": depth_map.pk}
    asked |= factories.style_rows(row.image)
    asked |= {"style_rows-INITIAL_FORMS": 1, "style_rows-0-id": row.pk}
    said = client.post(reverse("admin:stylize_scene_change", args=[scene.pk]), asked)
    assert (said.status_code == 302) == Scene.objects.filter(depth_map=depth_map).exists()
    if said.status_code == 302:
        return ""
    assert said.context is not None
    return str(said.context["adminform"].form.errors)


WAYS = pytest.mark.parametrize("give", [_by_api, _by_form])


@WAYS
@pytest.mark.parametrize(("width", "height"), [(48, 32), (97, 64)])
def test_scene_takes_a_map_of_the_content_s_proportions(
    owner: AbstractUser, scene: Scene, give: Any, width: int, height: int
) -> None:
    assert give(owner, scene, taken(owner, grey(width, height))) == ""


@WAYS
def test_map_of_other_proportions_is_refused_at_the_field(
    owner: AbstractUser, scene: Scene, give: Any
) -> None:
    said = give(owner, scene, taken(owner, grey(32, 48)))
    assert "depth is 32×48 px; it must have the proportions of the content, 48×32 px." in said


@WAYS
def test_map_of_another_owner_or_image_of_another_role_is_refused(
    owner: AbstractUser, stranger: AbstractUser, scene: Scene, give: Any
) -> None:
    for image in (taken(stranger), factories.ImageFactory(owner=owner, role="mask")):
        assert "Select a valid choice" in (said := give(owner, scene, image)) or (
            "object does not exist" in said
        )


def test_scene_with_a_map_is_not_taken_for_the_plain_pair(
    owner: AbstractUser, scene: Scene
) -> None:
    scene.depth_map = taken(owner)
    scene.save()
    assert Scene.objects.pair(owner, scene.content, scene.styles.get()) != scene


# Rendered


def _rendered(scene: Scene, depth_map: Image | None) -> tuple[bytes, list[str]]:
    """The picture of the method `depth`, and what was noted."""
    recipe = fill(
        factories.RecipeFactory(
            owner=scene.owner, method="depth", size=40, parameters={"coarse_evaluations": 6}
        )
    )
    recipe.save()
    scene.depth_map = depth_map
    made = render(Rendering(scene=scene, recipe=recipe, seed=0), lambda fraction: None)
    return made.png, made.said["provenance"]["notes"]


def test_rendering_reads_the_scene_s_map_and_provenance_says_so(
    owner: AbstractUser, scene: Scene
) -> None:
    """The map is larger than the recipe; it comes at the size of the picture."""
    found = [
        _rendered(scene, depth_map)
        for depth_map in (
            None,
            taken(owner, grey(96, 64)),
            taken(owner, grey(96, 64, reverse=True)),
        )
    ]
    assert len({png for png, _ in found}) == 3
    assert found[0][1] == []
    for _, notes in found[1:]:
        assert notes == ["The scene's depth map weighed the content's loss."]
