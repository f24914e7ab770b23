"""The curious participant with developer tools, on a real site: what does any number tell of a recipe?

All pictures of the studies are noise of one kind, so recipes differ in nothing but their names. Then
no statistic of what a browser gets may separate them: names, order, sizes, headers, times, answers
to conditional requests. Each is averaged per stimulus, and the recipes' labels are permuted within
the scenes.
"""

import http.client
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.served import Site, Visit

SCENES, RECIPES, VISITS = 10, 5, 6
PROTOCOLS = ("two_up", "single_choice", "rating_scale")
# A true leak is far beyond it (see the last tests); chance reaches it once in 50,000 statistics.
ALPHA = 2e-5
PERMUTATIONS = 100_000
MAKE = f"""
import json
from studies import lifecycle
from studies.models import Study
from tests import factories
first = Study.objects.get()
for protocol in {PROTOCOLS!r}:
    study = lifecycle.copy_study(first)
    Study.objects.filter(pk=study.pk).update(protocol=protocol)
    lifecycle.open_study(Study.objects.get(pk=study.pk))
    print(json.dumps([protocol, study.public_id]))
"""
Headers = Sequence[tuple[str, str]]


@dataclass
class Loot:
    """What one curious participant after another noted about one stimulus."""

    scene: int
    recipe: int
    numbers: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("attacked"))
    made.make(scenes=SCENES, recipes=RECIPES, trials_per_participant=2 * SCENES).start()
    made.study["copies"] = dict(json.loads(line) for line in made.script(MAKE).splitlines())
    yield made
    made.end()


@pytest.fixture(scope="module", params=PROTOCOLS)
def loot(request: pytest.FixtureRequest, site: Site) -> dict[str, Loot]:
    """Everything that some visits to one study saw, by address."""
    study = site.study["copies"][request.param]
    sql = (
        "SELECT address, scene_id, recipe_id FROM studies_stimulus s "
        f"JOIN studies_study t ON t.id = s.study_id WHERE t.public_id = '{study}'"
    )
    found = {address: Loot(scene, recipe) for address, scene, recipe in site.rows(sql)}
    assert len(found) == SCENES * RECIPES
    site.study["public_id"] = study
    for _ in range(VISITS):
        _read_state(site.visit(), found)
    _fetch_all(site.port, found)
    return found


def _read_state(visit: Visit, found: dict[str, Loot]) -> None:
    seen: list[str] = []
    for trial in visit.consent():
        for place, shown in enumerate(trial["stimuli"]):
            numbers = found[shown["address"]].numbers
            numbers["place in the trial"].append(place)
            numbers["place of the trial"].append(trial["position"])
            numbers["trial's name"].append(_weight(trial["id"]))
            numbers["width"].append(shown["width"])
            numbers["height"].append(shown["height"])
            numbers["hash"].append(int(shown["sha256"][:12], 16))
            if shown["address"] not in seen:
                seen.append(shown["address"])
                numbers["when first met"].append(len(seen))


def _fetch_all(port: int, found: dict[str, Loot]) -> None:
    """Each picture nine times in random order, then with every trick of a cache."""
    tricks = {
        "none match": {"If-None-Match": "*"},
        "modified since": {"If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT"},
        "range": {"Range": "bytes=0-99"},
        "compressed": {"Accept-Encoding": "gzip, br"},
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    addresses = 9 * list(found)
    random.Random(5).shuffle(addresses)
    for address in addresses:
        numbers = found[address].numbers
        elapsed, status, headers, body = _get(connection, address)
        numbers["time"].append(elapsed)
        numbers["status"].append(status)
        numbers["headers"].append(_number([h for h in headers if h[0] not in VARYING]))
        numbers["order of headers"].append(_number([name for name, _ in headers]))
        numbers["file size"].append(len(body))
        numbers["kind of compression"].append(_number([body[:8], body[24:29], body[41:43]]))
    for address, one in found.items():
        one.numbers["name"].append(_weight(address))
        for place in range(4):
            one.numbers[f"letter {place} of the name"].append(ord(address[place]))
        for trick, sent in tricks.items():
            _, status, headers, _ = _get(connection, address, sent)
            kept = [h for h in headers if h[0] not in VARYING]
            one.numbers[f"{trick}: status"].append(status)
            one.numbers[f"{trick}: headers"].append(_number(kept))
    connection.close()


VARYING = ("Date", "Content-Length")  # the size is a statistic of its own


def _get(
    connection: http.client.HTTPConnection, address: str, headers: dict[str, str] | None = None
) -> tuple[float, int, Headers, bytes]:
    begun = time.perf_counter()
    connection.request("GET", f"/i/{address}", headers=headers or {})
    response = connection.getresponse()
    body = response.read()
    return time.perf_counter() - begun, response.status, response.getheaders(), body


def _number(value: Any) -> float:
    """Equal for equal values; Python's own hash differs between runs, not within one."""
    return float(hash(str(value)) % 10_007)


def _weight(name: str) -> float:
    return float(sum(map(ord, name)))


def table(loot: dict[str, Loot], statistic: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(scenes, recipes): the median of what was noted of each stimulus, less its scene's mean."""
    scenes = sorted({one.scene for one in loot.values()})
    recipes = sorted({one.recipe for one in loot.values()})
    made = np.full((len(scenes), len(recipes)), np.nan)
    for one in loot.values():
        value = statistics.median(one.numbers[statistic])
        made[scenes.index(one.scene), recipes.index(one.recipe)] = value
    return made - made.mean(axis=1, keepdims=True)


def chance(values: np.ndarray[Any, np.dtype[np.float64]], seed: int = 0) -> float:
    """How often, with names shuffled within scenes, some recipe lies as far from the rest.

    Args:
        values: (scenes, recipes), scenes centred.

    Returns:
        The permutation p-value of the largest mean of a recipe, in (0, 1].
    """
    rng = np.random.default_rng(seed)
    observed = float(np.abs(values.mean(axis=0)).max())
    reached = drawn = 0
    while drawn < PERMUTATIONS and reached < 10:  # ten times: nothing to see here
        order = rng.random((5000, *values.shape)).argsort(axis=2)
        means = np.take_along_axis(values[None], order, axis=2).mean(axis=1)
        reached += int((np.abs(means).max(axis=1) >= observed - 1e-12).sum())
        drawn += len(order)
    return (reached + 1) / (drawn + 1)


def test_no_statistic_of_what_a_browser_gets_separates_the_recipes(loot: dict[str, Loot]) -> None:
    names = sorted(next(iter(loot.values())).numbers)
    assert len(names) == 26
    assert {name: p for name in names if (p := chance(table(loot, name))) < ALPHA} == {}


def test_all_pictures_answer_alike_to_the_letter(loot: dict[str, Loot]) -> None:
    """Where the numbers must not only be unrelated to the recipe but equal."""
    for name in ("status", "headers", "order of headers", "kind of compression", "width", "height"):
        assert len({value for one in loot.values() for value in one.numbers[name]}) == 1, name
    for trick in ("none match", "modified since", "range", "compressed"):
        statuses = {value for one in loot.values() for value in one.numbers[f"{trick}: status"]}
        assert statuses == {200}, trick  # no validator to revalidate, no part, no other coding


def test_one_picture_has_unrelated_names_in_two_studies(site: Site) -> None:
    """Same letters at the same places, as many as between names of different pictures."""
    names: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
    for study, scene, recipe, address in site.rows(
        "SELECT study_id, scene_id, recipe_id, address FROM studies_stimulus"
    ):
        names[study][scene, recipe] = address
    first, second, *_ = names.values()
    assert set(first) == set(second)
    assert set(first.values()).isdisjoint(second.values())
    letters = [
        np.array([[ord(letter) for letter in one[cell]] for cell in sorted(first)])
        for one in (first, second)
    ]
    observed = (letters[0] == letters[1]).sum()
    rng = np.random.default_rng(0)
    shuffled = [(letters[0] == rng.permutation(letters[1])).sum() for _ in range(5000)]
    assert np.mean(np.array(shuffled) >= observed) > 1e-3
    # The hash of the bytes is the same, and so are the bytes: that is the picture itself.


def test_page_of_a_visit_is_the_same_for_everybody(site: Site) -> None:
    pages = set()
    for visit in (site.visit(), site.visit()):
        page = site.get(f"/v/{visit.public_id}/")[1].decode()
        pages.add(page.replace(visit.public_id, "…"))
    assert len(pages) == 1


@pytest.mark.parametrize("leak", [0.0, 5.0])
def test_the_attack_itself_sees_a_leak_and_only_a_leak(leak: float) -> None:
    """Noise alone passes; a recipe whose pictures come five deviations later does not."""
    values = np.random.default_rng(3).normal(size=(SCENES, RECIPES))
    values[:, 1] += leak
    values -= values.mean(axis=1, keepdims=True)
    assert (chance(values) < ALPHA) == bool(leak)


def test_the_attack_itself_sees_a_plan_that_favours_a_place() -> None:
    values = np.random.default_rng(4).integers(0, 2, (SCENES, RECIPES)).astype(float)
    values[:, 0] = -1
    assert chance(values - values.mean(axis=1, keepdims=True)) < ALPHA
