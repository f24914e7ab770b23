"""How somebody walks through a study: the steps that every browser test shares."""

from playwright.sync_api import Page, expect

from studies.models import Participant, Study

BLANK_AND_LOCK_MS = 420


def start(page: Page, site: str, study: Study, query: str = "") -> None:
    """From the start page to the first trial on the stage."""
    page.goto(f"{site}/s/{study.public_id}/{query}")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Begin").click()
    onset(page)


def onset(page: Page, number: int | None = None) -> str:
    """Wait until a trial is painted and unlocked; its id."""
    if number is not None:
        expect(page.locator("[data-progress]")).to_contain_text(f"{number} of")
    stage = page.locator("[data-painted]")
    stage.wait_for()
    trial = stage.get_attribute("data-painted") or ""
    page.wait_for_timeout(BLANK_AND_LOCK_MS)
    return trial


def thanked(page: Page) -> None:
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()


def participant(study: Study) -> Participant:
    return study.participants.get()


def contents(study: Study) -> list[dict[str, object]]:
    """What is stored, in the order of the trials."""
    trials = participant(study).trials.order_by("position")
    return [trial.answer.content for trial in trials]


def press_until_focused(page: Page, name: str) -> None:
    """Tab along until the button of that name has the focus."""
    for _ in range(20):
        if page.evaluate("document.activeElement?.textContent?.trim()") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name}")
