"""The developer tools of a curious participant: what the page asks for follows from what it was handed."""

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest

from tests.browser import gallery
from tests.browser.conftest import DESKTOP, Visitor
from tests.browser.walking import onset, start

pytestmark = pytest.mark.browser
ENTRIES = "performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname)"


def pictures(paths: list[str]) -> list[str]:
    return [name for path in paths if (name := _picture(path))]


def _picture(path: str) -> str:
    found = PurePosixPath(path)
    return found.name if found.parent.name == "i" else ""


@pytest.mark.parametrize("protocol", ["two_up", "single_choice", "rating_scale"])
def test_pictures_are_asked_for_in_the_order_handed_out_and_shown_as_blobs(
    visitor: Visitor, protocol: str
) -> None:
    study = gallery.study(protocol, trials_per_participant=2)
    page = visitor.page(**DESKTOP)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto(f"{visitor.site}/s/{study.public_id}/")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").wait_for()
    with page.expect_response("**/state") as state:
        page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Begin").click()
    onset(page)
    page.wait_for_load_state("networkidle")
    told = state.value.json()
    trials = [[*trial["stimuli"], *trial["references"]] for trial in told["trials"]]
    handed = [shown["address"] for part in (told["examples"], *trials) for shown in part]
    assert pictures(asked) == list(dict.fromkeys(handed))[: len(pictures(asked))]
    sources = page.locator("[data-painted] img").evaluate_all("all => all.map((one) => one.src)")
    assert sources
    assert all(source.startswith("blob:") for source in sources)
    attributes = page.locator("[data-painted] img").evaluate_all(
        "all => all.map((one) => one.getAttributeNames().filter((n) => n !== 'style').join(' '))"
    )
    assert len(set(attributes)) == 1


def test_resources_that_the_browser_lists_are_pages_scripts_styles_and_random_names(
    visitor: Visitor,
) -> None:
    study = gallery.study("two_up", trials_per_participant=2)
    page = visitor.page(**DESKTOP)
    start(page, visitor.site, study)
    page.keyboard.press("ArrowLeft")
    onset(page, 2)
    known = re.compile(r"/static/[\w./]+|/i/[\w-]{22}|/v/[\w-]{16}/(state|consent|answers|events)")
    assert [path for path in page.evaluate(ENTRIES) if not known.fullmatch(path)] == []
