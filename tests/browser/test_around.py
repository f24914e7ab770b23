"""Before and after the trials, as a participant goes through them in a browser."""

import pytest
from playwright.sync_api import expect

from studies.models import Answer, Participant
from tests.browser import gallery
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.walking import onset, start, thanked

pytestmark = pytest.mark.browser


def test_withdrawal_by_the_link_of_the_last_page_deletes_everything(visitor: Visitor) -> None:
    study = gallery.study("two_up", trials_per_participant=2)
    page = visitor.page(**PHONE)
    start(page, visitor.site, study, "?PROLIFIC_PID=panel-id-1")
    page.get_by_role("button", name="Left").click()
    onset(page, 2)
    page.get_by_role("button", name="Left").click()
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
