"""Room: the connections that are open, of which there are never more than the process can spare descriptors for.

A run needs descriptors itself, for files, cameras and sinks. So viewers get a quarter of them, and none that would
leave less than another quarter free. Where there is no room for a newcomer, the oldest connection that asks for
nothing is closed: somebody who opens connections and says nothing keeps nobody out.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import attrs
from starlette.types import ASGIApp, Receive, Scope, Send

PATIENCE = 10.0  # seconds for a whole request, from the connection or the last answer; and to take an answer
SWEEP = 1.0  # seconds between two looks at who has used them up
BREATH = 0.002  # seconds between two newcomers: a flood costs the run little, and each has time to ask
UNSENT = 1 << 18  # bytes that the system keeps of what a viewer has not read yet
MOST = 1024  # connections, however many descriptors there are
SPARE = 4  # and an eighth of all are not for WebSockets: a browser asks for the page over six

Client = tuple[str, int]  # address and port


@attrs.define(eq=False)
class Connection:
    """Nothing was asked ``since`` it began or its last request was over; ``serving`` are under way, ``served`` over."""

    transport: asyncio.Transport
    since: float
    serving: int = 0
    served: int = 0

    @property
    def idle(self) -> bool:
        """Whether nobody loses anything if it is closed."""
        return not self.serving or self.transport.is_closing()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While a request is under way."""
        self.serving += 1
        try:
            yield
        finally:
            self.serving -= 1
            self.served += 1
            self.since = monotonic()

    @property
    def gone(self) -> bool:
        """Whether it needs no descriptor any more."""
        return self.transport.is_closing() and not self.transport.get_write_buffer_size()


class Room:
    """Of one server, in its event loop: ``most`` connections, of which ``most_viewers`` may be WebSockets."""

    def __init__(self, descriptors: int | None = None) -> None:
        """``descriptors``: how many the process may have; None: as the system says."""
        self._descriptors = count_descriptors() if descriptors is None else descriptors
        self.most = min(MOST, self._descriptors // 4)
        self.most_viewers = self.most - self.most // 8 - SPARE
        self._connections: dict[Client, Connection] = {}

    async def admit(self, listener: socket.socket, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        """Accepts connections until it is cancelled."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        while True:
            await asyncio.sleep(BREATH)
            try:
                newcomer, address = await loop.sock_accept(listener)
            except OSError:  # it has left again, or the run itself needs all descriptors
                continue
            if not self._has_room_for(newcomer) and not self._close_oldest_idle():
                newcomer.close()
                continue
            try:
                newcomer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT)
                transport, _ = await loop.connect_accepted_socket(make_protocol, newcomer)
            except OSError:
                newcomer.close()
            else:
                self._connections[address[:2]] = Connection(transport, monotonic())

    def _has_room_for(self, newcomer: socket.socket) -> bool:
        """A system gives the lowest number that is free, so all below a newcomer's are in use."""
        enough = newcomer.fileno() < self._descriptors - self._descriptors // 4
        return enough and len(self._connections) < self.most

    def _close_oldest_idle(self) -> bool:
        """Whether there was one; those who have asked for nothing so far come first."""
        idle = [(client, each) for client, each in self._connections.items() if each.idle]
        if not idle:
            return False
        client, oldest = min(idle, key=lambda item: (item[1].served > 0, item[1].since))
        oldest.transport.abort()
        del self._connections[client]
        return True

    async def sweep(self) -> None:
        """Closes connections whose time is up, until it is cancelled."""
        while True:
            await asyncio.sleep(SWEEP)
            late = monotonic() - PATIENCE
            for client, each in list(self._connections.items()):
                if each.idle and each.since < late:
                    each.transport.abort()  # ``close`` would wait for who does not read
                if each.gone:
                    del self._connections[client]

    async def clear(self) -> None:
        """Closes those that came while the server was ending, whom nobody else knows."""
        for each in self._connections.values():
            each.transport.abort()
        await asyncio.sleep(0)  # in which they are closed

    def attend(self, app: ASGIApp) -> ASGIApp:
        """The application, with note taken of who is being served; who does not take an answer is given up."""

        async def attended(scope: Scope, receive: Receive, send: Send) -> None:
            connection = self._connections.get(scope["client"])
            if connection is None:  # it had to leave while it was asking
                return
            with connection.asking():
                try:
                    async with asyncio.timeout(PATIENCE if scope["type"] == "http" else None):
                        await app(scope, receive, send)
                except TimeoutError:
                    connection.transport.abort()

        return attended


def count_descriptors() -> int:
    """How many this process may have."""
    try:
        import resource
    except ImportError:  # on Windows sockets are none, and nothing is short
        return 4 * MOST
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 4 * MOST if soft == resource.RLIM_INFINITY else soft
