"""What is kept of a participant, and who is asked: no address, no agent, no panel id, no third party."""

import re
import secrets
import uuid
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from studies.models import ExternalId, Study
from tests.studies.participant.visitor import Visitor, live

pytestmark = pytest.mark.django_db
AGENT, ADDRESS, PANEL_ID = "Curious/7.3 (Spy OS 9)", "203.0.113.77", "panel-id-31415"
# Namespaces of SVG are names, never fetched.
FOREIGN = re.compile(r"""(?:https?:)?//(?!www\.w3\.org/)[\w.-]+\.[a-z]{2,}""")


def whole_visit(study: Study) -> Visitor:
    """From a panel's link to the end, by somebody who can be told from everybody else."""
    client = Client(REMOTE_ADDR=ADDRESS, headers={"User-Agent": AGENT, "X-Forwarded-For": ADDRESS})
    panel, secret = {"PROLIFIC_PID": PANEL_ID, "SESSION_ID": "s"}, secrets.token_urlsafe(24)
    client.get(f"/s/{study.public_id}/", panel)
    client.post(f"/s/{study.public_id}/start", panel, headers={"X-Visit-Secret": secret})
    visitor = Visitor(study.participants.get(), secret, client)
    visitor.post("consent", {"agree": True})
    event = {"uuid": str(uuid.uuid4()), "kind": "opened", "waited_ms": 1}
    visitor.post("events", event | {"content": {"browser": "Chromium", "width": 390}})
    visitor.answer_all({"chosen": "a"})
    assert visitor.post("finish").status_code == 200
    return visitor


def test_whole_visit_leaves_neither_address_nor_agent_and_the_panels_id_in_one_table() -> None:
    visitor = whole_visit(live())
    rows = {
        model: " ".join(map(str, model._default_manager.values_list()))
        for model in apps.get_models()
    }
    for word in (ADDRESS, AGENT, "Spy OS", visitor.secret):
        assert [model for model, text in rows.items() if word in text] == []
    assert [model for model, text in rows.items() if PANEL_ID in text] == [ExternalId]


def test_panels_id_is_in_no_export_no_report_and_no_page_of_the_owner() -> None:
    study = live()
    whole_visit(study)
    client = Client()
    client.force_login(study.owner)
    base = f"/api/studies/{study.public_id}"
    paths = [f"{base}/{name}/" for name in ("answers", "events", "report", "answers/csv")]
    paths += [f"{base}/", "/api/studies/"]
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200, path
        content = response.getvalue() if response.streaming else response.content
        assert PANEL_ID.encode() not in content, path
        assert ExternalId.objects.get().keyed_hash.encode() not in content, path


def test_panels_id_is_found_again_by_its_keyed_hash_alone() -> None:
    """The same person in another study has another hash: tables cannot be joined on it."""
    first, second = live(), live()
    hashes = {ExternalId.hash(study, PANEL_ID) for study in (first, second, first)}
    assert len(hashes) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", one) and PANEL_ID not in one for one in hashes)


@pytest.mark.parametrize("protocol", ["two_up", "single_choice", "rating_scale"])
def test_pages_name_no_address_but_this_sites(protocol: str) -> None:
    study = live(protocol=protocol, consent="See [our page](https://lab.example/about).")
    visitor = Visitor.come(study)
    for path in (f"/s/{study.public_id}/", f"/v/{visitor.participant.public_id}/", "/s/nobody/"):
        page = Client().get(path).content.decode()
        named = re.findall(r"""(?:src|href|action|data-script|srcset)="([^"]*)""", page)
        assert named
        outside = {one for one in named if not re.match(r"/(?!/)|#$", one)}
        # A researcher's link is followed when it is pressed, never fetched.
        assert outside <= {"https://lab.example/about"}


def test_scripts_and_styles_of_ours_name_no_other_host() -> None:
    root = Path(settings.BASE_DIR)
    folders = [root / "static" / "js", root / "static" / "css", root / "templates" / "participant"]
    files = [path for folder in folders for path in folder.rglob("*.*")]
    assert len(files) > 40
    assert {
        path.name: found for path in files if (found := FOREIGN.findall(path.read_text()))
    } == {}
