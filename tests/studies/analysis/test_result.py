"""The ranking record: order, and JSON that another program can read."""

import json
import math

import numpy as np
import pytest

from studies.analysis import bradley_terry, luce, placement
from studies.analysis.result import Item, Ranking, in_rank_order, number
from tests.studies.analysis import simulate


def every_protocol() -> list[Ranking]:
    rng = np.random.default_rng(5)
    truth = [0.8, 0.0, -0.8]
    quality = rng.standard_normal((3, 4))
    return [
        bradley_terry.fit(simulate.votes(rng, truth, 8, 12, scenes=2)),
        luce.fit(simulate.choices(rng, truth, 8, 12, scenes=2)),
        placement.fit(simulate.placements(rng, quality, 8)),
        placement.fit(simulate.placements(rng, quality, 3, shared=None)),
        bradley_terry.fit(simulate.votes(rng, truth, 1, 1)),
    ]


@pytest.mark.parametrize("ranking", every_protocol(), ids=lambda ranking: ranking.protocol)
def test_json_when_read_back_is_the_same_and_has_no_nan(ranking: Ranking) -> None:
    plain = ranking.to_json()
    text = json.dumps(plain, allow_nan=False)
    assert json.loads(text) == plain
    assert json.dumps(ranking.to_json(), allow_nan=False) == text


@pytest.mark.parametrize("ranking", every_protocol(), ids=lambda ranking: ranking.protocol)
def test_json_has_the_fields_of_the_file_format(ranking: Ranking) -> None:
    plain = ranking.to_json()
    assert list(plain)[:6] == ["protocol", "n", "items", "recipes", "images", "bradley_terry"]
    assert {"side_effect", "slot_effects", "connectivity", "warnings"} <= set(plain)
    counted = plain["n"]
    assert isinstance(counted, dict)
    assert {"participants", "trials", "scenes", "items", "skips"} <= set(counted)
    rows = plain["items"]
    assert isinstance(rows, list)
    wanted = {"name", "n", "estimate", "se", "low", "high", "rank", "mle", "mle_se_naive"}
    assert wanted | {"mle_se_clustered", "few_reversals", "component"} <= set(rows[0])


def test_json_items_of_the_rating_scale_are_images() -> None:
    ranking = every_protocol()[2]
    plain = ranking.to_json()
    assert plain["items"] == plain["images"]
    assert plain["recipes"] != plain["images"]
    assert [item.name for item in ranking.items] == ["recipe0", "recipe1", "recipe2", "recipe3"]


def test_items_in_rank_order_go_by_component_and_the_unranked_come_last() -> None:
    items = (
        Item("never", 0, 0, 0, component=3),
        Item("second", 1, 1, 0, estimate=-1.0, rank=2),
        Item("other", 1, 1, 0, estimate=5.0, rank=1, component=2),
        Item("first", 1, 1, 0, estimate=1.0, rank=1),
        Item("also second", 1, 1, 0, estimate=-1.0, rank=2),
    )
    told = [item.name for item in in_rank_order(items)]
    assert told == ["first", "also second", "second", "other", "never"]


def test_images_of_a_scene_come_in_rank_order() -> None:
    for ranking in every_protocol()[:3]:
        images = ranking.scene_images("scene1")
        assert images
        assert {image.scene for image in images} == {"scene1"}
        values = [image.estimate for image in images if image.estimate is not None]
        assert values == sorted(values, reverse=True)
    assert every_protocol()[0].scene_images("no such scene") == ()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_number_when_not_finite_is_none(value: float) -> None:
    assert number(value) is None


def test_number_when_finite_is_a_plain_float() -> None:
    assert type(number(np.float64(1.5))) is float
