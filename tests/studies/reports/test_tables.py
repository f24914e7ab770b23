"""CSV: a is left, no formula gets through, every column stands in the codebook."""

import csv
import io

import pytest

from studies import dataset
from studies.models import Study
from studies.reports import build, codebook, tables
from stylize.models import Recipe
from tests.studies import cast

pytestmark = pytest.mark.django_db
PROTOCOLS = ["two_up", "single_choice", "rating_scale"]


def exported(study: Study) -> list[dict[str, str]]:
    columns = list(codebook.ANSWER_COLUMNS[study.protocol])
    text = "".join(tables.lines(columns, tables.answer_rows(study)))
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_safe_when_text_looks_like_a_formula_puts_an_apostrophe_in_front(cell: str) -> None:
    assert tables.safe(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["Gatys", "a=b", "", -0.5, 3])
def test_safe_when_harmless_leaves_it(cell: object) -> None:
    assert tables.safe(cell) == cell


def test_answers_of_two_up_have_a_on_the_left() -> None:
    study = cast.live()
    left, right = study.stimuli.filter(scene=study.scenes.all()[0])[:2]
    for chosen in ("a", "b", "skip"):
        cast.ask(cast.visit(study), [left, right], {"chosen": chosen})
    rows = exported(study)
    assert [row["choice"] for row in rows] == ["left", "right", "skip"]
    assert {row["left"] for row in rows} == {left.recipe.name}
    assert {row["right"] for row in rows} == {right.recipe.name}


def test_answers_of_single_choice_write_blanks_in_names_as_one_word() -> None:
    study = cast.live("single_choice", recipes=3)
    shown = list(study.stimuli.filter(scene=study.scenes.all()[0]))
    cast.ask(cast.visit(study), shown, {"chosen": shown[1].address})
    row = exported(study)[0]
    assert row["options"].split(" ") == [one.recipe.name.replace(" ", "_") for one in shown]
    assert row["choice"] == row["options"].split(" ")[1]


def test_answers_of_single_choice_keep_names_apart_that_differ_in_a_blank_only() -> None:
    study = cast.live("single_choice", recipes=2)
    for recipe, name in zip(
        study.recipes.order_by("pk"), ("soft paint", "soft_paint"), strict=True
    ):
        Recipe.objects.filter(pk=recipe.pk).update(name=name)
    shown = list(study.stimuli.filter(scene=study.scenes.all()[0]))
    cast.ask(cast.visit(study), shown, {"chosen": shown[0].address})
    assert len(set(exported(study)[0]["options"].split(" "))) == 2


def test_answers_of_the_line_are_a_row_per_picture_and_one_for_a_skip() -> None:
    study = cast.answered(cast.live("rating_scale", recipes=3), people=1)
    shown = list(study.stimuli.filter(scene=study.scenes.all()[0]))
    cast.ask(cast.visit(study), shown, {"chosen": "skip"})
    rows = exported(study)
    assert len(rows) == 3 * 3 + 3 * 3 + 1
    assert {row["scroll"] for row in rows} == {"scene", "agreement"}
    assert all(float(row["position"]) for row in rows[:-1])
    assert (rows[-1]["choice"], rows[-1]["position"]) == ("skip", "")


def test_answers_of_the_line_tell_how_often_and_when_each_picture_was_moved() -> None:
    study = cast.live("rating_scale", recipes=2)
    shown = list(study.stimuli.filter(scene=study.scenes.all()[0]))
    content = {
        "positions": {shown[0].address: 1.0, shown[1].address: 2.0},
        "moves": [[0, 900, 5.0], [1, 1500, 2.0], [0, 2100, 1.0]],
        "window": {"width": 3840.0, "pixel_ratio": 1.0},
    }
    cast.ask(cast.visit(study), shown, content)
    rows = exported(study)
    assert [(row["moves"], row["placed_ms"]) for row in rows] == [("2", "2100"), ("1", "1500")]
    assert {(row["window_width"], row["window_distance_cm"]) for row in rows} == {("3840.0", "")}
    answer = next(tables.answer_objects(study, dataset.raw_answers(study)))
    names = [one.recipe.name for one in (shown[0], shown[1], shown[0])]
    assert [(move["recipe"], move["ms"]) for move in answer["moves"]] == list(
        zip(names, (900, 1500, 2100), strict=True)
    )
    assert answer["window"] == content["window"]


def test_answers_and_ranking_when_names_are_formulas_are_defused() -> None:
    study = cast.live()
    for number, recipe in enumerate(study.recipes.all()):
        Recipe.objects.filter(pk=recipe.pk).update(name=f'=HYPERLINK("http://evil",{number})')
    cast.answered(study, people=6)
    text = "".join(
        tables.lines(list(codebook.RANKING_COLUMNS), tables.ranking_rows(build.report(study)))
    )
    for rows in (exported(study), list(csv.DictReader(io.StringIO(text)))):
        assert rows
        for row in rows:
            assert not any(cell.startswith(("=", "@")) for cell in row.values())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_ranking_rows_hold_recipes_images_and_both_models(protocol: str) -> None:
    study = cast.answered(cast.live(protocol), people=8, trials=16)
    rows = list(tables.ranking_rows(build.report(study)))
    assert {row["model"] for row in rows} >= {"headline", "bradley_terry", "image"}
    assert all(set(row) == set(codebook.RANKING_COLUMNS) for row in rows)
    assert all(row["scene"] for row in rows if row["model"] == "image")


def test_ranking_rows_without_a_ranking_are_none() -> None:
    assert list(tables.ranking_rows(build.report(cast.live()))) == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_codebook_explains_every_column_in_order(protocol: str) -> None:
    rows = list(codebook.rows(protocol, {"participant": "who"}))
    explained = [row["column"] for row in rows if row["file"] == "answers.csv"]
    study = cast.answered(cast.live(protocol), people=1, trials=1)
    assert list(next(tables.answer_rows(study))) == explained
    assert all(row["meaning"] for row in rows)
