"""Not one answer lost, none twice: reloads, lost connections, two tabs, corrupted pictures."""

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from studies.models import Answer, AnswerRevision, ExternalId, Participant, Study
from tests.browser import gallery
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.walking import contents, onset, participant, start, thanked

pytestmark = pytest.mark.browser

REFUSE_STORAGE = """
  for (const name of ["localStorage", "sessionStorage", "indexedDB"])
    Object.defineProperty(window, name, {get() { throw new DOMException("refused", "SecurityError"); }});
"""
PLAIN_HTTP = """
  Object.defineProperty(Crypto.prototype, "subtle", {value: undefined});
  Object.defineProperty(Crypto.prototype, "randomUUID", {value: undefined});
"""


def _answers(context: BrowserContext | Page, handle: Any) -> None:
    context.route("**/answers", handle)


def _two_up(trials: int = 3) -> Study:
    return gallery.study("two_up", trials_per_participant=trials)


def test_reload_in_mid_study_goes_on_where_it_was(visitor: Visitor) -> None:
    study = _two_up()
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    assert "#" not in page.url
    page.keyboard.press("ArrowLeft")
    second = onset(page, 2)
    page.reload()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    expect(page.locator("[data-done-so-far]")).to_contain_text("1 of 3 are done")
    page.get_by_role("button", name="Begin").click()
    assert onset(page, 2) == second
    page.keyboard.press("ArrowRight")
    onset(page, 3)
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b", "a"]
    page.reload()
    thanked(page)
    expect(page.locator("[data-code]")).to_have_text("DONE-42")


def test_offline_answers_wait_visibly_and_are_stored_exactly_once_afterwards(
    visitor: Visitor,
) -> None:
    study = _two_up()
    visitor.forgiven = ("ERR_INTERNET_DISCONNECTED",)
    context = visitor.context(**DESKTOP)
    page = visitor.page(context)
    start(page, visitor.site, study)
    page.wait_for_load_state("networkidle")
    context.set_offline(True)
    saving = page.locator(".stage [data-saving]")
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    expect(saving).to_have_text("Offline, 1 answer waiting; keep this page open")
    page.keyboard.press("ArrowRight")
    onset(page, 3)
    expect(saving).to_have_text("Offline, 2 answers waiting; keep this page open")
    assert Answer.objects.count() == 0
    context.set_offline(False)
    expect(saving).to_have_text("Saved")
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b", "a"]
    assert AnswerRevision.objects.count() == 0


def test_page_left_with_answers_waiting_sends_them_on_return(visitor: Visitor) -> None:
    study = _two_up()
    visitor.forgiven = ("ERR_FAILED",)
    context = visitor.context(**DESKTOP)
    page = visitor.page(context)
    start(page, visitor.site, study)
    _answers(context, lambda route: route.abort())
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    address = page.url
    page.close()
    assert Answer.objects.count() == 0
    context.unroute("**/answers")
    again = visitor.page(context)
    again.goto(address)
    again.get_by_role("button", name="Begin").click()
    onset(again, 2)
    assert Answer.objects.count() == 1
    assert Answer.objects.get().trial.position == 1


def test_response_lost_after_the_server_stored_it_makes_no_second_answer(visitor: Visitor) -> None:
    study = _two_up(2)
    visitor.forgiven = ("ERR_FAILED", "502")
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    outcomes = iter(["stored but lost", "proxy"])

    _answers(page, lambda route: _flaky(route, outcomes))
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    page.keyboard.press("ArrowRight")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b"]
    assert AnswerRevision.objects.count() == 0


def test_page_killed_in_each_state_gives_one_answer_per_trial_in_order(visitor: Visitor) -> None:
    study = _two_up(4)
    visitor.forgiven = ("ERR_FAILED",)
    context = visitor.context(**DESKTOP)
    page = visitor.page(context)
    start(page, visitor.site, study)
    address = page.url

    def return_to(number: int) -> Page:
        made = visitor.page(context)
        made.goto(address)
        made.get_by_role("button", name="Begin").click()
        onset(made, number)
        return made

    # When answered: the key is down, nothing more.
    page.keyboard.press("ArrowLeft")
    page.close()
    page = visitor.page(context)
    page.goto(address)
    page.get_by_role("button", name="Begin").click()
    onset(page)
    if "1 of" in page.locator("[data-progress]").inner_text():  # it was not stored any more
        page.keyboard.press("ArrowLeft")
        onset(page, 2)
    # While saving: the request is under way and never comes back.
    held = _hold(context)
    page.keyboard.press("ArrowRight")
    onset(page, 3)
    assert held
    page.close()
    context.unroute("**/answers")
    page = return_to(3)
    # Between trials: the answer is there, the next trial is not yet painted.
    with page.expect_response("**/answers"):
        page.keyboard.press("ArrowLeft")
    page.close()
    # Before the paint: the pictures never come.
    context.route("**/i/*", lambda route: None)
    page = visitor.page(context)
    page.goto(address)
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("Loading the pictures").wait_for()
    page.close()
    context.unroute("**/i/*")
    page = return_to(4)
    page.keyboard.press("ArrowRight")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b", "a", "b"]
    stored = Answer.objects.order_by("received_at").values_list("trial__position", flat=True)
    assert list(stored) == [1, 2, 3, 4]
    assert AnswerRevision.objects.count() == 0


def test_thirty_percent_of_all_requests_failed_loses_and_doubles_nothing(visitor: Visitor) -> None:
    study = _two_up(6)
    visitor.forgiven = ("ERR_FAILED", "502", "500")
    context = visitor.context(**DESKTOP)
    context.add_init_script(
        "const wait = setTimeout; window.setTimeout = (f, ms, ...x) => wait(f, ms < 9000 ? ms / 20 : ms, ...x);"
    )
    rng, failed = random.Random(11), []

    def fail(route: Route) -> None:
        outcome = rng.choices(["ok", "abort", "stored but lost", "proxy"], [7, 1, 1, 1])[0]
        failed.append(outcome)
        if outcome == "abort":
            route.abort()
        else:
            _flaky(route, iter([outcome]))

    context.route(re.compile(r"/(start|state|consent|answers|events|finish)$|/i/"), fail)
    page = visitor.page(context)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    for name in ("Start", "I agree", "Begin"):
        page.get_by_role("button", name=name).click()
    for number in range(1, 7):
        expect(page.locator("[data-progress]")).to_contain_text(f"{number} of")
        expect(page.locator("[data-painted], [data-failed]:not([hidden])").first).to_be_visible()
        while page.locator("[data-failed]:not([hidden])").count():
            page.get_by_role("button", name="Try again").click()
            expect(
                page.locator("[data-painted], [data-failed]:not([hidden])").first
            ).to_be_visible()
        onset(page, number)
        page.keyboard.press("ArrowLeft" if number % 2 else "ArrowRight")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b"] * 3
    assert (Answer.objects.count(), AnswerRevision.objects.count()) == (6, 0)
    assert len([one for one in failed if one != "ok"]) > 4


def test_two_tabs_answering_one_trial_give_one_answer_and_a_revision(visitor: Visitor) -> None:
    study = _two_up(1)
    context = visitor.context(**DESKTOP)
    first = visitor.page(context)
    start(first, visitor.site, study)
    second = visitor.page(context)
    second.goto(first.url)
    second.get_by_role("button", name="Begin").click()
    onset(second)
    first.keyboard.press("ArrowLeft")
    thanked(first)
    second.keyboard.press("ArrowRight")
    thanked(second)
    assert contents(study) == [{"chosen": "a"}]
    assert [revision.content for revision in AnswerRevision.objects.all()] == [{"chosen": "b"}]


def _refuse_once(page: Page) -> None:
    """The next answer gets a no that is for good, those after it pass."""
    refusals = iter([True])

    def answer(route: Route) -> None:
        if next(refusals, False):
            route.fulfill(status=400, json={"error": "chosen: must be one of a, b"})
        else:
            route.continue_()

    _answers(page, answer)


def test_refused_answer_is_set_aside_shown_and_asked_again_at_the_end(visitor: Visitor) -> None:
    study = _two_up(2)
    visitor.forgiven = ("400", "409")
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    _refuse_once(page)
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    expect(page.locator(".stage [data-warning]")).to_contain_text("chosen: must be one of a, b")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="Some answers were not accepted")).to_be_visible()
    page.get_by_role("button", name="Answer them again").click()
    onset(page, 1)
    page.keyboard.press("ArrowRight")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["b", "a"]


def test_refused_answer_that_is_skipped_is_recorded_and_counts_as_done(visitor: Visitor) -> None:
    study = _two_up(1)
    visitor.forgiven = ("400", "409")
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    _refuse_once(page)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Skip them").click()
    thanked(page)
    assert contents(study) == [{"chosen": "skip"}]


def test_corrupted_picture_gives_a_screen_with_retry_then_the_trial(visitor: Visitor) -> None:
    study = _two_up(1)
    page = visitor.page(**DESKTOP)
    corrupt = _corrupted(page)
    _to_failure(page, visitor.site, study)
    assert page.locator("[data-painted]").count() == 0
    corrupt["now"] = False
    page.get_by_role("button", name="Try again").click()
    onset(page)
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert contents(study) == [{"chosen": "a"}]


def test_corrupted_picture_skipped_is_recorded_and_counts_as_done(visitor: Visitor) -> None:
    study = _two_up(1)
    page = visitor.page(**PHONE)
    _corrupted(page)
    _to_failure(page, visitor.site, study)
    page.get_by_role("button", name="Skip this one").click()
    thanked(page)
    assert contents(study) == [{"chosen": "skip"}]


def test_storage_refused_keeps_the_secret_in_the_address_and_warns(visitor: Visitor) -> None:
    study = _two_up(2)
    context = visitor.context(**DESKTOP)
    context.add_init_script(REFUSE_STORAGE)
    page = visitor.page(context)
    start(page, visitor.site, study)
    assert "#" in page.url
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".stage [data-warning]")).to_contain_text("does not let the page store")
    onset(page, 2)
    page.reload()
    page.get_by_role("button", name="Begin").click()
    onset(page, 2)
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert len(contents(study)) == 2


def test_plain_http_without_subtle_and_uuid_works_all_the_same(visitor: Visitor) -> None:
    study = _two_up(1)
    context = visitor.context(**DESKTOP)
    context.add_init_script(PLAIN_HTTP)
    page = visitor.page(context)
    start(page, visitor.site, study)
    assert page.evaluate("[crypto.subtle, crypto.randomUUID]") == [None, None]
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert contents(study) == [{"chosen": "a"}]


def test_start_pressed_twice_or_answered_late_begins_one_visit(visitor: Visitor) -> None:
    study = _two_up(1)
    visitor.forgiven = ("ERR_FAILED", "502")
    context = visitor.context(**DESKTOP)
    page = visitor.page(context)
    outcomes = iter(["stored but lost", "proxy"])
    context.route("**/start", lambda route: _flaky(route, outcomes))
    page.goto(f"{visitor.site}/s/{study.public_id}/?PROLIFIC_PID=someone")
    page.get_by_role("button", name="Start").dblclick()
    page.get_by_role("button", name="I agree").wait_for()
    assert study.participants.count() == 1
    assert ExternalId.objects.count() == 1


def test_start_lost_and_page_closed_leads_to_the_same_visit_the_next_time(
    visitor: Visitor,
) -> None:
    study = _two_up(1)
    visitor.forgiven = ("ERR_FAILED",)
    context = visitor.context(**DESKTOP)
    page = visitor.page(context)
    context.route("**/start", lambda route: _flaky(route, iter(["stored but lost"])))
    address = f"{visitor.site}/s/{study.public_id}/?PROLIFIC_PID=someone"
    page.goto(address)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-trouble]")).to_be_visible()
    page.close()
    context.unroute("**/start")
    again = visitor.page(context)
    again.goto(address)
    again.get_by_role("button", name="Start").click()
    again.get_by_role("button", name="I agree").wait_for()
    assert study.participants.count() == 1


def test_start_page_in_the_browser_that_began_leads_back_and_sends_what_waits(
    visitor: Visitor,
) -> None:
    study = _two_up(2)
    visitor.forgiven = ("ERR_FAILED", "409")
    context = visitor.context(**DESKTOP)
    page = visitor.page(context)
    start(page, visitor.site, study, "?PROLIFIC_PID=someone")
    _answers(context, lambda route: route.abort())
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    context.unroute("**/answers")
    with page.expect_response("**/answers") as sent:
        page.goto(f"{visitor.site}/s/{study.public_id}/?PROLIFIC_PID=someone")
    assert sent.value.status == 201
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-refused]")).to_contain_text("begun with your id before")
    page.get_by_role("link", name="Go on where it stands").click()
    page.get_by_role("button", name="Begin").click()
    onset(page, 2)
    assert study.participants.count() == 1


def test_own_link_goes_on_with_the_same_trial_on_another_device(visitor: Visitor) -> None:
    study = _two_up(2)
    page = visitor.page(**DESKTOP)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_text("on another device").click()
    link = page.locator("[data-link]").inner_text()
    page.get_by_role("button", name="Begin").click()
    onset(page, 1)
    with page.expect_response("**/answers"):
        page.keyboard.press("ArrowLeft")
    second = onset(page, 2)
    phone = visitor.page(**PHONE)
    phone.goto(link)
    phone.get_by_role("button", name="Begin").click()
    assert onset(phone, 2) == second
    phone.get_by_role("button", name="Bottom").tap()
    thanked(phone)
    page.keyboard.press("ArrowLeft")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b"]
    assert AnswerRevision.objects.get().content == {"chosen": "a"}


def test_clock_set_back_while_answers_wait_keeps_their_order(visitor: Visitor) -> None:
    study = _two_up(3)
    visitor.forgiven = ("ERR_FAILED",)
    context = visitor.context(**DESKTOP)
    page = visitor.page(context)
    start(page, visitor.site, study)
    _answers(context, lambda route: route.abort())
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    address = page.url
    page.close()
    context.add_init_script("const now = Date.now; Date.now = () => now() - 86400000;")
    again = visitor.page(context)
    again.goto(address)
    again.get_by_role("button", name="Begin").click()
    for number in (2, 3):
        onset(again, number)
        if number == 3:
            context.unroute("**/answers")
        again.keyboard.press("ArrowRight")
    thanked(again)
    stored = Answer.objects.order_by("received_at").values_list("trial__position", flat=True)
    assert list(stored) == [1, 2, 3]
    assert [one["chosen"] for one in contents(study)] == ["a", "b", "b"]


def test_cookies_cleared_in_mid_study_matter_to_nobody(visitor: Visitor) -> None:
    study = _two_up(2)
    context = visitor.context(**DESKTOP)
    page = visitor.page(context)
    start(page, visitor.site, study)
    assert context.cookies() == []
    context.clear_cookies()
    for number in (1, 2):
        onset(page, number)
        page.keyboard.press("ArrowLeft")
    thanked(page)
    assert len(contents(study)) == 2


def test_back_button_leads_to_the_start_page_and_back_into_the_same_visit(
    visitor: Visitor,
) -> None:
    study = _two_up(2)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    with page.expect_response("**/answers"):
        page.keyboard.press("ArrowLeft")
    second = onset(page, 2)
    page.go_back()
    page.get_by_role("link", name="Go on where it stands").click()
    page.get_by_role("button", name="Begin").click()
    assert onset(page, 2) == second
    assert study.participants.count() == 1


def test_refusals_and_failed_pictures_are_in_the_visits_log(visitor: Visitor) -> None:
    study = _two_up(1)
    visitor.forgiven = ("400", "409")
    page = visitor.page(**DESKTOP)
    corrupt = _corrupted(page)
    _to_failure(page, visitor.site, study)
    corrupt["now"] = False
    _refuse_once(page)
    page.get_by_role("button", name="Try again").click()
    onset(page)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Skip them").wait_for()
    wanted = {"opened", "picture_failed", "refused"}
    _until(page, lambda: wanted <= set(participant(study).events.values_list("kind", flat=True)))
    opened = participant(study).events.filter(kind="opened").get()
    assert opened.content == {"browser": "Chromium", "width": 1440, "height": 900, "ratio": 1}


def test_events_wait_for_answers_and_their_failure_delays_nothing(visitor: Visitor) -> None:
    study = _two_up(2)
    visitor.forgiven = ("500",)
    context = visitor.context(**DESKTOP)
    context.route("**/events", lambda route: route.fulfill(status=500, body="down"))
    page = visitor.page(context)
    start(page, visitor.site, study)
    for number in (1, 2):
        onset(page, number)
        page.keyboard.press("ArrowLeft")
    thanked(page)
    assert len(contents(study)) == 2
    assert not participant(study).events.exists()


def test_decline_leads_to_a_plain_end(visitor: Visitor) -> None:
    study = _two_up(1)
    page = visitor.page(**DESKTOP)
    page.goto(f"{visitor.site}/s/{study.public_id}/?PROLIFIC_PID=someone")
    assert "PROLIFIC" not in page.url
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I decline").click()
    expect(page.get_by_role("heading", name="Thank you for considering it")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Thank you for considering it")).to_be_visible()
    assert participant(study).state == Participant.State.DECLINED


def test_visit_without_its_secret_says_how_to_go_on(visitor: Visitor) -> None:
    study = _two_up(1)
    visitor.forgiven = ("403",)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    other = visitor.page(**DESKTOP)
    other.goto(page.url)
    expect(other.get_by_role("heading", name="This address is not complete")).to_be_visible()
    other.goto("about:blank")
    other.goto(page.url + "#wrong")
    expect(other.get_by_role("heading", name="This address is not complete")).to_be_visible()


def _until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for what the server holds, while the page goes on."""
    for _ in range(160):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come about within 8 s")


def _hold(context: BrowserContext) -> list[Route]:
    """Let answers be sent and never come back."""
    held: list[Route] = []
    context.route("**/answers", lambda route: held.append(route))
    return held


def _flaky(route: Route, outcomes: Iterator[str]) -> None:
    match next(outcomes, None):
        case "stored but lost":
            route.fetch()
            route.abort()
        case "proxy":
            route.fulfill(status=502, body="<h1>Bad gateway</h1>", content_type="text/html")
        case _:
            route.continue_()


# --- pictures that do not arrive ---


def _corrupted(page: Page) -> dict[str, bool]:
    """Flip a byte of every picture as long as `["now"]` holds; waits are cut short."""
    state = {"now": True}
    page.add_init_script(
        "const wait = window.setTimeout; window.setTimeout = (f, ms, ...x) => wait(f, ms > 150 && ms < 9000 ? 150 : ms, ...x);"
    )

    def handle(route: Route) -> None:
        if not state["now"]:
            route.continue_()
            return
        body = bytearray(route.fetch().body())
        body[-20] ^= 1
        route.fulfill(body=bytes(body), content_type="image/png")

    page.route("**/i/*", handle)
    return state


def _to_failure(page: Page, site: str, study: Study) -> None:
    page.goto(f"{site}/s/{study.public_id}/")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("A picture did not arrive.")).to_be_visible()
