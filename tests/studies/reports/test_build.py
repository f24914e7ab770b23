"""The result object: what is ranked, what is said in its place, and its JSON."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from studies import lifecycle
from studies.models import Question, Study
from studies.reports import build
from tests import factories
from tests.studies import cast

pytestmark = pytest.mark.django_db
PROTOCOLS = ["two_up", "single_choice", "rating_scale"]


def with_anchor(protocol: str) -> Study:
    """Only one of the recipes shows the content itself."""
    study = cast.live(protocol, scenes=3, recipes=4)
    names = list(study.recipes.order_by("pk"))
    for recipe in names[1:]:
        recipe.__class__.objects.filter(pk=recipe.pk).update(method="reinhard")
    return cast.answered(study, people=10, trials=18)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_report_finds_the_taste_that_answered(protocol: str) -> None:
    study = with_anchor(protocol)
    finding = build.report(study).findings[0]
    names = list(study.recipes.order_by("pk").values_list("name", flat=True))
    assert [item.name for item in finding.ranked] == names[::-1]
    assert all(item.low < item.estimate < item.high for item in finding.ranked)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_report_ranks_with_and_without_the_anchor(protocol: str) -> None:
    study = with_anchor(protocol)
    report = build.report(study)
    apart = report.findings[0].without_anchor
    assert report.anchors == (study.recipes.get(method="identity").name,)
    assert apart is not None
    assert len(apart.items) == 3
    assert report.anchors[0] not in {item.name for item in apart.items}


def test_report_without_an_anchor_has_one_ranking() -> None:
    study = cast.live()
    study.recipes.update(method="reinhard")
    cast.answered(study, people=6, trials=12)
    report = build.report(study)
    assert report.anchors == ()
    assert report.findings[0].without_anchor is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_json_has_no_nan_and_survives_a_round_trip(protocol: str) -> None:
    body = build.report(with_anchor(protocol)).to_json()
    text = json.dumps(body, allow_nan=False)
    assert json.loads(text) == json.loads(json.dumps(body))
    assert body["questions"][0]["ranking"]["items"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_json_without_a_single_answer_has_no_nan_and_a_reason(protocol: str) -> None:
    question = build.report(cast.live(protocol)).to_json()["questions"][0]
    json.dumps(question, allow_nan=False)
    assert question["ranking"] is None
    assert "no counted answers yet" in question["reason"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_report_of_too_few_participants_says_so_and_shows_no_estimate(protocol: str) -> None:
    finding = build.report(cast.answered(cast.live(protocol), people=2)).findings[0]
    assert "Only 2 participants have finished" in finding.reason
    assert finding.ranked == ()
    assert finding.to_json()["ranking"] is None
    assert finding.to_json()["counted"]["n"]["trials"] > 0


def test_report_of_disconnected_answers_names_the_groups() -> None:
    study = cast.live(recipes=4)
    scene = study.scenes.all()[0]
    stimuli = list(study.stimuli.filter(scene=scene).order_by("recipe_id"))
    for _ in range(6):
        person = cast.visit(study)
        cast.ask(person, stimuli[:2], {"chosen": "a"})
        cast.ask(person, stimuli[2:], {"chosen": "b"})
    finding = build.report(study).findings[0]
    assert "do not connect all recipes" in finding.reason
    for one in stimuli:
        assert one.recipe.name in finding.reason
    assert finding.ranked == ()


def test_report_of_several_questions_keeps_them_apart() -> None:
    study = factories.study(scenes=2, recipes=3)
    Question.objects.create(study=study, position=2, text="Which is sharper?")
    lifecycle.open_study(study)
    cast.answered(study, people=6, trials=10)
    first, second = build.report(study).findings
    assert (first.position, second.position) == (1, 2)
    assert first.ranking.n.trials == second.ranking.n.trials == 60
    assert first.ranking.pairs != second.ranking.pairs


def test_report_with_unfinished_visits_put_back_says_so_and_has_another_hash() -> None:
    study = cast.answered(cast.live(), people=6)
    shown = list(study.stimuli.filter(scene=study.scenes.all()[0]))[:2]
    cast.ask(cast.visit(study, state="consented"), shown, {"chosen": "a"})
    without, whole = build.report(study), build.report(study, unfinished=True)
    assert whole.findings[0].ranking.n.trials == without.findings[0].ranking.n.trials + 1
    assert whole.to_json()["unfinished_visits_included"] is True
    assert whole.data_hash != without.data_hash


def test_report_of_the_same_data_is_the_same() -> None:
    study = cast.answered(cast.live(), people=6)
    assert build.report(study).to_json() == build.report(study).to_json()


def test_report_carries_no_panel_id_and_no_participant() -> None:
    study = cast.answered(cast.live(), people=6)
    text = json.dumps(build.report(study).to_json())
    for person in study.participants.all():
        assert person.public_id not in text


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_report_needs_the_same_queries_for_any_number_of_answers(protocol: str) -> None:
    counted = []
    study = cast.live(protocol)
    for _ in range(2):
        cast.answered(study, people=5)
        with CaptureQueriesContext(connection) as queries:
            build.report(study)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 12
