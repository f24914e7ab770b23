"""The task: one outcome per claim, failures with their reason, cancelling seen in time."""

from typing import Any

import pytest
from django.db import OperationalError

from stylize import rendering as studio
from stylize import tasks
from stylize.models import Rendering
from stylize.record import Cancelled
from tests import factories

PICTURE = studio.Picture(
    png=factories.png(1),
    thumbnail=b"webp",
    said={"sha256": "0" * 64, "width": 48, "height": 32, "provenance": {"seconds": 0.1}},
)


@pytest.fixture
def queued(db: None) -> Rendering:
    made: Rendering = factories.RenderingFactory(state="queued", file="", thumbnail="", sha256="")
    return made


def _made_by(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    monkeypatch.setattr(tasks.studio, "render", make)


def test_render_stores_picture_and_provenance(
    queued: Rendering, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made_by(monkeypatch, lambda *_: PICTURE)
    tasks.render(queued.pk)
    queued.refresh_from_db()
    assert (queued.state, queued.attempts, queued.progress) == ("done", 1, 1.0)
    assert queued.provenance == {"seconds": 0.1}
    with queued.file.open() as file:
        assert file.read() == PICTURE.png
    assert queued.finished_at is not None


def test_render_sent_twice_is_made_once(queued: Rendering, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def make(rendering: Rendering, *_: Any) -> studio.Picture:
        made.append(rendering.pk)
        tasks.render(rendering.pk)  # the copy of the message arrives in the midst of the work
        return PICTURE

    _made_by(monkeypatch, make)
    tasks.render(queued.pk)
    tasks.render(queued.pk)
    assert made == [queued.pk]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("contents: 9×9 px, sides must be at least 16"), "contents: 9×9 px, sides must"),
        (MemoryError("no room"), "MemoryError: no room"),
        (FloatingPointError("gatys: NaN"), "FloatingPointError: gatys: NaN"),
    ],
)
def test_render_failure_is_stored_with_its_plain_reason(
    queued: Rendering, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def make(*_: Any) -> studio.Picture:
        raise error

    _made_by(monkeypatch, make)
    tasks.render(queued.pk)
    queued.refresh_from_db()
    assert queued.state == "failed"
    assert queued.error.startswith(reason)


def test_render_cancelled_meanwhile_stores_nothing(
    queued: Rendering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(*_: Any) -> studio.Picture:
        Rendering.objects.filter(pk=queued.pk).cancel()
        return PICTURE

    _made_by(monkeypatch, make)
    tasks.render(queued.pk)
    queued.refresh_from_db()
    assert (queued.state, queued.file.name) == ("cancelled", "")


def test_render_stopped_by_progress_is_no_failure(
    queued: Rendering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(*_: Any) -> studio.Picture:
        Rendering.objects.filter(pk=queued.pk).cancel()
        raise Cancelled

    _made_by(monkeypatch, make)
    tasks.render(queued.pk)
    queued.refresh_from_db()
    assert (queued.state, queued.error) == ("cancelled", "")


class FakeRendering:
    """Answers `renew` from a list, then stays with the last answer."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers, self.told = answers, list[float]()

    def renew(self, token: str, progress: float) -> bool:
        self.told.append(progress)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)


def test_lease_lost_makes_progress_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "RENEW_SECONDS", 0.01)
    fake = FakeRendering([True, False])
    with tasks.Lease(fake, "t") as lease:  # type: ignore[arg-type]
        lease.progress(0.5)
        assert lease.lost.wait(5)
        with pytest.raises(Cancelled):
            lease.progress(0.6)
    assert fake.told[-1] == 0.5
    assert not lease.thread.is_alive()


def test_lease_database_away_for_a_moment_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "RENEW_SECONDS", 0.01)
    fake = FakeRendering([OperationalError("locked"), OperationalError("locked"), False])
    with tasks.Lease(fake, "t") as lease:  # type: ignore[arg-type]
        assert lease.lost.wait(5)
    assert len(fake.told) == 3
