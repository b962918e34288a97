"""Server: the page's web server, in its own thread."""

from __future__ import annotations

import asyncio
import os
import socket
from threading import Event, Thread
from time import monotonic, sleep

import uvicorn

from runner_core.errors import SinkError
from runner_liveview.address import Address
from runner_liveview.app import build_application
from runner_liveview.hub import Hub

FAREWELL = 0.5  # seconds in which viewers can receive that the run is over


class Server:
    """Serves a hub from ``start`` to ``stop``."""

    def __init__(self, hub: Hub, address: Address) -> None:
        """Binds the port. Raises SinkError if it is not available."""
        self._hub = hub
        self._socket = _bind(address)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            build_application(hub, address), log_config=None, access_log=False, lifespan="off", ws="websockets-sansio",
            ws_max_size=1024, ws_per_message_deflate=False, ws_ping_interval=10, ws_ping_timeout=10,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._uvicorn = uvicorn.Server(config)
        self._started = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="runner-liveview", daemon=True)

    def start(self) -> None:
        """Starts serving, and returns once it does."""
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Tells viewers that the run is over, waits a moment for them, and stops."""
        self._hub.end()
        deadline = monotonic() + FAREWELL
        while self._hub.watched and monotonic() < deadline:
            sleep(0.01)
        self._uvicorn.should_exit = True
        self._thread.join(FAREWELL)
        self._uvicorn.force_exit = True
        self._thread.join(FAREWELL)
        self._hub.close()
        self._socket.close()

    async def _serve(self) -> None:
        self._hub.start()
        self._started.set()
        await self._uvicorn.serve(sockets=[self._socket])


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
