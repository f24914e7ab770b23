"""Checks before the trials: what is due when, what passes, and where a hard one ends the visit."""

import base64
import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studies import dataset, lifecycle, screening
from studies.drawing import plates
from studies.models import Participant, Screening, Study
from stylize import imaging
from tests import factories
from tests.studies.participant.visitor import Visitor, live

pytestmark = pytest.mark.django_db
LARGE = {"kind": "window", "attempt": 0, "width": 1440, "height": 900, "ratio": 2}
SMALL = {"kind": "window", "attempt": 0, "width": 390, "height": 844, "ratio": 3}


def right(visitor: Visitor) -> list[int]:
    """What is right to say to the pictures of the next check."""
    participant = Participant.objects.get(pk=visitor.participant.pk)
    check = screening.due(participant)
    assert check is not None
    return screening._right(participant, check)[0]


def say(visitor: Visitor, said: Sequence[int | None]) -> Any:
    step = visitor.get("check").json()
    sent = {"kind": step["kind"], "attempt": step["attempt"], "said": said}
    return visitor.post("checked", sent).json()


def test_checks_when_all_are_off_are_none_and_need_no_query(
    django_assert_num_queries: Any,
) -> None:
    visitor = Visitor.come(live())
    assert visitor.get("check").json() == {"kind": None}
    with django_assert_num_queries(0):
        assert screening.due(visitor.participant) is None


def test_checks_come_in_order_and_trials_only_after_them() -> None:
    gates = dict.fromkeys(
        ("screen_window", "screen_colour_vision", "screen_brightness", "screen_card"), "soft"
    )
    visitor = Visitor.come(live(**gates))
    assert visitor.get("state").json()["screening"] is True
    assert visitor.trials() == []
    assert visitor.post("checked", LARGE).json() == {"passed": True, "state": "consented"}
    step = visitor.get("check").json()
    assert (step["kind"], step["hard"], step["attempt"]) == ("colour_vision", False, 0)
    pictures = [imaging.read(base64.b64decode(one)) for one in step["pictures"]]
    assert [one.shape for one in pictures] == [(plates.SIZE, plates.SIZE, 3)] * 6
    assert say(visitor, right(visitor))["passed"] is True
    assert len(visitor.get("check").json()["pictures"]) == 2
    assert say(visitor, right(visitor))["passed"] is True
    sent = {"kind": "card", "attempt": 0, "px_per_mm": 3.78, "ratio": 1}
    assert visitor.post("checked", sent).json()["passed"] is True
    assert len(visitor.trials()) == 4
    assert [one.passed for one in Screening.objects.all()] == [True] * 4


def test_pictures_of_one_attempt_stay_and_of_the_next_differ() -> None:
    visitor = Visitor.come(live(screen_colour_vision="hard"))
    first, again = (visitor.get("check").json()["pictures"] for _ in range(2))
    assert first == again
    say(visitor, [None] * 6)
    step = visitor.get("check").json()
    assert step["attempt"] == 1
    assert step["pictures"] != first


@pytest.mark.parametrize(
    ("wrong", "passed"),
    [([], True), ([1], True), ([0], False), ([1, 3], False), ([2, 4], False)],
)
def test_colour_vision_needs_the_plate_for_everybody_and_four_of_five(
    wrong: list[int], passed: bool
) -> None:
    visitor = Visitor.come(live(screen_colour_vision="soft"))
    said = [None if place in wrong else one for place, one in enumerate(right(visitor))]
    assert say(visitor, said)["passed"] is passed


@pytest.mark.parametrize(("off", "passed"), [(0, True), (-1, True), (-2, False), (1, False)])
def test_brightness_lets_one_square_be_missed(off: int, passed: bool) -> None:
    visitor = Visitor.come(live(screen_brightness="soft"))
    dark, light = right(visitor)
    assert say(visitor, [dark, light + off])["passed"] is passed


def test_a_soft_check_is_noted_and_lets_go_on() -> None:
    visitor = Visitor.come(live(screen_window="soft"))
    assert visitor.post("checked", SMALL).json() == {"passed": False, "state": "consented"}
    assert len(visitor.trials()) == 4
    stored = Screening.objects.get()
    assert (stored.passed, stored.result) == (False, {"width": 390, "height": 844, "ratio": 3})


def test_a_hard_check_failed_ends_the_visit_and_frees_its_slots() -> None:
    study = live(screen_window="hard")
    visitor = Visitor.come(study)
    assert visitor.post("checked", SMALL).json() == {"passed": False, "state": "screened"}
    assert visitor.trials() == []
    assert visitor.post("finish").status_code == 409
    assert not study.slots.exclude(participant=None).exists()
    assert dataset.exclusions(study, study.questions.get()).screened_visits == 1


def test_plates_may_be_tried_twice_before_a_hard_check_ends_the_visit() -> None:
    visitor = Visitor.come(live(screen_colour_vision="hard"))
    assert say(visitor, [None] * 6)["state"] == "consented"
    assert say(visitor, [None] * 6)["state"] == "screened"


def test_a_result_that_is_sent_twice_uses_up_one_attempt() -> None:
    visitor = Visitor.come(live(screen_colour_vision="hard"))
    sent = {"kind": "colour_vision", "attempt": 0, "said": [None] * 6}
    assert visitor.post("checked", sent).status_code == 200
    again = visitor.post("checked", sent)
    assert (again.status_code, again.json()) == (409, {"error": "attempt: 1 is due, got 0"})
    assert Screening.objects.count() == 1


def test_without_a_card_the_check_is_failed() -> None:
    visitor = Visitor.come(live(screen_card="soft"))
    sent = {"kind": "card", "attempt": 0, "px_per_mm": None}
    assert visitor.post("checked", sent).json()["passed"] is False
    assert len(visitor.trials()) == 4


def test_a_check_that_expired_is_put_again() -> None:
    visitor = Visitor.come(live(screen_window="soft", screening_hours=2))
    visitor.post("checked", LARGE)
    assert visitor.get("state").json()["screening"] is False
    Screening.objects.update(created_at=timezone.now() - timedelta(hours=3))
    assert visitor.get("state").json()["screening"] is True


def test_simulated_participants_and_the_finished_are_not_checked() -> None:
    study = live(simulated=True, screen_window="hard")
    visitor = Visitor.come(study, "simulated")
    assert visitor.get("state").json()["screening"] is False
    Participant.objects.update(kind="person", state="finished")
    assert visitor.get("state").json()["screening"] is False


@pytest.mark.parametrize(
    ("sent", "status", "error"),
    [
        (
            {"kind": "card", "attempt": 0, "px_per_mm": 4},
            409,
            "kind: colour_vision is due, got 'card'",
        ),
        ({"kind": "colour_vision"}, 400, "said: must be a list of 6 digits or null, got None"),
        ({"kind": "colour_vision", "said": [1]}, 400, "said: must be a list of 6 digits or null"),
        ({"kind": "colour_vision", "said": ["1"] * 6}, 400, "said: must hold digits 0 to 9"),
    ],
)
def test_a_result_that_cannot_be_one_is_refused(
    sent: dict[str, Any], status: int, error: str
) -> None:
    visitor = Visitor.come(live(screen_colour_vision="hard"))
    response = visitor.post("checked", {"attempt": 0} | sent)
    assert response.status_code == status
    assert response.json()["error"].startswith(error)
    assert not Screening.objects.exists()


@pytest.mark.parametrize("width", ["0", "-1", '"9"', "null", "true", "1e999", "1" + 400 * "0"])
def test_a_window_without_a_size_is_refused(width: str) -> None:
    visitor = Visitor.come(live(screen_window="soft"))
    sent = f'{{"kind": "window", "attempt": 0, "height": 900, "ratio": 1, "width": {width}}}'
    response = visitor.post("checked", sent)
    assert (response.status_code, response.json()["error"][:6]) == (400, "width:")
    assert not Screening.objects.exists()


def test_settings_are_copied_and_a_window_without_a_size_holds_up_the_opening() -> None:
    study = factories.study(screen_window="hard", minimum_width=0, screening_hours=5)
    copy = lifecycle.copy_study(study)
    assert (copy.screen_window, copy.screening_hours) == ("hard", 5)
    with pytest.raises(lifecycle.NotReady, match="both must be above 0"):
        lifecycle.open_study(study)


def test_participants_csv_holds_the_last_result_of_each_check(owner: AbstractUser) -> None:
    study: Study = live(owner=owner, screen_window="soft", screen_card="soft")
    visitor = Visitor.come(study)
    visitor.post("checked", SMALL)
    visitor.post("checked", {"kind": "card", "attempt": 0, "px_per_mm": 5.5, "ratio": 3})
    client = Client()
    client.force_login(owner)
    sent = client.get(reverse("researcher:participants_csv", args=[study.public_id]))
    (row,) = csv.DictReader(io.StringIO(b"".join(sent.streaming_content).decode()))
    assert (row["window"], row["window_width"], row["pixel_ratio"]) == ("failed", "390.0", "3.0")
    assert (row["card"], row["px_per_mm"], row["colour_vision"]) == ("passed", "5.5", "")
