"""The view: whatever a connection brings, it is answered or closed, the others are served, and nothing is printed.

An input is all bytes that one connection sends.
"""

from __future__ import annotations

import base64
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

from commands import Breach
from runner_liveview.sink import ViewSink, ViewWriter
from view_client import result

NAMED = False
TOKENS = (
    b"\r\n", b"\r\n\r\n", b"Host: evil\r\n", b"Origin: http://evil\r\n", b"Upgrade: websocket\r\n", b"HTTP/9.9",
    b"Content-Length: 99999999999\r\n", b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", b"/../../etc/passwd",
    b"/%2e%2e/%2e%2e/etc/passwd", b"?token=\xff", b"Sec-WebSocket-Extensions: permessage-deflate\r\n", b"%00", b"[::1",
    b"Cookie: \xff=\xff\r\n", b"Range: bytes=-1,5-,9-2\r\n", b"\x88\x02\x03\xe8", b"\x89\x7f", b"\x81\xff", b"\xc1\x80",
    b"Connection: Upgrade\r\n", b"If-Modified-Since: x\r\n", b"//\r\n", b"HEAD", b"OPTIONS", b"CONNECT", b"\0",
)  # fmt: skip
_WAIT = 0.05  # seconds for an answer to something that may have none
_PATIENCE = 20  # seconds in which a sound request must be answered


def make_seeds() -> Mapping[str, bytes]:
    """Requests for the page's files, and a viewer's whole conversation."""
    host = b"Host: 127.0.0.1\r\n"
    key = base64.b64encode(bytes(16))
    upgrade = (
        b"GET /frames HTTP/1.1\r\n" + host + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: " + key + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    close = _frame(8, struct.pack(">H", 1000))
    return {
        "page": b"GET / HTTP/1.1\r\n" + host + b"Accept: */*\r\n\r\n",
        "script": b"GET /view.js HTTP/1.1\r\n" + host + b'If-None-Match: "x"\r\nRange: bytes=0-9\r\n\r\n',
        "body": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n\r\nhello",
        "viewer": upgrade + _frame(1, b"k") * 3 + close,
        "pinging viewer": upgrade + _frame(9, b"x") + _frame(1, b"k") + _frame(10, b"") + _frame(2, b"\0\1") + close,
        "viewer that goes": upgrade + _frame(1, b"k"),
    }


def fuzz_one_input(data: bytes) -> None:
    """Raises Breach if a sound request is not answered afterwards; what is printed, the child looks at."""
    port, writer, _ = _view()
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=_WAIT) as connection:
        connection.sendall(data)
        writer.write(result())
        while connection.recv(1 << 16):
            pass
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        connection.sendall(b"GET /icon.svg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while received := connection.recv(1 << 16):
            answer += received
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise Breach(f"a sound request is answered with {answer[:100]!r}")


@lru_cache(maxsize=1)
def _view() -> tuple[int, ViewWriter, object]:
    """One for the process, which ends with it; open as long as the last of the three lives."""
    sink = ViewSink("0")
    opened = sink.open()
    writer = opened.__enter__()
    writer.write(result())
    return int(sink.url.rstrip("/").rpartition(":")[2]), writer, opened


def _frame(kind: int, payload: bytes) -> bytes:
    """As a client sends it: masked, here with zeros."""
    return bytes([0x80 | kind, 0x80 | len(payload)]) + bytes(4) + payload
