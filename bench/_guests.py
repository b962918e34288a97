"""Guests of a live view: some watch, some are lost, some mean no good."""

from __future__ import annotations

import http.client
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Event, Thread

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

GUESTS = 12  # at a time
STAY = 3.0  # seconds, at most, that one does what it came for
FILES = ("/", "/view.js", "/draw.js", "/view.css", "/nothing")
UPGRADE = (
    b"GET /frames HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
NO_FRAMES = (
    b"\x81\x82\0\0\0\0\xff\xfe", b"\x81\x01k", b"\x83\x80\0\0\0\0", b"\x80\x80\0\0\0\0", b"\x01\x80\0\0\0\0" * 50,
    b"\x89\xfd\0\0\0\0" + bytes(125), b"\x88\x82\0\0\0\0\0\3", b"\x81\x85\0\0\0\0drawn" * 3000,
)  # fmt: skip


class Guest:
    """Comes and goes until it is ``over``; ``visits`` says what for."""

    def __init__(self, server: tuple[str, int], seed: int, over: Event) -> None:
        self.visits: list[str] = []
        self._server, self._chance, self._over = server, random.Random(seed), over

    def come_and_go(self) -> None:
        kinds = (self.watch, self.watch, self.load, self.stare, self.stammer, self.babble, self.vanish)
        while not self._over.wait(0.05):
            visit = self._chance.choice(kinds)
            self.visits.append(visit.__name__)
            with suppress(OSError, WebSocketException, http.client.HTTPException):  # it may be shown the door
                visit()

    def watch(self) -> None:
        """Draws some pictures."""
        url = f"ws://{self._server[0]}:{self._server[1]}/frames"
        with connect(url, proxy=None, compression=None, max_size=None, open_timeout=20, close_timeout=1) as viewer:
            for _ in range(self._chance.randrange(1, 60)):
                viewer.recv(20)
                viewer.send("drawn")
                if self._over.is_set():
                    return

    def load(self) -> None:
        """Asks for the files of the page."""
        with closing(http.client.HTTPConnection(*self._server, timeout=20)) as asked:
            for path in FILES:
                asked.request("GET", path)
                asked.getresponse().read()

    def stare(self) -> None:
        """Says that it draws, and reads nothing."""
        with self._open(UPGRADE) as connection:
            for _ in range(20):
                connection.sendall(b"\x81\x85\0\0\0\0drawn")
                self._over.wait(STAY / 20)

    def stammer(self) -> None:
        """Says half a sentence, on many connections."""
        with ExitStack() as stack:
            for _ in range(self._chance.randrange(1, 40)):
                stack.enter_context(self._open(b"GET / HTTP/1.1\r\nHost: 127"))
            self._over.wait(self._chance.uniform(0, STAY))

    def babble(self) -> None:
        """Sends frames that are none."""
        with self._open(UPGRADE) as connection:
            self._over.wait(self._chance.uniform(0, 0.2))
            connection.sendall(self._chance.choice(NO_FRAMES))
            self._over.wait(self._chance.uniform(0, STAY))

    def vanish(self) -> None:
        """Is cut off amid a frame."""
        with self._open(UPGRADE) as connection:
            connection.recv(self._chance.randrange(1, 1 << 16))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    @contextmanager
    def _open(self, sent: bytes) -> Iterator[socket.socket]:
        with socket.create_connection(self._server, timeout=20) as connection:
            connection.sendall(sent)
            yield connection


@contextmanager
def guests(server: tuple[str, int], seed: int) -> Iterator[list[Guest]]:
    """They come and go inside the block, and have all left behind it."""
    over = Event()
    invited = [Guest(server, seed * GUESTS + number, over) for number in range(GUESTS)]
    threads = [Thread(target=each.come_and_go) for each in invited]
    for thread in threads:
        thread.start()
    try:
        yield invited
    finally:
        over.set()
        for thread in threads:
            thread.join()
