"""Answers that are no HTTP, or that would act on a terminal: what is told of them is one line."""

from __future__ import annotations

import pytest
from raw_server import RawServer
from runner_store_http.store import HttpStore

from runner_core.errors import StoreError

pytestmark = pytest.mark.usefixtures("home", "at_once")

LONG = b"x" * 5000


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTP/1.1 200 OK\r\n\r\n{}", "HTP/1.1 200 OK"),
        (b"HTTP/1.1 \0\x1b[2J OK\r\n\r\n{}", r"HTTP/1.1 \[2J OK"),
        (b"HTTP/1.1 2" + LONG + b"\r\n\r\n", "xxx ..."),
        (b"HTTP/1.1 200 OK\r\nContent-Type: a\x1b]0;b\x07c\r\n\r\nno", r"sent a \]0 instead of JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: \r\n\r\nno", "something instead of JSON"),
        (b"HTTP/1.1 429 Wait\r\nX-RateLimit: 1\x1b[31m\r\n\r\n", r"too many requests \(429, X-RateLimit: 1 \[31m\)"),
    ],
    ids=["another protocol", "a status that acts", "a long status", "a kind that acts", "no kind", "a limit that acts"],
)
def test_what_a_server_sends_is_quoted_in_one_line(answer, told):
    with RawServer() as server:
        server.answers["GET /index.json"] = answer
        with pytest.raises(StoreError, match=told) as raised:
            list(HttpStore(server.url).list())
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500
