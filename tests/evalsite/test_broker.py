"""The file-system broker: no message is ever seen half written."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
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


def test_reader_that_looks_all_the_time_never_sees_part_of_a_message(tmp_path: Path) -> None:
    """Kombu's own channel fails this: it writes under the name that a worker looks for."""
    written, seen = threading.Event(), set[str]()
    torn: list[str] = []

    def look() -> None:
        while not written.is_set() or len(seen) < 40:
            for message in tmp_path.glob("*.msg"):
                if message.name in seen:
                    continue
                try:
                    json.loads(message.read_text())
                except ValueError as error:
                    torn.append(str(error))
                seen.add(message.name)

    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    with (
        ThreadPoolExecutor(1) as pool,
        app.connection_for_write(transport_options=options) as connection,
    ):
        reader = pool.submit(look)
        queue = connection.SimpleQueue("probe")
        for number in range(40):
            queue.put({"number": number, "long": "x" * 200_000})
        written.set()
        reader.result(timeout=30)
    assert torn == []
    assert list(tmp_path.glob("*.half")) == []
