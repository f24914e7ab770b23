"""Not one answer lost, none twice: reloads, lost connections, two tabs, corrupted pictures."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from studies.models import Answer, AnswerRevision, Participant, Study
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

    def flaky(route: Route) -> None:
        match next(outcomes, None):
            case "stored but lost":
                route.fetch()
                route.abort()
            case "proxy":
                route.fulfill(status=502, body="<h1>Bad gateway</h1>", content_type="text/html")
            case _:
                route.continue_()

    _answers(page, flaky)
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    page.keyboard.press("ArrowRight")
    thanked(page)
    assert [one["chosen"] for one in contents(study)] == ["a", "b"]
    assert AnswerRevision.objects.count() == 0


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


def test_refused_answer_is_set_aside_shown_and_asked_again_at_the_end(visitor: Visitor) -> None:
    study = _two_up(2)
    visitor.forgiven = ("400", "409")
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    refusals = iter([True])

    def once(route: Route) -> None:
        if next(refusals, False):
            route.fulfill(status=400, json={"error": "chosen: must be one of a, b"})
        else:
            route.continue_()

    _answers(page, once)
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


# --- pictures that do not arrive ---


def _corrupted(page: Page) -> dict[str, bool]:
    """Flip a byte of every picture as long as `["now"]` holds; waits are cut short."""
    state = {"now": True}
    page.add_init_script(
        "const wait = window.setTimeout; window.setTimeout = (f, ms, ...x) => wait(f, ms > 150 ? 150 : ms, ...x);"
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
