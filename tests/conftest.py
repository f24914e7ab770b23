"""Test-wide set-up: static files collected once, the cast, and what skipping means."""

import os
import sys
from collections import Counter

import pytest
from django.contrib.auth.models import AbstractUser
from django.core.management import call_command
from django.test import Client

from tests import factories


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    """Templates name static files by their hashed names, which only collectstatic knows."""
    call_command("collectstatic", "--noinput", verbosity=0)


@pytest.fixture
def owner(db: None) -> AbstractUser:
    """A researcher: staff, sees what is theirs."""
    return factories.researcher("owner")


@pytest.fixture
def stranger(db: None) -> AbstractUser:
    """Another researcher, who must not see the owner's things."""
    return factories.researcher("stranger")


@pytest.fixture
def admin_client(db: None) -> Client:
    """A browser in which a superuser is signed in."""
    client = Client()
    client.force_login(factories.UserFactory(username="root", is_staff=True, is_superuser=True))
    return client


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may skip but comparisons with files that are not ours to ship."""
    skipped = [why for why in _skips(session.config) if not why.startswith("reference data")]
    if os.environ.get("PARAGONE_NO_SKIP") and skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line says how many tests skipped, and why."""
    if not hasattr(config, "workerinput") and (skips := _skips(config)):
        reasons = "; ".join(f"{count} × {reason}" for reason, count in skips.most_common())
        sys.stdout.write(f"skipped {skips.total()}: {reasons}\n")


def _skips(config: pytest.Config) -> Counter[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    return Counter(str(report.longrepr[-1]).removeprefix("Skipped: ") for report in reports)
