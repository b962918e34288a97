"""A server that answers with the very bytes that it was given, well-formed or not."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterable
from contextlib import suppress

from loopback import LoopbackSocket

_MOST_HEAD = 1 << 16
_HOP = {"connection", "keep-alive", "date", "server"}


class RawServer(LoopbackSocket):
    """``answers`` holds a whole answer, head and body, for each ``"GET /path"``; the rest is not found."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, bytes] = {}

    def serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head and len(head) < _MOST_HEAD:
                received = client.recv(1 << 14)
                if not received:
                    return
                head += received
            method, _, rest = head.decode("latin-1").partition(" ")
            asked = f"{method} {rest.split(' ')[0].partition('?')[0]}"
            client.sendall(self.answers.get(asked, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))


def record(url: str, asked: Iterable[str]) -> dict[str, bytes]:
    """What a sound server answers to each of these, as bytes that end with the connection."""
    answers = {}
    for each in asked:
        method, _, path = each.partition(" ")
        connection = http.client.HTTPConnection(url.partition("//")[2])
        connection.request(method, path, headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        body = answer.read()
        kept = [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in _HOP]
        head = "\r\n".join([f"HTTP/1.1 {answer.status} {answer.reason}", *kept, "Connection: close", "", ""])
        answers[each.partition("?")[0]] = head.encode("latin-1") + body
        connection.close()
    return answers
