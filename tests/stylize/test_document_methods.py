"""docs/methods.md: its text is what the registry says; what was measured is told, and resumed."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image as Pillow

from stylize import imaging
from stylize.management.methods_page import MEASURED, Measured, page, section
from stylize.management.sheet import GAP, sheet
from stylize.rendering import MethodInfo, describe, samples
from tests.stylize.test_commands import run

DOCS = Path(__file__).parents[2] / "docs"
NOTHING = Measured({}, {}, {}, "", 256)


def told(text: str) -> list[str]:
    """The lines that come from the registry: neither examples nor what was measured."""
    lines = text.split(MEASURED)[0].split("\n## ", 1)[1].splitlines()
    return [line for line in lines if line and not line.startswith("![")]


def test_page_in_the_docs_says_what_the_registry_says_now() -> None:
    written = (DOCS / "methods.md").read_text(encoding="utf-8")
    assert told(written) == told(page(describe(), NOTHING))


def test_pictures_of_the_page_are_there_and_small() -> None:
    written = (DOCS / "methods.md").read_text(encoding="utf-8")
    named = set(re.findall(r"!\[[^]]*\]\(([^)]+)\)", written))
    assert named == {f"images/methods/{path.name}" for path in (DOCS / "images/methods").iterdir()}
    sizes = [(DOCS / name).stat().st_size for name in named]
    assert sum(sizes) < 2 * 2**20


def info(**values: Any) -> MethodInfo:
    common = {"low": None, "high": None, "choices": None, "help": ""}
    parameters = [
        common | {"name": "weight", "type": "float", "default": 0.5, "low": 0.0, "high": 2.0},
        common | {"name": "steps", "type": "int", "default": 3, "low": 1, "help": "Of a|b."},
        common | {"name": "start", "type": "str", "default": "noise", "choices": ["noise", "it"]},
        common | {"name": "fast", "type": "bool", "default": True},
        common | {"name": "which", "type": "str", "default": ""},
    ]
    made = MethodInfo(
        "key", "Title", "One sentence.", "Somebody (1999): Paper.", "Somebody", 1999,
        ("masks",), "cpu", "ready", parameters,
    )  # fmt: skip
    return replace(made, **values)


def test_section_has_paper_needs_and_every_parameter_with_default_bounds_and_help() -> None:
    said = section(info())
    assert "`key` · Somebody (1999): Paper." in said
    assert "Needs: masks. Queue: cpu." in said
    assert "| weight | 0.5 | 0 to 2 |  |" in said
    assert r"| steps | 3 | at least 1 | Of a\|b. |" in said
    assert "| start | noise | noise, it |  |" in said
    assert "| fast | True | True, False |  |" in said
    assert "| which | empty |  |  |" in said


def test_section_without_parameters_says_so() -> None:
    assert "No parameters." in section(info(parameters=[], needs=()))
    assert "Needs: nothing." in section(info(parameters=[], needs=()))


def test_page_names_methods_that_come_close_and_lists_all_distances() -> None:
    keys = ["a", "b", "c"]
    measured = Measured(
        dict.fromkeys(keys, 1.26),
        {("a", "b"): 3.9, ("a", "c"): 40.2, ("b", "c"): 4.0},
        {"A": 41.0},
        "2 cores",
        256,
    )
    said = page([info(key=key) for key in keys], measured)
    assert "![Title](images/methods/a.jpg) 1.3 s" in said
    assert "- **a** and **b**, 3.9: " in said
    assert "**c**" not in said
    assert "| 1 a | – | 3.9 | 40 |" in said
    assert "| 3 c | 40 | 4.0 | – |" in said
    assert "| A | 41.0 dB |" in said
    assert "2 cores" in said


def test_distance_of_two_sets_is_the_root_mean_square_in_levels() -> None:
    black, grey = np.zeros((2, 4, 3), np.uint8), np.full((2, 4, 3), 6, np.uint8)
    assert samples.distance([black], [grey]) == 6
    assert samples.distance([black, black], [black, grey]) == pytest.approx(np.sqrt(18))


@pytest.mark.parametrize("name", samples.PAIRS)
def test_sample_has_the_size_asked_for_and_masks_that_fit(name: str) -> None:
    scene = samples.sample(name, 64)
    assert max(scene.content.shape) == max(scene.style.shape) == 64
    assert [each.shape for each in scene.labels] == [
        scene.content.shape[:2],
        scene.style.shape[:2],
    ]


def test_pasted_is_the_painting_with_an_element_of_the_photograph() -> None:
    scene = samples.sample("astronaut", 64)
    found = samples.pasted(scene)
    inside = found.labels[0] == 1
    assert 0.3 < inside.mean() < 0.5
    assert found.style.shape == scene.content.shape
    assert np.array_equal(found.content[inside], scene.content[inside])
    assert np.array_equal(found.content[~inside], found.style[~inside])


@pytest.mark.parametrize("key", ["harmonization", "poisson_blending"])
def test_stylized_by_a_method_that_pastes_changes_nothing_outside_the_element(key: str) -> None:
    scene = samples.pasted(samples.sample("cat", 64))
    picture, _ = samples.stylized(key, samples.sample("cat", 64))
    changed = np.abs(picture.astype(int) - scene.style).max(2) > 0
    near = np.abs(np.argwhere(changed) - np.array(scene.style.shape[:2]) / 2).max(0)
    assert changed[scene.labels[0] == 1].mean() > 0.9
    assert (near < 0.5 * np.array(scene.style.shape[:2]) * 0.95).all()


def test_against_authors_without_their_pictures_is_empty(tmp_path: Path) -> None:
    assert samples.against_authors(tmp_path) == {}


# The command


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.VAR = tmp_path / "var"
    return tmp_path


def document(folder: Path, *more: str) -> str:
    arguments = ["--docs", str(folder), "--size", "32", "--authors", str(folder)]
    return run("document_methods", *arguments, *more)


def test_command_writes_the_page_examples_and_sheet_and_goes_on_where_it_stopped(
    folder: Path,
) -> None:
    said = document(folder, "--methods", "identity")
    assert "[1/4] identity on cat: " in said
    said = document(folder, "--methods", "identity", "mkl", "--sheet", str(folder / "sheet.png"))
    assert "identity on" not in said
    assert "[8/8] mkl on rocket" in said
    written = (folder / "methods.md").read_text(encoding="utf-8")
    assert "![MKL](images/methods/mkl.jpg)" in written
    assert "| 1 identity | – |" in written
    with Pillow.open(folder / "images/methods/mkl.jpg") as picture:
        assert max(picture.size) == 32
    with Pillow.open(folder / "sheet.png") as whole:
        assert whole.width == 4 * (32 + GAP) + GAP


def test_command_again_renders_what_is_there(folder: Path) -> None:
    document(folder, "--methods", "identity")
    assert "identity on cat" in document(folder, "--methods", "identity", "--again")


def test_command_text_renders_nothing_and_keeps_what_was_measured(
    folder: Path, settings: Any
) -> None:
    document(folder, "--methods", "identity", "mkl")
    before = (folder / "methods.md").read_text(encoding="utf-8")
    settings.VAR = folder / "another machine"
    assert " on cat" not in document(folder, "--text")
    assert (folder / "methods.md").read_text(encoding="utf-8").split() == before.split()


def test_command_text_where_nothing_was_measured_writes_the_text(folder: Path) -> None:
    document(folder, "--text")
    assert "## MKL" in (folder / "methods.md").read_text(encoding="utf-8")


def test_command_with_a_method_that_fails_names_it_and_keeps_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = samples.stylized

    def failing(key: str, scene: samples.Sample) -> tuple[imaging.Array, float]:
        if key == "mkl":
            raise RuntimeError("out of paint")
        return rendered(key, scene)

    monkeypatch.setattr(samples, "stylized", failing)
    with pytest.raises(CommandError, match="Not rendered: mkl on cat"):
        document(folder, "--methods", "mkl", "identity")
    assert "images/methods/identity.jpg" in (folder / "methods.md").read_text(encoding="utf-8")


def test_command_with_an_unknown_method_is_refused(folder: Path) -> None:
    with pytest.raises(CommandError, match="--methods: there is no nonsense"):
        call_command("document_methods", methods=["nonsense"], docs=folder)


# Sheets with many columns


def test_sheet_of_many_columns_goes_on_below_with_content_and_style_again() -> None:
    red = np.full((32, 64, 3), (200, 0, 0), np.uint8)
    blue = np.full((32, 64, 3), (0, 0, 200), np.uint8)
    heads = ["Content", "Style", *(f"recipe number {n} of a long name" for n in range(40))]
    row = ("scene", [lambda: red, lambda: red, *([lambda: blue] * 39), None])
    made = np.asarray(sheet(heads, [row, row], 64, 10))
    assert made.shape[1] == 12 * (64 + GAP) + GAP
    height = made.shape[0] // 4
    for band in range(4):
        part = made[band * height : (band + 1) * height]
        assert (part == (200, 0, 0)).all(axis=2).sum() == 2 * 2 * 32 * 64
        pictures = 10 if band < 3 else 9
        assert (part == (0, 0, 200)).all(axis=2).sum() == 2 * pictures * 32 * 64
