"""What gunicorn itself writes of requests that never reach the site's code: no address, no line."""

import logging
import socket
from pathlib import Path

import pytest

from evalsite.logs import NoAddresses
from tests.served import Site

MALFORMED = (
    b"GET /s/abc/?PROLIFIC_PID=secret-id HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n",
    b"GET /s/\x00?PROLIFIC_PID=secret-id HTTP/9.9\r\n\r\n",
)


def test_malformed_request_is_logged_without_its_sender_and_its_line(tmp_path: Path) -> None:
    site = Site(tmp_path, options=["--workers", "1"])
    try:
        site.start()
        for request in MALFORMED:
            with socket.create_connection(("127.0.0.1", site.port), timeout=10) as sender:
                sender.sendall(request)
                assert b"400" in sender.recv(100)
    finally:
        site.end()
    written = (tmp_path / "web.log").read_text()
    assert written.count("malformed request refused") == len(MALFORMED)
    assert "secret-id" not in written
    assert "ip=" not in written


@pytest.mark.parametrize(
    ("message", "arguments", "kept"),
    [
        ("Error handling request %s %s", ("GET", "/v/secret-id/"), "outside the site's code"),
        ("Worker exiting (pid: %s)", (7,), "Worker exiting (pid: 7)"),
    ],
)
def test_filter_when_a_request_is_named_leaves_its_path_out(
    message: str, arguments: tuple[object, ...], kept: str
) -> None:
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, message, arguments, None)
    assert NoAddresses().filter(record)
    assert kept in record.getMessage()
    assert "secret-id" not in record.getMessage()
