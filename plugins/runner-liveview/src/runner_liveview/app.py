"""The application: a page, and a WebSocket that sends it pictures.

The page answers with any text when it has drawn a message; a viewer has at most ``AHEAD`` messages not drawn yet. So a
page that is slow, hidden or stopped is sent nothing more, and nothing piles up.
"""

from __future__ import annotations

import asyncio
import json
import struct
from contextlib import suppress
from pathlib import Path
from time import monotonic

from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from runner_liveview.address import Address
from runner_liveview.guard import Guard
from runner_liveview.hub import Hub
from runner_liveview.snapshot import Snapshot

PAGE = Path(__file__).parent / "page"
AHEAD = 2
ENDED, STOPPED = 1000, 1001  # close codes: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1


def build_application(hub: Hub, address: Address) -> ASGIApp:
    """What the server serves."""

    async def watch(socket: WebSocket) -> None:
        await socket.accept()
        with hub.watching() as waker:
            await Viewer(hub, socket, waker).serve()

    routes = [WebSocketRoute("/frames", watch), Mount("/", StaticFiles(directory=PAGE, html=True))]
    return Guard(Starlette(routes=routes), address)


class Viewer:
    """One page that is open somewhere."""

    def __init__(self, hub: Hub, socket: WebSocket, waker: asyncio.Event) -> None:
        self._hub, self._socket, self._waker = hub, socket, waker
        self._sent: dict[str, int] = {}
        self._undrawn = 0

    async def serve(self) -> None:
        """Until the page is closed or the run is over."""
        feeding = asyncio.create_task(self._feed())
        try:
            async for _ in self._socket.iter_text():
                self._undrawn = max(0, self._undrawn - 1)
                self._waker.set()
        finally:
            feeding.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect):
                await feeding

    async def _feed(self) -> None:
        while True:
            self._waker.clear()
            snapshot = self._hub.due(self._sent) if self._undrawn < AHEAD else None
            if snapshot:
                await self._send(snapshot)
            elif self._hub.over:
                await self._say_goodbye()
                return
            else:
                await self._waker.wait()

    async def _send(self, snapshot: Snapshot) -> None:
        message = await self._hub.message(snapshot, self._sent)
        self._undrawn += 1
        await self._socket.send_bytes(struct.pack(">d", monotonic()) + message)

    async def _say_goodbye(self) -> None:
        summary = self._hub.summary
        if summary is not None:
            await self._socket.send_text(json.dumps({"summary": summary}))
        await self._socket.close(STOPPED if summary is None else ENDED)
