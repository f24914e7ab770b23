"""The door to the methods: descriptions, checks, the picture and its provenance."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AbstractUser

from stylize import imaging, rendering
from stylize.models import Batch, Image, Recipe, Rendering, Weights
from stylize.record import Cancelled
from tests import factories


def _asked(owner: Any, width: int = 96, height: int = 64, **values: Any) -> Rendering:
    content = Image.objects.take(owner, "content", "content", factories.png(1, width, height))
    style = Image.objects.take(owner, "style", "style", factories.png(2, 40, 30))
    scene = factories.SceneFactory(owner=owner, content=content, styles=[style])
    recipe = rendering.fill(Recipe(**{"owner": owner, "name": "r", "size": 64} | values))
    recipe.save()
    made: Rendering = Batch.objects.ask(owner, [scene], [recipe], seed=7).renderings.get()
    return made


def _pixels(picture: rendering.Picture) -> Any:
    return imaging.read(picture.png)


def _told(fraction: float) -> None:
    """Nobody watches."""


def test_describe_names_every_method_with_parameters_and_state() -> None:
    found = {info.key: info for info in rendering.describe(imported=())}
    assert found["identity"].state == "ready"
    assert found["identity"].parameters == []
    assert found["mkl"].first_author.endswith("Pitié")
    for info in found.values():
        assert info.title
        assert str(info.year) in info.citation
        assert (
            {"name", "type", "default", "help"} <= {*info.parameters[0]}
            if info.parameters
            else True
        )


def test_check_recipe_fills_defaults_and_keeps_what_was_said() -> None:
    checked = rendering.check_recipe("reinhard", {})
    for name, default in checked.items():
        assert rendering.check_recipe("reinhard", {name: default}) == checked


@pytest.mark.parametrize(
    ("method", "parameters", "encoder", "postprocess", "message"),
    [
        ("nonsense", {}, "pyramid", [], "method: came 'nonsense', must be one of"),
        ("identity", {"strength": 1}, "pyramid", [], "strength: is no parameter here"),
        ("gatys", {}, "vgg99", [], "encoder: came 'vgg99'"),
        (
            "identity",
            {},
            "pyramid",
            ["blur"],
            "postprocess: came 'blur', must be one of keep_colour",
        ),
        ("identity", {}, "pyramid", ["keep_colour"] * 2, "postprocess: each may be named once"),
    ],
)
def test_check_recipe_wrong_value_is_named(
    method: str, parameters: dict[str, object], encoder: str, postprocess: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        rendering.check_recipe(method, parameters, encoder, postprocess)


def test_fill_copies_what_reports_read_and_empties_an_encoder_nobody_reads() -> None:
    plain, read = (rendering.fill(Recipe(method=key)) for key in ("mkl", "gatys"))
    assert plain.method_title
    assert "Pitié" in plain.citation
    assert (plain.encoder, read.encoder) == ("", "pyramid")
    assert plain.needs["masks"] is False


def test_default_recipe_twice_is_the_same_row(owner: AbstractUser) -> None:
    first = rendering.default_recipe(owner, "mkl", 64)
    assert rendering.default_recipe(owner, "mkl", 64) == first
    assert rendering.default_recipe(owner, "mkl", 128) != first


def test_render_all_asks_for_every_registered_method(owner: AbstractUser) -> None:
    batch = rendering.render_all(owner, [factories.SceneFactory(owner=owner)], size=64)
    keys = set(batch.renderings.values_list("recipe__method", flat=True))
    left_out = {info.key for info in rendering.describe() if "masks" in info.needs}
    assert keys == {info.key for info in rendering.describe()} - left_out
    assert [each["reason"] for each in batch.left_out] == [
        "needs masks of content and style" for _ in left_out
    ]


def test_identity_is_the_content_reduced_to_the_recipe_s_size(owner: AbstractUser) -> None:
    asked = _asked(owner, method="identity")
    picture = rendering.render(asked, _told)
    with asked.scene.content.file.open() as file:
        content = imaging.read(file.read(), longest=64)
    assert _pixels(picture).shape == (43, 64, 3)
    np.testing.assert_array_equal(_pixels(picture), content)


def test_content_smaller_than_the_recipe_is_never_enlarged(owner: AbstractUser) -> None:
    asked = _asked(owner, method="identity", width=40, height=32)
    assert _pixels(rendering.render(asked, _told)).shape == (32, 40, 3)


def test_provenance_tells_how_the_picture_came_about(owner: AbstractUser) -> None:
    picture = rendering.render(_asked(owner, method="reinhard"), _told)
    told = picture.said["provenance"]
    assert told["method"] == "reinhard"
    assert told["parameters"] == rendering.check_recipe("reinhard", {})
    assert (told["seed"], told["size"], told["device"]) == (7, 64, "cpu")
    assert told["sha256"] == imaging.sha256(picture.png) == picture.said["sha256"]
    assert told["bytes"] == len(picture.png)
    assert told["weights_sha256"] is None
    assert told["notes"] == []
    assert told["seconds"] > 0
    assert 2**20 < told["peak_memory"] < 2**36
    assert told["code_version"]
    assert told["torch"]


def test_same_rendering_again_gives_the_same_bytes(owner: AbstractUser) -> None:
    asked = _asked(owner, method="idt")
    assert rendering.render(asked, _told).png == rendering.render(asked, _told).png


def test_postprocess_follows_the_method(owner: AbstractUser) -> None:
    asked = _asked(owner, method="reinhard", postprocess=["keep_colour"])
    picture = rendering.render(asked, _told)
    assert picture.said["provenance"]["postprocess"] == ["keep_colour"]
    asked.recipe.postprocess = []
    assert rendering.render(asked, _told).png != picture.png


def test_progress_that_cancels_stops_the_method(owner: AbstractUser) -> None:
    def cancel(fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        rendering.render(_asked(owner, method="identity"), cancel)


def test_gpu_recipe_without_gpu_is_refused_or_noted_as_settings_say(
    owner: AbstractUser, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    asked = _asked(owner, method="identity")
    asked.recipe.queue = "gpu"
    with pytest.raises(ValueError, match="asks for a GPU and this worker has none"):
        rendering.render(asked, _told)
    settings.GPU_RECIPES_ON_CPU = True
    notes = rendering.render(asked, _told).said["provenance"]["notes"]
    assert ["GPU_RECIPES_ON_CPU" in note for note in notes] == [True]


def test_content_too_flat_for_the_size_is_refused_by_name(owner: AbstractUser) -> None:
    asked = _asked(owner, method="identity", width=160, height=32, size=32)
    with pytest.raises(ValueError, match="contents: 32×6 px, sides must be at least 16"):
        rendering.render(asked, _told)


def test_imported_weights_are_seen(owner: AbstractUser) -> None:
    Weights.objects.create(owner=owner, key="vgg19", variant="torchvision", file="x", sha256="0")
    assert rendering.imported_weights() == {"vgg19"}


def test_admin_api_and_tasks_load_without_torch() -> None:
    code = (
        "import django, sys; django.setup()\n"
        "import stylize.admin, stylize.api, stylize.tasks, evalsite.worker\n"
        "assert 'torch' not in sys.modules"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "evalsite.settings"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
