"""Simulated participants: through the real API of a real server, and the same for the same seed."""

import http.client
from collections import Counter
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from studies import bots
from studies.models import Answer, Participant, Stimulus, Study
from studies.planning import leases
from tests.studies.participant.visitor import live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite in memory is one connection for all threads, which two requests at once confuse."""
    monkeypatch.setattr(bots, "AT_ONCE", 1)


def tastes(study: Study, gap: float = 2.0) -> dict[int, float]:
    recipes = study.recipes.order_by("pk").values_list("pk", flat=True)
    return {recipe: gap * place for place, recipe in enumerate(recipes)}


def simulated(**values: Any) -> Study:
    return live(simulated=True, **values)


@pytest.mark.parametrize("protocol", ["two_up", "single_choice", "rating_scale"])
def test_run_when_live_takes_everybody_the_whole_way(
    live_server: LiveServer, protocol: str
) -> None:
    study = simulated(protocol=protocol, trials_per_participant=2)
    seen: list[tuple[int, int]] = []
    counts = bots.run(
        study, live_server.url, tastes(study), 3, seed=1, progress=lambda *now: seen.append(now)
    )
    trials = 3 if protocol == "rating_scale" else 2
    assert counts == bots.Counts(participants=3, answers=3 * trials)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert Answer.objects.count() == 3 * trials
    people = Participant.objects.all()
    assert {(one.kind, one.state) for one in people} == {("simulated", "finished")}
    assert {one.consent_version for one in people} == {study.consent_version}
    assert study.slots.filter(answered=True).count() == 6


def test_run_when_tastes_differ_chooses_the_better_liked(live_server: LiveServer) -> None:
    study = simulated(trials_per_participant=6)
    liked = tastes(study, gap=4.0)
    bots.run(study, live_server.url, liked, 4, seed=1)
    recipe = dict(Stimulus.objects.values_list("pk", "recipe_id"))
    better = 0
    for answer in Answer.objects.select_related("trial"):
        a, b = (liked[recipe[pk]] for pk in answer.trial.stimuli)
        better += (a > b) == (answer.content["chosen"] == "a")
    assert better >= 21  # of 24


def test_run_when_the_seed_is_the_same_answers_the_same(live_server: LiveServer) -> None:
    contents = []
    for _ in range(2):
        study = simulated()
        bots.run(study, live_server.url, tastes(study), 2, seed=9)
        rows = Answer.objects.filter(trial__participant__study=study).order_by("trial_id")
        recipe = dict(study.stimuli.values_list("pk", "recipe_id"))
        first = min(recipe.values())
        contents.append(
            [
                (one.content, one.reaction_ms, [recipe[pk] - first for pk in one.trial.stimuli])
                for one in rows
            ]
        )
    assert contents[0] == contents[1]


def test_run_when_repeated_brings_other_people(live_server: LiveServer) -> None:
    study = simulated()
    for _ in range(2):
        bots.run(study, live_server.url, tastes(study), 1, seed=9)
    times = [
        list(one.trials.order_by("position").values_list("answer__reaction_ms", flat=True))
        for one in study.participants.all()
    ]
    assert times[0] != times[1]


def test_reaction_times_are_like_a_persons(live_server: LiveServer) -> None:
    study = simulated(trials_per_participant=6)
    bots.run(study, live_server.url, tastes(study), 5, seed=2)
    times = sorted(Answer.objects.values_list("reaction_ms", flat=True))
    assert times[0] > 350
    assert 900 < times[len(times) // 2] < 2500
    assert max(Counter(times).values()) == 1


def test_run_when_the_study_is_not_marked_simulated_is_refused(live_server: LiveServer) -> None:
    study = live()
    with pytest.raises(leases.StudyShut, match="simulated"):
        bots.run(study, live_server.url, tastes(study), 1, seed=1)


def test_run_when_the_connection_breaks_tries_again(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = simulated()
    request, calls = bots.Bot._request, []

    def answered_but_lost(self: bots.Bot, *args: Any) -> tuple[int, str]:
        """Every third response is lost after the site has worked on it."""
        calls.append(args)
        done = request(self, *args)
        if len(calls) % 3 == 0:
            raise http.client.RemoteDisconnected("lost")
        return done

    monkeypatch.setattr(bots.Bot, "_request", answered_but_lost)
    monkeypatch.setattr(bots.time, "sleep", lambda seconds: None)
    assert bots.run(study, live_server.url, tastes(study), 2, seed=1).answers == 8
    assert len(calls) > 14
    assert Answer.objects.count() == 8


def test_run_when_the_site_refuses_says_what(live_server: LiveServer) -> None:
    study = simulated()
    Participant.objects.all().delete()
    bot = bots._bot(study, bots.urlsplit(live_server.url), tastes(study), 1, 0)
    bot.secret = "wrong"
    with pytest.raises(bots.BotFailed, match="POST consent: 403"):
        bot.take_part()


def test_run_when_nobody_answers_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bots.time, "sleep", lambda seconds: None)
    study = simulated()
    with pytest.raises(bots.BotFailed, match="POST consent: 599"):
        bots.run(study, "http://127.0.0.1:9", tastes(study), 1, seed=1)
