"""The file-system broker: no message is ever seen half written."""

from pathlib import Path
from typing import Any

import pytest

from evalsite.broker import Transport
from evalsite.celery import app


def test_celery_uses_our_transport_for_the_file_system() -> None:
    with app.connection_for_write() as connection:
        assert isinstance(connection.transport, Transport)


def test_message_under_its_final_name_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []
    replace = Path.replace

    def looked(half: Path, target: Path) -> Any:
        seen.append((half.name.rpartition(".")[2], half.read_text()))
        assert not target.exists()
        return replace(half, target)

    monkeypatch.setattr(Path, "replace", looked)
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    with app.connection_for_write(transport_options=options) as connection:
        queue = connection.SimpleQueue("probe")
        queue.put({"a": 1})
        [(suffix, text)] = seen
        assert suffix == "half"
        assert text.endswith("}")
        assert queue.get(timeout=5).payload == {"a": 1}
