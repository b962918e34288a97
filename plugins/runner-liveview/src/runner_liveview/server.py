"""Server: the web server of a page, in its own thread."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic, sleep
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from runner_core.errors import SinkError
from runner_liveview.address import Address
from runner_liveview.guard import Guard
from runner_liveview.room import Room
from runner_liveview.strangers import ViewerProtocol, hushed

PING = 10.0  # seconds between two questions whether a viewer is there, and to answer one
FAREWELL = 0.5  # seconds in which viewers can receive that the run is over
MOST_HEADERS = 1 << 14  # bytes of a request's head


class Audience(Protocol):
    """Who is served, as the server sees it: ``start`` is called in the event loop, the others outside of it."""

    @property
    def watched(self) -> bool:
        """Whether somebody has a page open."""

    def start(self) -> None:
        """Called before anything is served."""

    def end(self) -> None:
        """Tells the pages that it is over."""

    def close(self) -> None:
        """Called when nothing is served any more."""


class Server:
    """Serves an application, behind a Guard, from ``start`` to ``stop``."""

    def __init__(self, audience: Audience, address: Address, build: Callable[[int], ASGIApp]) -> None:
        """Binds the port. ``build`` makes the application for so many WebSockets at a time.

        Raises SinkError if the port is not available.
        """
        self._audience = audience
        self._socket = _bind(address)
        self.port: int = self._socket.getsockname()[1]
        self._room = Room()
        self._config = uvicorn.Config(
            self._room.attend(Guard(build(self._room.most_viewers), address)),
            log_config=None, access_log=False, lifespan="off", server_header=False, proxy_headers=False,
            http=H11Protocol, h11_max_incomplete_event_size=MOST_HEADERS, ws=ViewerProtocol, ws_max_size=1024,
            ws_per_message_deflate=False, ws_ping_interval=PING, ws_ping_timeout=PING, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._uvicorn = uvicorn.Server(self._config)
        self._started = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="runner-liveview", daemon=True)

    def start(self) -> None:
        """Starts serving, and returns once it does."""
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Tells the pages that it is over, waits a moment for them, and stops."""
        self._audience.end()
        deadline = monotonic() + FAREWELL
        while self._audience.watched and monotonic() < deadline:
            sleep(0.01)
        self._uvicorn.should_exit = True
        self._thread.join(FAREWELL)
        self._uvicorn.force_exit = True
        self._thread.join(FAREWELL)
        self._audience.close()
        self._socket.close()

    async def _serve(self) -> None:
        self._audience.start()
        self._started.set()
        with hushed():
            around = [asyncio.create_task(self._room.admit(self._socket, self._make_protocol))]
            around.append(asyncio.create_task(self._room.sweep()))
            await self._uvicorn.serve(sockets=[])
            for task in around:
                task.cancel()
            await asyncio.gather(*around, return_exceptions=True)
            await self._room.clear()

    def _make_protocol(self) -> asyncio.Protocol:
        """Of a connection, as uvicorn makes it for those that it accepts itself."""
        state = self._uvicorn.server_state
        return H11Protocol(self._config, state, app_state={})


def _bind(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family)
    except OSError as error:
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror  # its own text repeats the address
        raise SinkError(
            f"view:{address.port}: {address.host} port {address.port} cannot be served on ({reason})",
            remedy=f"name another port, such as view:{address.port + 1 if 1023 < address.port < 65535 else 8000}",
        ) from error
