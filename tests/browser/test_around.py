"""Before and after the trials, as a participant goes through them in a browser."""

import pytest
from playwright.sync_api import expect

from studies import screening
from studies.models import Answer, Demographic, Participant, Reference, Trial
from tests.browser import gallery
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.modules import Run
from tests.browser.walking import onset, participant, start, thanked

pytestmark = pytest.mark.browser


def test_withdrawal_by_the_link_of_the_last_page_deletes_everything(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=2)
    page = visitor.page(**PHONE)
    start(page, visitor.site, study, "?PROLIFIC_PID=panel-id-1")
    page.get_by_role("button", name="Top").click()
    onset(page, 2)
    page.get_by_role("button", name="Top").click()
    thanked(page)
    address = page.get_by_role("link", name="Delete my answers").get_attribute("href") or ""
    secret = page.evaluate(
        "localStorage.getItem(Object.keys(localStorage).find(k => /^paragone:[^:]+$/.test(k)))"
    )
    assert secret
    assert secret not in address
    elsewhere = visitor.page(**DESKTOP)
    elsewhere.goto(address)
    expect(elsewhere.get_by_role("listitem").first).to_have_text("2 answers, with their times")
    assert Answer.objects.count() == 2
    elsewhere.get_by_role("button", name="Delete everything").click()
    expect(elsewhere.get_by_role("heading", name="Everything is deleted")).to_be_visible()
    assert not Answer.objects.exists()
    assert Participant.objects.get().state == "withdrawn"


def test_practice_gone_wrong_is_told_and_asked_once_more(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=2, practice_trials=2)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    trials = list(participant(study).trials.order_by("position"))
    for chosen, told in (("wrong", "Not quite"), ("right", "Right")):
        expect(page.locator("[data-practice]")).to_be_visible()
        expect(page.locator("[data-question]")).to_contain_text("undamaged")
        page.keyboard.press(key(trials[0], chosen))
        expect(page.get_by_role("heading", name=told)).to_be_visible()
        page.get_by_role("button", name="Continue").click()
        onset(page)
    for _ in range(2):
        expect(page.locator("[data-progress]")).to_have_text("2 of 2")
        page.keyboard.press(key(trials[1], "wrong"))
        page.get_by_role("button", name="Continue").click()
        onset(page)
    expect(page.locator("[data-progress]")).to_have_text("1 of 2")
    expect(page.locator("[data-practice]")).to_be_hidden()
    for number in (1, 2):
        onset(page, number)
        page.keyboard.press("ArrowLeft")
    thanked(page)
    stored = [(one.answer.content["chosen"], one.revisions.count()) for one in trials]
    assert [count for _, count in stored] == [1, 1, 0, 0]
    assert participant(study).state == "finished"


def key(trial: Trial, chosen: str) -> str:
    damage = [Reference.objects.get(pk=pk).damage for pk in trial.stimuli]
    left = (damage[0] == 0) == (chosen == "right")
    return "ArrowLeft" if left else "ArrowRight"


def test_breaks_and_debriefing_come_where_the_study_says(visitor: Visitor) -> None:
    study = gallery.study(
        "two_up", trials_per_participant=4, break_every=2, debriefing="We compare **methods**."
    )
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    for number in (1, 2):
        onset(page, number)
        page.get_by_role("button", name="Top").click()
    expect(page.get_by_role("heading", name="short break")).to_be_focused()
    expect(page.locator("[data-so-far]")).to_have_text("2 of 4 are done.")
    page.get_by_role("button", name="Continue").click()
    for number in (3, 4):
        onset(page, number)
        page.get_by_role("button", name="Top").click()
    expect(page.get_by_role("heading", name="What this study was about")).to_be_visible()
    expect(page.locator("[data-debriefing] strong")).to_have_text("methods")
    expect(page.locator("[data-code]")).to_be_hidden()
    page.get_by_role("button", name="Continue").click()
    thanked(page)
    expect(page.locator("[data-code]")).to_have_text("DONE-42")


def test_instructions_show_pictures_that_are_never_rated(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=2)
    page = visitor.page(**DESKTOP)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    shown = page.locator("[data-examples] img")
    expect(shown).to_have_count(2)
    for number in (0, 1):
        expect(shown.nth(number)).to_have_js_property("naturalWidth", 96)
    expect(page.locator("[data-examples] figcaption").first).to_have_text("Photo")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"chosen": "a"}, False),
        ({"chosen": "b"}, True),
        ({"chosen": "tie"}, False),
        ({"chosen": "whole"}, True),
        ({"chosen": "torn"}, False),
        ({"chosen": "none"}, False),
        ({"positions": {"whole": 2.0, "torn": -1.5}}, True),
        ({"positions": {"whole": 1.0, "torn": 1.0}}, False),
        ({"positions": {"whole": -2.0, "torn": 7.0}}, False),
    ],
)
def test_practice_when_answered_is_right_or_wrong(
    run: Run, content: object, expected: bool
) -> None:
    trial = {"stimuli": [{"address": "torn"}, {"address": "whole"}], "right": ["whole", "torn"]}
    assert run("practice.js", "(m, [t, c]) => m.passed(t, c)", [trial, content]) is expected


def test_break_is_due_between_blocks_alone(run: Run) -> None:
    due = "(m, x) => [0, 1, 2, 3, 4, 5, 6].filter((done) => m.breakDue(done, x, 6))"
    assert run("between.js", due, 2) == [2, 4]
    assert run("between.js", due, 0) == []


def test_demographics_say_what_is_missing_and_then_let_go_on(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=1)
    Demographic.objects.bulk_create(
        [
            Demographic(study=study, label="Age", kind="number", optional=False),
            Demographic(study=study, label="Eyesight", choices="normal, glasses", position=2),
            Demographic(study=study, label="Month", choices="1,2,3,4,5,6,7,8", position=3),
        ]
    )
    visitor.forgiven = ("400 (Bad Request)",)
    page = visitor.page(**PHONE)
    start(page, visitor.site, study)
    page.get_by_role("button", name="Top").click()
    expect(page.get_by_role("heading", name="A little about you")).to_be_focused()
    page.get_by_label("glasses").check()
    page.get_by_label("Month").select_option("7")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert").filter(has_text="Please answer this one")).to_be_visible()
    expect(page.get_by_label("Age")).to_be_focused()
    page.get_by_label("Age").fill("41")
    page.keyboard.press("Enter")
    thanked(page)
    told = {"Age": 41, "Eyesight": "glasses", "Month": "7"}
    assert participant(study).demographics == told


def test_checks_by_mouse_and_keyboard_lead_to_the_trials(visitor: Visitor) -> None:
    gates = ("screen_window", "screen_colour_vision", "screen_brightness", "screen_card")
    study = gallery.study("two_up", trials_per_participant=1, **dict.fromkeys(gates, "hard"))
    page = visitor.page(viewport={"width": 800, "height": 700})
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    expect(page.locator("[data-window-sizes]")).to_have_text(
        "It is 800 × 700; this study needs 1000 × 600."
    )
    page.set_viewport_size({"width": 1200, "height": 800})
    for name, keys in (("Which digit", False), ("How many squares", True)):
        expect(page.get_by_role("heading", name=name)).to_be_focused()
        check = screening.due(participant(study))
        assert check is not None
        right, _ = screening._right(participant(study), check)
        for number, digit in enumerate(right, start=1):
            expect(page.locator("[data-plate-at]")).to_have_text(
                f"Picture {number} of {len(right)}"
            )
            if keys:
                page.keyboard.press(str(digit))
            else:
                page.get_by_role("button", name=str(digit), exact=True).click()
    page.get_by_label("Width of the frame").fill("500")
    page.get_by_role("button", name="Wider").click()
    expect(page.locator("[data-card]")).to_have_css("width", "501px")
    page.get_by_role("button", name="It fits").click()
    page.get_by_role("button", name="Begin").click()
    onset(page)
    page.keyboard.press("ArrowLeft")
    thanked(page)
    found = {one.kind: one for one in participant(study).screenings.all()}
    assert all(one.passed for one in found.values())
    assert found["card"].result["px_per_mm"] == pytest.approx(501 / 85.6, abs=1e-3)


def test_a_hard_check_that_fails_ends_politely(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=1, screen_window="hard")
    page = visitor.page(**PHONE)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="It cannot be made larger").click()
    expect(page.get_by_role("heading", name="Thank you for coming")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Thank you for coming")).to_be_visible()
    assert participant(study).state == "screened"
