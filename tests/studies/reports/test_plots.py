"""SVG that is the same from the same numbers, vector only, with every name escaped."""

import xml.etree.ElementTree as ET

import pytest

from studies.analysis.result import BradleyTerry, Connectivity, Counts, Item, Ranking
from studies.reports import plots

HOSTILE = '<script>alert("x")</script> & $x_1$'


def ranking(*names: str) -> Ranking:
    items = tuple(
        Item(name=name, n=20, wins=10, losses=10, estimate=1.0 - place, low=0.5 - place, high=1.5 - place, rank=place + 1)
        for place, name in enumerate(names)
    )  # fmt: skip
    pairs = tuple(
        tuple(0 if row == column else 5 + row for column in range(len(names)))
        for row in range(len(names))
    )
    return Ranking(
        protocol="two-up",
        items=items,
        n=Counts(participants=9, trials=60, scenes=2, items=len(names)),
        pairs=pairs,
        connectivity=Connectivity(),
        bradley_terry=BradleyTerry(derived=False, items=items),
    )


@pytest.mark.parametrize("logits", [True, False])
def test_forest_twice_is_the_same_to_the_byte(logits: bool) -> None:
    items = ranking("one", "two", "three").ranked()
    assert plots.forest(items, logits=logits) == plots.forest(items, logits=logits)


def test_win_matrix_twice_is_the_same_to_the_byte() -> None:
    assert plots.win_matrix(ranking("one", "two")) == plots.win_matrix(ranking("one", "two"))


@pytest.mark.parametrize(
    "svg",
    [
        plots.forest(ranking(HOSTILE, "two").ranked(), logits=True),
        plots.win_matrix(ranking(HOSTILE, "two")),
        plots.progress([0, 1, 5], "hours"),
    ],
)
def test_a_plot_is_well_formed_vector_text_without_script_or_date(svg: str) -> None:
    root = ET.fromstring(svg)
    tags = {element.tag.rsplit("}", 1)[-1] for element in root.iter()}
    assert "script" not in tags
    assert "image" not in tags
    assert "text" in tags
    assert "<script" not in svg
    assert "dc:date" not in svg


def test_forest_shows_a_hostile_name_as_text_and_not_as_mathematics() -> None:
    root = ET.fromstring(plots.forest(ranking(HOSTILE, "two").ranked(), logits=True))
    texts = ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("text")]
    assert any("$x_1$".startswith(text[-3:]) or "<script>" in text for text in texts)


def test_inline_takes_the_pages_colour_and_no_head() -> None:
    svg = plots.inline(plots.forest(ranking("one", "two").ranked(), logits=True))
    assert svg.startswith("<svg")
    assert plots.INK not in svg
    assert "currentColor" in svg


def test_win_matrix_without_a_ranking_keeps_the_studys_order() -> None:
    svg = plots.win_matrix(ranking("zebra", "ant"), ranked=False)
    assert svg.index(">zebra<") < svg.index(">ant<")
