"""A web server on loopback that serves a folder, counts what it sends, and fails on request.

    with FaultyServer(folder) as server:
        server.next("/weights.bin", cut(10), status(500))   # the first two answers; then all is well
        server.always("/index.json", page)                  # every answer

A fault is called with the handler of a request and answers it. All of the protocol that a resumed transfer needs is
there: ETag, Last-Modified, Range, If-Range, 416; each can be left out.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote

import attrs
from loopback import Loopback

BLOCK = 1 << 16
PATIENCE = 60  # seconds for which a server waits for a test, which would be wrong by then


@attrs.frozen
class Asked:
    """One request: ``start`` is where its Range begins, 0 where it has none."""

    method: str
    path: str
    start: int
    if_range: str
    authorization: str


class FaultyServer(Loopback):
    """``ranges``, ``validators``, ``lengths``: whether it knows Range, ETag and Last-Modified, Content-Length.

    With the ``context`` of a certificate it speaks https.
    """

    def __init__(
        self,
        root: Path,
        *,
        ranges: bool = True,
        validators: bool = True,
        lengths: bool = True,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.root, self.ranges, self.validators, self.lengths = root, ranges, validators, lengths
        self.rate: float | None = None  # bytes a second, for all transfers together; None is as fast as it goes
        self.asked: list[Asked] = []
        self.sent: Counter[str] = Counter()  # bytes of bodies by path
        self.whole: Counter[str] = Counter()  # files sent to their last byte
        self._next: dict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), type("Handler", (Handler,), {"state": self}))
        if context:
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.servers = (self._http,)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self._http.server_port}"

    def next(self, path: str, *faults: Fault) -> None:
        """The next answers to GET of ``path``, one after the other."""
        self._next[path].extend(faults)

    def always(self, path: str, fault: Fault | None) -> None:
        """Every answer to ``path``, whatever the method; None makes it well again."""
        self._always.pop(path, None)
        if fault:
            self._always[path] = fault

    def gets(self, path: str) -> list[Asked]:
        """The GET requests for a path so far."""
        return [asked for asked in self.asked if (asked.method, asked.path) == ("GET", path)]

    def fault_for(self, asked: Asked) -> Fault | None:
        with self._lock:
            self.asked.append(asked)
            waiting = self._next[asked.path]
            if asked.method == "GET" and waiting:
                return waiting.popleft()
            return self._always.get(asked.path)

    def count(self, path: str, sent: int, *, last: bool = False) -> None:
        """``send_body`` counts before it sends: who has received all may ask at once how many there were."""
        with self._lock:
            self.sent[path] += sent
            self.whole[path] += last
        if self.rate:
            time.sleep(sent / self.rate)


class _Http(ThreadingHTTPServer):
    request_queue_size = 256  # two hundred may come at once
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    """Answers as any web server does, unless there is a fault for the path."""

    state: ClassVar[FaultyServer]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BLOCK)  # what is sent is soon received
        super().setup()

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    @property
    def file(self) -> Path:
        return self.state.root / unquote(self.path.partition("?")[0]).lstrip("/")

    @property
    def start(self) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else 0

    def _answer(self) -> None:
        headers = (self.headers.get("If-Range", ""), self.headers.get("Authorization", ""))
        fault = self.state.fault_for(Asked(self.command, self.path, self.start, *headers))
        if fault:
            fault(self)
        else:
            self.plain()

    def plain(self) -> None:
        """As if there were no fault."""
        if self.file.is_file():
            self.send_file(self.file.read_bytes())
        else:
            self.send_whole(404, b"there is no such file", {"Content-Type": "text/plain"})

    def tag_of(self, data: bytes) -> str:
        return f'"{hashlib.md5(data).hexdigest()}"'

    def send_file(self, data: bytes, *, until: int | None = None, reset: bool = False) -> None:
        """As it is asked for: whole, or from the byte where the Range begins; cut after ``until`` bytes of body."""
        tag, start = self.tag_of(data), self.start
        if not self.state.ranges or self.headers.get("If-Range", tag) != tag:
            start = 0
        if start and start >= len(data):
            self.send_whole(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            return
        headers = {"Content-Type": "application/octet-stream"}
        if self.state.validators:
            headers |= {"ETag": tag, "Last-Modified": formatdate(self.file.stat().st_mtime, usegmt=True)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        if self.state.lengths:
            headers["Content-Length"] = str(len(data) - start)
        self.send_head(206 if start else 200, headers)
        if self.command == "GET":
            self.send_body(data[start:], until, reset=reset)

    def send_whole(self, code: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_head(code, {**headers, "Content-Length": str(len(body))})
        if self.command == "GET":
            self.wfile.write(body)

    def send_head(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
            self.close_connection = True  # the end of the connection is the end of the body
        self.end_headers()

    def send_body(self, body: bytes, until: int | None = None, *, reset: bool = False) -> None:
        """Sends the body, counting; or its first ``until`` bytes, and then hangs up."""
        end = len(body) if until is None else min(until, len(body))
        for place in range(0, end, BLOCK):
            block = body[place : min(place + BLOCK, end)]
            self.state.count(self.path, len(block), last=place + len(block) == len(body))
            self.wfile.write(block)
        if end < len(body):
            self.hang_up(reset=reset)

    def hang_up(self, *, reset: bool = False) -> None:
        """Ends the connection; with ``reset`` as a machine that falls over does, losing what is on its way."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)


Fault = Callable[[Handler], None]


def cut(after: int, *, reset: bool = False) -> Fault:
    """The connection ends after so many bytes of the body."""
    return lambda handler: handler.send_file(handler.file.read_bytes(), until=after, reset=reset)


def held(after: int, go_on: threading.Event, *, hang_up: bool = False) -> Fault:
    """So many bytes of the file; once ``go_on`` is set, which hangs on no clock, the others, or the connection ends."""

    def send(handler: Handler) -> None:
        data = handler.file.read_bytes()
        handler.send_head(200, {"ETag": handler.tag_of(data), "Content-Length": str(len(data))})
        handler.wfile.write(data[:after])
        handler.state.count(handler.path, after)
        go_on.wait(PATIENCE)
        handler.send_body(data[after:], 0 if hang_up else None)

    return send


def status(code: int, headers: dict[str, str] | None = None) -> Fault:
    """An error, or a redirect by ``headers={"Location": ...}``."""
    return lambda handler: handler.send_whole(code, b"no", {"Content-Type": "text/plain", **(headers or {})})


def page(handler: Handler) -> None:
    """200, and a page that asks for a login."""
    body = b"<!DOCTYPE html><html><body>Please log in.</body></html>"
    handler.send_whole(200, body, {"Content-Type": "text/html; charset=utf-8"})


def disguised_page(handler: Handler) -> None:
    """The same, called a file."""
    body = b"\n<!DOCTYPE html><html><body>Please log in.</body></html>"
    handler.send_whole(200, body, {"Content-Type": "application/octet-stream"})


def serve(data: bytes, headers: dict[str, str] | None = None) -> Fault:
    """200 and other bytes than the file's, all at once, whatever part was asked for."""
    return lambda handler: handler.send_whole(200, data, headers or {})


def answer(code: int, headers: dict[str, str], body: bytes = b"") -> Fault:
    """Exactly this, true or not."""

    def send(handler: Handler) -> None:
        handler.send_head(code, headers)
        handler.send_body(body)
        handler.close_connection = True

    return send


def silent(seconds: float) -> Fault:
    """Takes the request and says nothing for a while, then hangs up."""

    def wait(handler: Handler) -> None:
        time.sleep(seconds)
        handler.hang_up()

    return wait


def refuse(handler: Handler) -> None:
    """Hangs up without a word."""
    handler.hang_up()
