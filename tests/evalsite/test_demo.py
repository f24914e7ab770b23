"""The demo's truth can be found, its pictures can be read, and its verdict is not made up."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command

from evalsite import demo
from evalsite.demo import PAIRS, TASTES, Source
from evalsite.management.commands.demo import Command
from studies.models import Study
from stylize import imaging, rendering
from stylize.models import Recipe
from tests.studies import cast

SOURCES = [source for pair in PAIRS for source in (pair.content, pair.style)]


def test_tastes_are_far_enough_apart_to_be_found_and_name_methods() -> None:
    ordered = sorted(TASTES.values())
    assert all(higher - lower >= 0.5 for lower, higher in pairwise(ordered))
    assert set(TASTES) <= {method.key for method in rendering.describe()}


def test_tastes_are_those_of_six_methods_with_the_content_itself_among_them() -> None:
    assert len(TASTES) == 6
    assert "identity" in TASTES


def test_pictures_are_six_scenes_with_four_painted_styles() -> None:
    assert len(PAIRS) == 6
    assert len({source.name for source in SOURCES}) == 12
    painted = {pair.style.file for pair in PAIRS if pair.style.package == "painter"}
    assert len(painted) >= 4
    assert all(pair.content.package != "painter" for pair in PAIRS), "contents are photographs"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_picture_of_the_demo_can_be_read_and_is_large_enough(source: Source) -> None:
    picture = imaging.read(source.read())
    assert max(picture.shape[:2]) >= demo.SIZE
    assert picture.std() > 0.02, "not one colour"


def answered(spread: float, people: int = 6, protocol: str = "two_up") -> Study:
    """A study of six recipes, one per method, liked by `spread` times the demo's tastes."""
    study = cast.live(protocol, scenes=2, recipes=6)
    for recipe, method in zip(study.recipes.order_by("pk"), TASTES, strict=True):
        Recipe.objects.filter(pk=recipe.pk).update(method=method)
    liked = {recipe.name: spread * TASTES[recipe.method] for recipe in study.recipes.all()}
    return cast.answered(study, people=people, trials=30, liked=liked)


@pytest.mark.parametrize("protocol", ["two_up", "rating_scale"])
def test_truth_of_a_study_answered_without_noise_is_found(db: None, protocol: str) -> None:
    compared = demo.against_truth(answered(spread=100, protocol=protocol))
    assert compared.spearman == pytest.approx(1)
    assert compared.spearman_choix == pytest.approx(1)
    assert [row.truth for row in compared.rows] == sorted(TASTES.values(), reverse=True)


def test_truth_of_a_study_answered_the_wrong_way_round_is_missed(db: None) -> None:
    compared = demo.against_truth(answered(spread=-100))
    assert compared.spearman == pytest.approx(-1)
    assert compared.spearman_choix == pytest.approx(-1)


@pytest.mark.parametrize("people", [0, 1])
def test_truth_of_a_study_that_ranks_nothing_is_missed(db: None, people: int) -> None:
    compared = demo.against_truth(answered(spread=100, people=people))
    assert compared.rows == ()
    assert compared.spearman == 0


def test_truth_where_choix_ranks_nothing_is_missed_too(db: None) -> None:
    assert demo.against_truth(answered(spread=100, people=0)).spearman_choix == 0


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield int(listening.getsockname()[1])


def test_demo_on_a_taken_port_is_refused_in_one_sentence_that_names_another(
    taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("demo", port=taken)
    said = str(refused.value)
    assert said.startswith(f"--port: {taken} is taken")
    assert said.endswith(f"make demo ARGS='--port {taken + 1}'")
    assert "\n" not in said
    assert capsys.readouterr().out == "", "refused before anything was made"


@pytest.mark.parametrize("port", [0, 80, 65536, 99999])
def test_demo_on_a_port_out_of_range_is_refused_by_name(db: None, port: int) -> None:
    with pytest.raises(CommandError, match=f"--port: must be from 1024 to 65535, got {port}"):
        call_command("demo", port=port)


def test_demo_that_does_not_serve_takes_any_other_port(taken: int) -> None:
    chosen = Command()._free_port(taken, any_port=True)
    assert chosen not in (0, taken)


SERVING = """
import os, sys, time, django
django.setup()
from evalsite.management.commands.demo import _running
with _running("web", ["http.server", "--bind", "127.0.0.1", "0"]) as process:
    print(process.pid, flush=True)
    time.sleep(60)
"""


def test_demo_that_is_terminated_takes_its_processes_along(tmp_path: Path) -> None:
    settings = {"DJANGO_SETTINGS_MODULE": "evalsite.settings", "PARAGONE_VAR": str(tmp_path)}
    command = [sys.executable, "-c", SERVING]
    with subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.PIPE) as demo_run:
        assert demo_run.stdout is not None
        child = psutil.Process(int(demo_run.stdout.readline()))
        demo_run.terminate()
        demo_run.wait(timeout=30)
    child.wait(timeout=5)
    assert not child.is_running()
