"""The commands an operator types."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.core.management import CommandError, call_command
from django.db import OperationalError
from PIL import Image as Pillow

from stylize.management.commands import render as render_command
from stylize.models import Batch, Image, Rendering
from tests import factories


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


def refused(*arguments: str) -> tuple[str, str]:
    """What was printed, and the error that ends the command."""
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue(), str(error.value)


def test_methods_one_line_each_with_first_author_and_year(db: None) -> None:
    methods = run("methods").partition("\n\n")[0]
    lines = {line.split()[0]: line for line in methods.splitlines()}
    assert "François Pitié 2007" in lines["mkl"]
    assert "Erik Reinhard 2001" in lines["reinhard"]
    assert "an encoder" in lines["gatys"]
    assert all("ready" in line for line in lines.values())


def test_methods_without_a_database_still_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_database() -> set[str]:
        raise OperationalError("unable to open database file")

    monkeypatch.setattr("stylize.management.commands.methods.imported_weights", no_database)
    assert "identity" in run("methods")


def test_import_images_keeps_the_good_names_the_refused_and_ends_non_zero(
    owner: AbstractUser, tmp_path: Path
) -> None:
    (tmp_path / "good.png").write_bytes(factories.png(1))
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "cut.jpg").write_bytes(_jpeg()[:300])
    (tmp_path / "cmyk.jpg").write_bytes(_jpeg("CMYK"))
    said, error = refused(
        "import_images", str(tmp_path), "--role", "content", "--owner", owner.username
    )
    assert error == "3 of 5 files were refused."
    assert "text.jpg: The file is text" in said
    assert "drawing.svg: The file is an SVG" in said
    assert "cut.jpg: " in said
    assert set(Image.objects.values_list("name", flat=True)) == {"good", "cmyk"}


def test_import_images_twice_says_they_were_there(owner: AbstractUser, tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(factories.png(1))
    arguments = ("import_images", str(tmp_path), "--role", "style", "--owner", owner.username)
    assert "1 imported" in run(*arguments)
    assert "good.png: was there" in run(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import_images", "/nowhere", "--role", "style"], "/nowhere is no folder"),
        (["import_images", "/", "--role", "style", "--owner", "nobody"], "no user 'nobody'"),
        (["render", "--all"], "There is no superuser yet"),
        (["render", "--all", "--owner", "owner"], "There is no scene yet"),
        (["contact_sheet", "--out", "x.png"], "Nothing of this has been rendered"),
    ],
)
def test_command_that_cannot_begin_says_why(
    owner: AbstractUser, arguments: list[str], message: str
) -> None:
    assert message in refused(*arguments)[1]


def test_render_named_recipe_that_is_not_there_is_refused(owner: AbstractUser) -> None:
    factories.SceneFactory(owner=owner)
    _, error = refused("render", "--recipes", "nothing", "--owner", "owner")
    assert error == "--recipes: there is no nothing."


def test_render_names_what_is_left_out(owner: AbstractUser) -> None:
    factories.SceneFactory(owner=owner, name="plain")
    factories.RecipeFactory(owner=owner, name="masked", needs={"masks": True})
    said = run("render", "--recipes", "masked", "--owner", "owner")
    assert "left out: masked on plain needs masks of content and style" in said


def test_render_waits_shows_the_bar_and_ends_non_zero_if_any_failed(
    owner: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = [factories.SceneFactory(owner=owner) for _ in range(2)]
    factories.RecipeFactory(owner=owner, name="r")

    def worker(seconds: float) -> None:
        """Stands in for a worker: what is queued is done, or fails, while the command sleeps."""
        queued = Rendering.objects.unfinished()
        queued.filter(scene=scenes[0]).update(state="done")
        queued.filter(scene=scenes[1]).update(state="failed", error="out of paint")

    monkeypatch.setattr(render_command.time, "sleep", worker)
    said, error = refused("render", "--recipes", "r", "--owner", "owner", "--wait")
    assert "No worker is alive" in said
    assert "0/2, 0 failed" in said
    assert "1/2, 1 failed" in said
    assert "out of paint" in said
    assert error == "1 of 2 renderings were not made."


def test_render_all_is_one_batch_of_every_method(owner: AbstractUser) -> None:
    factories.SceneFactory(owner=owner)
    said = run("render", "--all", "--size", "64", "--owner", "owner")
    assert f"{Batch.objects.get().renderings.count()} renderings" in said


def test_contact_sheet_into_a_folder_that_is_not_there_says_so(db: None, tmp_path: Path) -> None:
    factories.RenderingFactory()
    with pytest.raises(CommandError, match=r"--out: .*No such file"):
        run("contact_sheet", "--out", str(tmp_path / "absent" / "sheet.png"))


def test_contact_sheet_has_scenes_down_and_recipes_across(
    owner: AbstractUser, tmp_path: Path
) -> None:
    recipes = [factories.RecipeFactory(owner=owner, name=f"recipe {n}") for n in range(3)]
    for scene in [factories.SceneFactory(owner=owner, name=f"scene {n}") for n in range(2)]:
        for recipe in recipes:
            factories.RenderingFactory(scene=scene, recipe=recipe)
    out = tmp_path / "sheet.png"
    assert "2 scenes × 3 recipes" in run("contact_sheet", "--out", str(out), "--cell", "64")
    with Pillow.open(out) as whole:
        width, height = whole.size
    run("contact_sheet", "--out", str(out), "--cell", "64", "--recipes", "recipe 0", "recipe 2")
    with Pillow.open(out) as fewer:
        assert fewer.size == (width - 72, height)


def _jpeg(mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    noise = Pillow.effect_noise((64, 48), 80).convert(mode)
    noise.save(buffer, "JPEG")
    return buffer.getvalue()


def test_every_command_has_help(capsys: Any) -> None:
    for name in (
        "methods",
        "document_methods",
        "import_images",
        "import_weights",
        "render",
        "contact_sheet",
    ):
        with pytest.raises(SystemExit):
            call_command(name, "--help")
        assert len(capsys.readouterr().out) > 200
