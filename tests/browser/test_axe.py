"""axe-core on every participant page and state, for every protocol: clean at WCAG 2.2 AA."""

import re
from collections.abc import Callable
from importlib import resources

import pytest
from playwright.sync_api import Page, Route, expect

from studies.lifecycle import close
from studies.models import Study
from tests.browser import gallery
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.walking import onset, thanked

pytestmark = pytest.mark.browser
AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text()
RUN = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  return violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
}"""
SIZES = [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")]
PROTOCOLS = ["two_up", "single_choice", "rating_scale"]


def check(page: Page, state: str, found: dict[str, list[str]]) -> None:
    """Add what axe finds; its script runs past the page's policy, as a reader's tools do."""
    page.evaluate(AXE)
    if violations := page.evaluate(RUN):
        found[state] = violations


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def place_all(page: Page) -> None:
    """Put the tray's pictures onto the line by keyboard, apart from each other."""
    for index in range(page.locator(".chip").count()):
        page.locator(f'.chip[data-index="{index}"]').focus()
        page.keyboard.press("Enter")
        for _ in range(index):
            page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Enter")


def answer_two_up(page: Page) -> None:
    page.keyboard.press("ArrowLeft")


def answer_single_choice(page: Page) -> None:
    page.keyboard.press("1")
    page.keyboard.press("Enter")


def answer_rating_scale(page: Page) -> None:
    place_all(page)
    page.locator("[data-done]").click()


ANSWERS: dict[str, Callable[[Page], None]] = {
    "two_up": answer_two_up,
    "single_choice": answer_single_choice,
    "rating_scale": answer_rating_scale,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_page_of_a_visit_is_clean(
    visitor: Visitor, protocol: str, size: dict[str, object]
) -> None:
    study = gallery.study(protocol, trials_per_participant=1, allow_tie=True, allow_none=True)
    found: dict[str, list[str]] = {}
    page = visitor.page(**size)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    check(page, "start", found)
    press(page, "Start")
    page.get_by_role("button", name="I agree").wait_for()
    check(page, "consent", found)
    press(page, "I agree")
    page.get_by_role("button", name="Begin").wait_for()
    page.get_by_text("on another device").click()
    check(page, "instructions", found)
    press(page, "Begin")
    onset(page)
    check(page, "trial", found)
    page.locator(".reference").first.click()
    page.locator("dialog[open]").wait_for()
    check(page, "enlarged", found)
    page.keyboard.press("Escape")
    if protocol == "rating_scale":
        place_all(page)
        page.locator("[data-pieces] button").first.focus()
        page.keyboard.press("Enter")
        check(page, "placed and picked up again", found)
        page.keyboard.press("Enter")
        page.locator("[data-done]").click()
    else:
        ANSWERS[protocol](page)
    if protocol == "rating_scale":
        onset(page, 2)
        check(page, "agreement", found)
        ANSWERS[protocol](page)
    thanked(page)
    check(page, "thanks", found)
    page.reload()
    thanked(page)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    expect(page.locator("[data-go-on]")).to_be_visible()
    check(page, "start again", found)
    assert found == {}


@pytest.mark.parametrize("size", SIZES)
def test_every_state_of_trouble_is_clean(visitor: Visitor, size: dict[str, object]) -> None:
    study = gallery.study("two_up", trials_per_participant=2)
    visitor.forgiven = ("400", "403", "404", "409", "500", "ERR_INTERNET_DISCONNECTED")
    found: dict[str, list[str]] = {}
    context = visitor.context(**size)
    context.add_init_script(
        "const wait = setTimeout; window.setTimeout = (f, ms, ...x) => wait(f, ms > 150 && ms < 9000 ? 150 : ms, ...x);"
    )
    page = visitor.page(context)
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    press(page, "Start")
    press(page, "I agree")
    page.route("**/i/*", lambda route: route.fulfill(status=500, body="no"))
    press(page, "Begin")
    page.get_by_text("A picture did not arrive.").wait_for()
    check(page, "picture failed", found)
    page.unroute("**/i/*")
    press(page, "Try again")
    onset(page, 1)
    context.set_offline(True)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".stage [data-saving]")).to_contain_text("Offline")
    check(page, "offline", found)
    _refuse_once(page)
    context.set_offline(False)
    onset(page, 2)
    expect(page.locator(".stage [data-warning]")).to_be_visible()
    check(page, "refused, on the stage", found)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Answer them again").wait_for()
    check(page, "refused, at the end", found)
    page.goto("about:blank")
    page.goto(f"{visitor.site}/v/nobody/")
    check(page, "no such page", found)
    other = visitor.page(**size)
    other.goto(f"{visitor.site}/v/{study.participants.get().public_id}/")
    expect(other.get_by_role("heading", name="This address is not complete")).to_be_visible()
    check(other, "no secret", found)
    assert found == {}


def test_ends_that_come_early_are_clean(visitor: Visitor) -> None:
    found: dict[str, list[str]] = {}
    declined: Study = gallery.study("two_up")
    page = visitor.page(**DESKTOP)
    page.goto(f"{visitor.site}/s/{declined.public_id}/")
    press(page, "Start")
    press(page, "I decline")
    page.get_by_role("heading", name="Thank you for considering it").wait_for()
    check(page, "declined", found)
    close(declined)
    page.goto(f"{visitor.site}/s/{declined.public_id}/")
    check(page, "closed", found)
    assert found == {}


@pytest.mark.parametrize("where", ["start", "visit"])
def test_page_without_javascript_says_what_is_needed_and_is_clean(
    visitor: Visitor, where: str
) -> None:
    """axe needs scripts: it looks at the same markup in a page that runs none of ours."""
    study = gallery.study("two_up")
    page = visitor.page(**PHONE)
    path = f"/s/{study.public_id}/"
    if where == "visit":
        page.goto(visitor.site + path)
        press(page, "Start")
        page.get_by_role("button", name="I agree").wait_for()
        path = page.url.removeprefix(visitor.site)
    plain = visitor.page(**PHONE, java_script_enabled=False)
    plain.goto(visitor.site + path)
    expect(plain.locator("noscript .notice")).to_contain_text("needs JavaScript")
    assert plain.locator("button:enabled:visible").count() == 0
    seen = visitor.page(**PHONE)
    seen.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    seen.route(re.compile(r"/[sv]/[\w-]+/$"), _without_noscript)
    seen.goto(visitor.site + path)
    expect(seen.get_by_text("This study needs JavaScript")).to_be_visible()
    found: dict[str, list[str]] = {}
    check(seen, where, found)
    assert found == {}


def _without_noscript(route: Route) -> None:
    response = route.fetch()
    body = response.text().replace("<noscript>", "").replace("</noscript>", "")
    route.fulfill(response=response, body=body)


def _refuse_once(page: Page) -> None:
    refusals = iter([True])
    page.route(
        "**/answers",
        lambda route: (
            route.fulfill(status=400, json={"error": "chosen: must be one of a, b"})
            if next(refusals, False)
            else route.continue_()
        ),
    )
