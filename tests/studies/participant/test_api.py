"""The visit's API: every route, every refusal, and what the database holds afterwards."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studies.models import Answer, AnswerRevision, Participant, Slot, Study
from studies.planning import leases
from tests.studies.participant.visitor import Visitor, live

pytestmark = pytest.mark.django_db
PLACED = {"chosen": "a"}


@pytest.fixture
def visitor() -> Visitor:
    return Visitor.come(live())


def test_state_before_consent_holds_no_trials() -> None:
    visitor = Visitor.come(live(allow_tie=True), agree=False)
    assert visitor.get("state").json() == {
        "state": "started",
        "rules": {"tie": True, "none": False},
        "frame": {
            "surround": 128,
            "blank_ms": 250,
            "minimum_view_ms": 400,
            "phone": "stacked",
            "hold": False,
            "undo": True,
        },
        "break_every": 0,
        "examples": [],
        "demographics": False,
        "screening": False,
        "trials": [],
    }


def test_state_after_consent_holds_every_trial_in_order(visitor: Visitor) -> None:
    trials = visitor.trials()
    assert [trial["position"] for trial in trials] == [1, 2, 3, 4]
    for shown, trial in zip(trials, visitor.participant.trials.all(), strict=True):
        assert shown["id"] == trial.public_id
        assert shown["kind"] == "scene"
        assert shown["answered"] is False
        assert [one["address"] for one in shown["stimuli"]] == trial.addresses
        assert set(shown["stimuli"][0]) == {"address", "sha256", "width", "height"}
        assert [one["role"] for one in shown["references"]] == ["content", "style"]
        assert shown["question"] == {
            "text": "Which do you prefer?",
            "low_label": "worse",
            "high_label": "better",
        }


def test_state_when_references_are_not_shown_holds_none() -> None:
    visitor = Visitor.come(live(show_references=False))
    assert all(trial["references"] == [] for trial in visitor.trials())


def test_state_of_a_rating_scale_ends_with_the_agreement_scroll() -> None:
    visitor = Visitor.come(live(protocol="rating_scale", scenes=2, recipes=3))
    last = visitor.trials()[-1]
    assert last["kind"] == "agreement"
    assert last["references"] == []
    assert len(last["stimuli"]) == 6


def test_state_counts_its_queries_whatever_the_number_of_trials(
    visitor: Visitor, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(5):  # visit + study, trials, stimuli, references, demographics
        visitor.get("state")


def test_consent_is_kept_with_its_version_and_idempotent() -> None:
    visitor = Visitor.come(live(), agree=False)
    for agree in (True, True, False):
        assert visitor.post("consent", {"agree": agree}).json() == {"state": "consented"}
    participant = Participant.objects.get()
    assert participant.consented_at is not None
    assert participant.consent_version == participant.study.consent_version


def test_decline_is_an_end_and_frees_the_slots() -> None:
    visitor = Visitor.come(live(), agree=False)
    assert Slot.objects.exclude(participant=None).count() == 4
    for agree in (False, True):
        assert visitor.post("consent", {"agree": agree}).json() == {"state": "declined"}
    assert Slot.objects.exclude(participant=None).count() == 0
    assert visitor.get("state").json()["trials"] == []
    trial = visitor.participant.trials.all()[0]
    assert visitor.answer(trial.public_id, PLACED).status_code == 409
    assert visitor.post("finish").status_code == 409


@pytest.mark.parametrize("body", [{}, {"agree": "yes"}, {"agree": 1}, {"agree": None}])
def test_consent_when_not_a_yes_or_no_is_refused(body: dict[str, Any]) -> None:
    visitor = Visitor.come(live(), agree=False)
    response = visitor.post("consent", body)
    assert response.status_code == 400
    assert response.json()["error"].startswith("agree: must be true or false")
    assert Participant.objects.get().state == "started"


def test_answer_is_stored_with_its_uuid_and_marks_the_slot(visitor: Visitor) -> None:
    trial, sent = visitor.trials()[0], str(uuid.uuid4())
    response = visitor.answer(trial["id"], PLACED, uuid=sent, reaction_ms=703.25)
    assert response.status_code == 201
    assert response.json() == {"stored": PLACED, "revision": False}
    answer = Answer.objects.get()
    assert (str(answer.uuid), answer.content, answer.reaction_ms) == (sent, PLACED, 703.25)
    assert answer.trial.slot is not None
    assert answer.trial.slot.answered
    assert [one["answered"] for one in visitor.trials()] == [True, False, False, False]


def test_answer_when_the_same_comes_again_is_what_is_stored(visitor: Visitor) -> None:
    trial, sent = visitor.trials()[0]["id"], str(uuid.uuid4())
    visitor.answer(trial, PLACED, uuid=sent)
    again = visitor.answer(trial, {"chosen": "b"}, uuid=sent)
    assert (again.status_code, again.json()) == (200, {"stored": PLACED, "revision": False})
    assert Answer.objects.count() == 1
    assert not AnswerRevision.objects.exists()


def test_answer_that_takes_another_back_stands_and_the_other_is_kept(visitor: Visitor) -> None:
    trial, first = visitor.trials()[0], str(uuid.uuid4())
    visitor.answer(trial["id"], PLACED, uuid=first, viewing={"pointer": "touch"})
    response = visitor.answer(trial["id"], {"chosen": "b"}, undoes=first)
    assert response.json() == {"stored": {"chosen": "b"}, "revision": False}
    assert Answer.objects.get().content == {"chosen": "b"}
    undone = AnswerRevision.objects.get()
    assert (undone.content, undone.undone) == (PLACED, True)
    assert undone.viewing == {"pointer": "touch", "events": []}


def test_answer_that_undoes_what_is_no_uuid_is_refused(visitor: Visitor) -> None:
    response = visitor.answer(visitor.trials()[0]["id"], PLACED, undoes="the last one")
    assert response.status_code == 400
    assert response.json() == {"error": "undoes: must be a UUID, got 'the last one'"}


def test_answer_when_another_comes_is_kept_beside_the_first_once(visitor: Visitor) -> None:
    trial, sent = visitor.trials()[0]["id"], str(uuid.uuid4())
    visitor.answer(trial, PLACED)
    for _ in range(3):
        again = visitor.answer(trial, {"chosen": "b"}, uuid=sent)
        assert (again.status_code, again.json()) == (200, {"stored": PLACED, "revision": True})
    assert Answer.objects.get().content == PLACED
    assert AnswerRevision.objects.get().content == {"chosen": "b"}


def test_answer_when_its_uuid_belongs_to_another_trial_is_refused(visitor: Visitor) -> None:
    first, second, *_ = visitor.trials()
    sent = str(uuid.uuid4())
    visitor.answer(first["id"], PLACED, uuid=sent)
    response = visitor.answer(second["id"], PLACED, uuid=sent)
    assert response.status_code == 400
    assert "another trial" in response.json()["error"]
    visitor.answer(second["id"], PLACED)
    revised = str(uuid.uuid4())
    visitor.answer(first["id"], {"chosen": "b"}, uuid=revised)
    assert visitor.answer(second["id"], {"chosen": "b"}, uuid=revised).status_code == 400
    assert (Answer.objects.count(), AnswerRevision.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        ({"content": {"chosen": "c"}}, 400, "chosen: must be one of a, b, skip, got 'c'"),
        ({"content": {"chosen": "tie"}}, 400, "chosen: must be one of a, b, skip, got 'tie'"),
        ({"content": None}, 400, "content: must be an object, got NoneType"),
        ({"uuid": "no"}, 400, "uuid: must be a UUID, got 'no'"),
        ({"uuid": None}, 400, "uuid: must be a UUID, got None"),
        ({"uuid": 7}, 400, "uuid: must be a UUID, got 7"),
        ({"reaction_ms": -1}, 400, "reaction_ms: must be milliseconds or null, got -1"),
        ({"reaction_ms": "1"}, 400, "reaction_ms: must be milliseconds or null, got '1'"),
        ({"reaction_ms": True}, 400, "reaction_ms: must be milliseconds or null, got True"),
        ({"trial": "nobody-knows-it"}, 404, "trial: is none of this visit"),
        ({"trial": "\0"}, 404, "trial: is none of this visit"),
        ({"trial": "x" * 500}, 404, "trial: is none of this visit"),
        ({"trial": None}, 400, "trial: must be a trial's id, got None"),
        ({"trial": {"a": 1}}, 400, "trial: must be a trial's id, got {'a': 1}"),
    ],
)
def test_answer_when_a_field_is_wrong_says_which_and_stores_nothing(
    visitor: Visitor, sent: dict[str, Any], status: int, error: str
) -> None:
    whole = {
        "trial": visitor.trials()[0]["id"],
        "uuid": str(uuid.uuid4()),
        "content": PLACED,
        "reaction_ms": None,
    }
    response = visitor.post("answers", whole | sent)
    assert (response.status_code, response.json()) == (status, {"error": error})
    assert not Answer.objects.exists()


def test_answer_to_somebody_elses_trial_is_not_found(visitor: Visitor) -> None:
    other = Visitor.come(visitor.participant.study)
    assert visitor.answer(other.trials()[0]["id"], PLACED).status_code == 404
    assert not Answer.objects.exists()


def test_answer_before_consent_is_refused() -> None:
    visitor = Visitor.come(live(), agree=False)
    trial = visitor.participant.trials.all()[0]
    response = visitor.answer(trial.public_id, PLACED)
    assert response.status_code == 409
    assert "consent" in response.json()["error"]


def test_answer_when_the_study_is_closed_meanwhile_is_taken(visitor: Visitor) -> None:
    Study.objects.update(state=Study.State.CLOSED)
    visitor.answer_all(PLACED)
    assert visitor.post("finish").status_code == 200


def test_answer_when_the_slot_went_to_somebody_else_is_stored_and_leaves_theirs(
    visitor: Visitor,
) -> None:
    Slot.objects.exclude(participant=None).update(lease_until=timezone.now())
    other = Visitor.come(visitor.participant.study)
    trial = visitor.trials()[0]
    assert visitor.answer(trial["id"], PLACED).status_code == 201
    slot = visitor.participant.trials.get(public_id=trial["id"]).slot
    assert slot is not None
    assert (slot.participant, slot.answered) == (other.participant, False)


def test_answer_when_the_lease_ran_out_but_nobody_came_keeps_the_slot(visitor: Visitor) -> None:
    Slot.objects.exclude(participant=None).update(lease_until=timezone.now())
    visitor.answer(visitor.trials()[0]["id"], PLACED)
    assert Slot.objects.filter(answered=True, participant=visitor.participant).count() == 1


def test_answer_of_a_preview_is_stored_and_takes_no_slot() -> None:
    study = live()
    visitor = Visitor.come(study, "preview")
    visitor.answer_all(PLACED)
    assert visitor.post("finish").json()["completion_code"] == "DONE-42"
    assert not study.slots.filter(answered=True).exists()
    assert not Participant.objects.counted(study).exists()


def test_answer_is_a_handful_of_queries(visitor: Visitor, django_assert_num_queries: Any) -> None:
    trial = visitor.trials()[0]["id"]
    with django_assert_num_queries(6):  # visit + study, trial, (savepoint, answer, slot, release)
        visitor.answer(trial, PLACED)


def test_finish_before_all_is_answered_says_how_many_are_missing(visitor: Visitor) -> None:
    visitor.answer(visitor.trials()[0]["id"], PLACED)
    response = visitor.post("finish")
    assert (response.status_code, response.json()) == (409, {"missing": 3})
    assert Participant.objects.get().state == "consented"


def test_finish_when_all_is_answered_gives_the_code_every_time() -> None:
    visitor = Visitor.come(
        live(
            redirect_url="https://panel.example/done?cc=1",
            redirect_hosts="panel.example",
            debriefing="It was about **style**.",
        )
    )
    visitor.answer_all({"chosen": "skip"})
    wanted = {"completion_code": "DONE-42", "redirect_url": "https://panel.example/done?cc=1"}
    wanted["debriefing"] = "<p>It was about <strong>style</strong>.</p>\n"
    for _ in range(2):
        response = visitor.post("finish")
        assert (response.status_code, response.json()) == (200, wanted)
    participant = Participant.objects.get()
    assert participant.state == "finished"
    assert participant.finished_at is not None
    assert all(trial["answered"] for trial in visitor.trials())


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://evil.example/", "panel.example"),
        ("http://panel.example/", "panel.example"),
        ("https://panel.example.evil.example/", "panel.example"),
        ("https://panel.example/", ""),
    ],
)
def test_finish_when_the_redirect_host_is_not_named_sends_none(url: str, hosts: str) -> None:
    visitor = Visitor.come(live())
    Study.objects.update(redirect_url=url, redirect_hosts=hosts)
    visitor.answer_all(PLACED)
    assert visitor.post("finish").json()["redirect_url"] == ""


def test_finish_when_answered_after_the_end_stays_finished(visitor: Visitor) -> None:
    visitor.answer_all(PLACED)
    visitor.post("finish")
    response = visitor.answer(visitor.trials()[0]["id"], {"chosen": "b"})
    assert response.json() == {"stored": PLACED, "revision": True}
    assert Participant.objects.get().state == "finished"


ROUTES = [
    ("GET", "state"),
    ("POST", "consent"),
    ("POST", "answers"),
    ("POST", "events"),
    ("POST", "demographics"),
    ("GET", "check"),
    ("POST", "checked"),
    ("POST", "finish"),
]


@pytest.mark.parametrize(("method", "route"), ROUTES)
@pytest.mark.parametrize("secret", [None, "", "wrong", "ü", "of another visit"])
def test_every_route_when_the_secret_is_wrong_is_closed(
    visitor: Visitor, method: str, route: str, secret: str | None
) -> None:
    if secret == "of another visit":
        secret = leases.start(visitor.participant.study)[1]
    response = Client().generic(
        method,
        visitor._path(route),
        json.dumps({"agree": False}),
        content_type="application/json",
        headers={} if secret is None else {"X-Visit-Secret": secret},
    )
    assert response.status_code == 403
    assert list(response.json()) == ["error"]
    assert Participant.objects.order_by("pk")[0].state == "consented"


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_every_route_when_the_visit_is_unknown_answers_as_to_a_wrong_secret(
    visitor: Visitor, method: str, route: str
) -> None:
    headers = {"X-Visit-Secret": "wrong"}
    known = Client().generic(method, visitor._path(route), headers=headers)
    unknown = Client().generic(method, f"/v/nobody/{route}", headers=headers)
    assert known.status_code == unknown.status_code == 403
    assert known.content == unknown.content


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_every_route_is_never_cached_and_sets_no_cookie(
    visitor: Visitor, method: str, route: str
) -> None:
    response = visitor.get(route) if method == "GET" else visitor.post(route, {})
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    assert "Vary" not in response


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_every_route_by_another_method_is_refused(
    visitor: Visitor, method: str, route: str
) -> None:
    response = visitor.post(route, {}) if method == "GET" else visitor.get(route)
    assert response.status_code == 405


def test_post_as_a_form_is_refused_even_with_the_secret(visitor: Visitor) -> None:
    response = visitor.client.post(
        visitor._path("consent"), {"agree": "true"}, headers={"X-Visit-Secret": visitor.secret}
    )
    assert response.status_code == 415


@pytest.mark.parametrize(
    "body",
    ["{", "[1]", '"a"', "NaN", '{"a": NaN}', "[" * 30_000, b"\xff\xfe", "1" * 5000],
    ids=["cut", "list", "text", "nan", "nan inside", "deep", "no utf-8", "long number"],
)
def test_post_when_the_body_is_no_json_object_is_refused(
    visitor: Visitor, body: str | bytes
) -> None:
    response = visitor.post("answers", body)
    assert response.status_code == 400
    assert response.json()["error"].startswith("body: must be")


def test_post_when_the_body_is_too_large_is_refused(visitor: Visitor) -> None:
    response = visitor.post("answers", b'{"a":"' + b"x" * 70_000 + b'"}')
    assert response.status_code == 413


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.fixed_dictionaries(dict.fromkeys(("uuid", "content", "reaction_ms"), json_values)))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_answer_when_any_json_comes_is_refused_in_one_sentence(
    visitor: Visitor, sent: dict[str, Any]
) -> None:
    trial = visitor.participant.trials.all()[0].public_id
    for body in (sent | {"trial": trial}, sent | {"trial": trial, "uuid": str(uuid.uuid4())}):
        response = visitor.post("answers", body)
        assert response.status_code == 400
        assert len(response.json()["error"]) < 200


def test_post_from_another_site_without_the_header_changes_nothing(visitor: Visitor) -> None:
    trial = visitor.trials()[0]["id"]
    body = json.dumps({"trial": trial, "uuid": str(uuid.uuid4()), "content": PLACED})
    for kind in ("text/plain", "application/json", "application/x-www-form-urlencoded"):
        response = Client().post(
            visitor._path("answers"),
            body,
            content_type=kind,
            headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        )
        assert response.status_code == 403
    assert not Answer.objects.exists()
