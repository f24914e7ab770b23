"""The rating-scale ranking: reference files, affine invariance, and designs that cannot join the scenes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr, t

from studies.analysis import alignment, placement
from studies.analysis.data import Placements
from studies.analysis.result import Ranking
from tests.studies.analysis import reference, simulate
from tests.studies.analysis.simulate import column

SEEDS = st.integers(0, 2**32 - 1)
FILES = ["placement_clean", "placement_small", "placement_nopersonalbias"]


def simulated_file(name: str, scenes: int, images: int) -> Placements:
    rows = reference.rows(f"f_simulated/{name}.csv")
    observer = np.array([int(row["observer"]) for row in rows])
    image = np.array([int(row["image"]) for row in rows])
    agreement = np.array([row["scroll_type"] == "agreement" for row in rows])
    recipes = images // scenes
    return Placements(
        recipes=simulate.names("recipe", recipes),
        participants=simulate.names("p", observer.max() + 1),
        scenes=simulate.names("scene", scenes),
        participant=observer,
        scene=image // recipes,
        recipe=image % recipes,
        scroll=observer * (scenes + 1) + np.where(agreement, scenes, image // recipes),
        agreement=agreement,
        position=np.array([float(row["position"]) for row in rows]),
    )


def some_placements(seed: int, participants: int = 8, **changes: Any) -> Placements:
    return simulate.drawn_placements(seed, 4, 5, participants, **changes)


@pytest.mark.parametrize("name", FILES)
def test_images_agree_with_the_reference(name: str) -> None:
    expected = reference.results(f"f_simulated/{name}_reference.json")
    scenes = len(expected["E1_content_slopes"])
    ranking = placement.fit(simulated_file(name, scenes, expected["n_images"]))
    np.testing.assert_allclose(
        column(ranking.images, "estimate"), expected["E1_two_stage_csiq"], atol=1e-5
    )
    np.testing.assert_allclose(
        column(ranking.images, "se"), expected["E1_jackknife_se_python"], atol=1e-5
    )
    width = expected["t_quantile_975"] * np.array(expected["E1_jackknife_se_python"])
    half = (column(ranking.images, "high") - column(ranking.images, "low")) / 2
    np.testing.assert_allclose(half, width, atol=1e-5)
    quality = column(ranking.images, "estimate")
    worst = (quality.max() - quality) / np.ptp(quality)
    np.testing.assert_allclose(worst, expected["E1_dmos_0best_1worst"], atol=1e-5)
    assert ranking.warnings == ()


@pytest.mark.parametrize("name", FILES)
def test_lines_of_the_scenes_agree_with_the_reference(name: str) -> None:
    expected = reference.results(f"f_simulated/{name}_reference.json")
    scenes = len(expected["E1_content_slopes"])
    scores = alignment.scores(simulated_file(name, scenes, expected["n_images"]))
    within = alignment.means(scores.within.sum(axis=0), scores.within_n.sum(axis=0))[None]
    shared = alignment.means(scores.shared.sum(axis=0), scores.shared_n.sum(axis=0))[None]
    aligned = alignment.align(within, shared, scenes)
    np.testing.assert_allclose(aligned.slope[0], expected["E1_content_slopes"], atol=1e-5)
    np.testing.assert_allclose(aligned.intercept[0], expected["E1_content_intercepts"], atol=1e-5)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_any_rising_line_on_any_scroll_changes_nothing(seed: int) -> None:
    given_ = some_placements(seed)
    rng = np.random.default_rng(seed)
    _, scroll = np.unique(given_.scroll, return_inverse=True)
    origin = 1e3 * rng.standard_normal(scroll.max() + 1)
    unit = np.exp(2 * rng.standard_normal(scroll.max() + 1))
    moved = replace(given_, position=origin[scroll] + unit[scroll] * given_.position)
    assert_same(placement.fit(given_), placement.fit(moved), atol=1e-9)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_mirrored_lines_turn_every_sign(seed: int) -> None:
    given_ = some_placements(seed)
    one = placement.fit(given_)
    two = placement.fit(replace(given_, position=-given_.position))
    for rows in ("items", "images"):
        a, b = getattr(one, rows), getattr(two, rows)
        np.testing.assert_allclose(column(a, "estimate"), -column(b, "estimate"), atol=1e-9)
        np.testing.assert_allclose(column(a, "se"), column(b, "se"), atol=1e-9)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_rows_and_recipes_in_another_order_change_nothing(seed: int) -> None:
    given_ = some_placements(seed)
    rng = np.random.default_rng(seed)
    order, rows = rng.permutation(5), rng.permutation(len(given_.position))
    columns = ("participant", "scene", "scroll", "agreement", "position")
    moved = replace(
        given_,
        recipes=tuple(given_.recipes[index] for index in order),
        recipe=np.argsort(order)[given_.recipe][rows],
        **{name: getattr(given_, name)[rows] for name in columns},
    )
    assert_same(placement.fit(given_), placement.fit(moved), atol=1e-9)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_recipe_that_was_never_placed_changes_nothing(seed: int) -> None:
    given_ = some_placements(seed)
    one = placement.fit(given_)
    two = placement.fit(replace(given_, recipes=(*given_.recipes, "never placed")))
    assert_same(one, replace(two, items=two.items[:-1]), atol=1e-9)
    assert (two.items[-1].estimate, two.items[-1].rank, two.items[-1].n) == (None, None, 0)
    assert "Never placed, so not ranked: never placed." in two.warnings


def test_images_have_mean_zero_and_deviation_one_and_recipes_are_their_means() -> None:
    ranking = placement.fit(some_placements(3))
    quality = column(ranking.images, "estimate")
    assert quality.mean() == pytest.approx(0, abs=1e-12)
    assert quality.std() == pytest.approx(1, abs=1e-12)
    means = quality.reshape(4, 5).mean(axis=0)
    np.testing.assert_allclose(column(ranking, "estimate"), means, atol=1e-12)
    assert sorted(item.rank or 0 for item in ranking.items) == [1, 2, 3, 4, 5]
    assert sorted(item.rank or 0 for item in ranking.images) == list(range(1, 21))


def test_jackknife_is_the_fit_without_each_participant() -> None:
    given_ = some_placements(4, participants=6)
    ranking = placement.fit(given_)
    replicates = []
    for person in range(6):
        fit = placement.fit(only(given_, given_.participant != person))
        replicates.append([item.estimate for item in fit.items])
    gap = np.array(replicates, dtype=float)
    gap = gap - gap.mean(axis=0)
    se = np.sqrt(5 / 6 * (gap**2).sum(axis=0))
    np.testing.assert_allclose(column(ranking, "se"), se, atol=1e-12)
    half = t.ppf(0.975, 5) * se
    np.testing.assert_allclose(column(ranking, "high") - column(ranking, "estimate"), half)


def test_realignment_recovers_what_scene_scrolls_alone_cannot() -> None:
    rng = np.random.default_rng(7)
    quality = np.linspace(-3, 3, 6)[:, None] + np.linspace(-0.5, 0.5, 5)[None]
    ranking = placement.fit(simulate.placements(rng, quality, 20, shared=(0, 2, 4)))
    found = column(ranking.images, "estimate")
    truth = (quality - quality.mean()) / quality.std()
    assert np.sqrt(np.mean((found - truth.ravel()) ** 2)) < 0.15
    assert spearmanr(column(ranking, "estimate"), np.arange(5)).statistic == pytest.approx(1)


def test_without_agreement_scroll_there_are_no_numbers_across_scenes() -> None:
    ranking = placement.fit(some_placements(5, shared=None))
    assert "there is no agreement scroll" in ranking.warnings[0]
    assert [image.component for image in ranking.images] == [1] * 5 + [2] * 5 + [3] * 5 + [4] * 5
    for scene in range(4):
        rows = ranking.images[5 * scene : 5 * scene + 5]
        assert sorted(row.rank or 0 for row in rows) == [1, 2, 3, 4, 5]
        assert sum(row.estimate or 0.0 for row in rows) == pytest.approx(0, abs=1e-12)
    assert all(image.estimators == {"e1": None} for image in ranking.images)
    assert all(item.estimate is not None and item.se is not None for item in ranking.items)


def test_agreement_sets_of_one_s_own_are_put_on_one_scale_jointly_and_marked() -> None:
    given_ = some_placements(5, shared=(0, 2, 4))
    drop = (given_.participant == 2) & given_.agreement & (given_.recipe == 2)
    ranking = placement.fit(only(given_, ~drop))
    assert "joint model of all scrolls (E2)" in ranking.warnings[0]
    assert "do not all show the same images" in ranking.warnings[0]
    assert {image.component for image in ranking.images} == {1}
    assert all(i.estimators == {"e1": None, "e2": i.estimate} for i in ranking.images)
    by_e1 = column(placement.fit(given_).images, "estimate")
    np.testing.assert_allclose(column(ranking.images, "estimate"), by_e1, atol=0.15)


def test_several_agreement_scrolls_that_share_scenes_are_put_on_one_scale_jointly() -> None:
    given_ = some_placements(5, shared=(0, 2, 4))
    twice = in_two_scrolls(given_, first=(0, 1, 2), second=(1, 2, 3))
    ranking = placement.fit(twice)
    assert "several agreement scrolls" in ranking.warnings[0]
    assert all(image.estimators["e2"] == image.estimate for image in ranking.images)
    assert all(image.low is not None for image in ranking.images)


def test_several_agreement_scrolls_without_a_scene_in_common_give_no_scale() -> None:
    given_ = some_placements(5)
    twice = given_.scroll + 10_000 * (given_.agreement & (given_.scene > 1))
    ranking = placement.fit(replace(given_, scroll=twice))
    assert "within their scene only" in ranking.warnings[0]
    assert "several agreement scrolls" in ranking.warnings[0]


def in_two_scrolls(
    given_: Placements, first: tuple[int, ...], second: tuple[int, ...]
) -> Placements:
    """The agreement scroll taken apart into two that may share scenes, the second with its own unit."""
    here = np.flatnonzero(~given_.agreement | np.isin(given_.scene, first))
    there = np.flatnonzero(given_.agreement & np.isin(given_.scene, second))
    rows = np.concatenate([here, there])
    second_ = np.arange(len(rows)) >= len(here)
    return replace(
        given_,
        **{
            name: getattr(given_, name)[rows]
            for name in ("participant", "scene", "recipe", "agreement")
        },
        scroll=given_.scroll[rows] + 10_000 * second_,
        position=np.where(second_, 3 * given_.position[rows] - 70, given_.position[rows]),
    )


def test_participant_who_left_before_the_agreement_scroll_still_counts() -> None:
    given_ = some_placements(5)
    drop = (given_.participant == 2) & given_.agreement
    ranking = placement.fit(only(given_, ~drop))
    assert ranking.warnings == ()
    assert ranking.images[0].n == 8 + 7


def test_one_agreement_image_per_scene_is_too_few() -> None:
    ranking = placement.fit(some_placements(5, shared=(0,)))
    assert "fewer than two agreement images" in ranking.warnings[0]
    assert "scene0, scene1, scene2, scene3" in ranking.warnings[0]


def test_scene_turned_round_by_the_agreement_scroll_is_named() -> None:
    given_ = some_placements(5, shared=(0, 1, 2, 3, 4), noise=0.01)
    turn = given_.agreement & (given_.scene == 2)
    middle = np.array(
        [given_.position[turn & (given_.scroll == scroll)].mean() for scroll in given_.scroll[turn]]
    )
    position = given_.position.copy()
    position[turn] = 2 * middle - position[turn]
    ranking = placement.fit(replace(given_, position=position))
    assert ranking.warnings[0].endswith("do not keep the order of these scenes: scene2.")


def test_constant_scrolls_are_left_out_and_counted() -> None:
    given_ = some_placements(5)
    flat = given_.scroll == given_.scroll[0]
    ranking = placement.fit(replace(given_, position=np.where(flat, 4.0, given_.position)))
    assert ranking.warnings == ("Left out, since all their pictures lie on one spot: 1 scroll.",)
    assert ranking.n.ties == 10
    everything = placement.fit(replace(given_, position=np.zeros(len(given_.position))))
    assert everything.warnings[0] == "There are no answers to rank from."
    assert all(item.estimate is None for item in (*everything.items, *everything.images))


def only(placements: Placements, kept: np.ndarray) -> Placements:
    columns = ("participant", "scene", "recipe", "scroll", "agreement", "position")
    return replace(placements, **{name: getattr(placements, name)[kept] for name in columns})


@pytest.mark.parametrize("shared", [(0, 1), None])
def test_recipe_missing_in_a_scene_gives_means_only_where_scenes_share_a_scale(
    shared: tuple[int, ...] | None,
) -> None:
    whole = some_placements(5, shared=shared)
    ranking = placement.fit(only(whole, ~((whole.scene == 1) & (whole.recipe == 4))))
    assert len(ranking.images) == 19
    assert all((item.estimate is None) == (shared is None) for item in ranking.items)
    told = "no means of recipes" if shared is None else "means are over different scenes"
    assert any(told in warning for warning in ranking.warnings)


@pytest.mark.parametrize("participants", [1, 4])
def test_below_five_participants_there_are_no_intervals(participants: int) -> None:
    ranking = placement.fit(some_placements(5, participants=participants))
    for item in (*ranking.items, *ranking.images):
        assert item.estimate is not None
        assert (item.se, item.low, item.high) == (None, None, None)
    assert all(image.thin for image in ranking.images)
    assert any(f"Only {participants} participant" in warning for warning in ranking.warnings)


def test_derived_pairs_rank_recipes_beside_the_own_model() -> None:
    rng = np.random.default_rng(7)
    quality = np.tile(np.linspace(-1, 1, 5), (4, 1)) + 0.1 * rng.standard_normal((4, 5))
    ranking = placement.fit(simulate.placements(rng, quality, 12, noise=0.6))
    table = ranking.bradley_terry
    assert table.derived
    assert [item.rank for item in table.items] == [item.rank for item in ranking.items]
    assert [item.n for item in table.items] == [48] * 5  # scene scrolls, not pairs
    assert sum(map(sum, ranking.pairs)) == 12 * 4 * 10
    assert [item.n for item in ranking.items] == [60, 48, 48, 48, 60]  # agreement scrolls too
    assert ranking.n.trials == 60


def test_nothing_placed_says_so() -> None:
    none = np.empty(0, dtype=int)
    ranking = placement.fit(
        Placements(("a", "b"), (), ("s",), none, none, none, none, none, none)  # type: ignore[arg-type]
    )
    assert ranking.warnings == ("There are no answers to rank from.",)
    assert ranking.images == ()
    assert [item.estimate for item in ranking.items] == [None, None]


def test_standardised_without_spread_is_missing() -> None:
    assert np.isnan(alignment.standardised(np.ones((1, 4)))).all()
    found = alignment.standardised(np.array([[1.0, np.nan, 3.0]]))
    assert found[0, [0, 2]].tolist() == [-1.0, 1.0]


def test_jackknife_of_one_participant_is_unknown() -> None:
    assert np.isnan(alignment.jackknife_se(np.ones((1, 3)))).all()


def assert_same(one: Ranking, two: Ranking, atol: float) -> None:
    for rows in ("items", "images"):
        other = {item.name: item for item in getattr(two, rows)}
        for item in getattr(one, rows):
            for field in ("estimate", "se", "low", "high", "rank", "n", "wins", "losses"):
                expected = getattr(other[item.name], field)
                assert getattr(item, field) == pytest.approx(expected, abs=atol)
