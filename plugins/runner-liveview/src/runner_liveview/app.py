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
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from runner_liveview.hub import Hub, Waker
from runner_liveview.page_files import serve_files

PAGE = Path(__file__).parent / "page"
AHEAD = 2
ENDED, STOPPED, FULL = 1000, 1001, 1013  # https://www.iana.org/assignments/websocket#close-code-number


def build_application(hub: Hub, most: int) -> ASGIApp:
    """What the server serves, to ``most`` viewers at a time."""

    async def watch(socket: WebSocket) -> None:
        await socket.accept()
        if hub.viewers >= most:
            await socket.close(FULL)
            return
        with hub.watching() as waker:
            await Viewer(hub, socket, waker).serve()

    return Starlette(routes=[WebSocketRoute("/frames", watch), serve_files(PAGE)])


class Viewer:
    """One page that is open somewhere."""

    def __init__(self, hub: Hub, socket: WebSocket, waker: Waker) -> None:
        self._hub, self._socket, self._waker = hub, socket, waker
        self._sent: dict[str, int] = {}
        self._undrawn = 0

    async def serve(self) -> None:
        """Until the page is closed or the run is over."""
        feeding = asyncio.create_task(self._feed())
        try:
            while (await self._socket.receive())["type"] == "websocket.receive":
                self._undrawn = max(0, self._undrawn - 1)
                self._waker.set()
        finally:
            feeding.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect):
                await feeding

    async def _feed(self) -> None:
        while True:
            self._waker.clear()
            self._waker.ready = self._undrawn < AHEAD
            camera = self._hub.due(self._sent) if self._waker.ready else None
            if camera is not None:
                await self._send(await self._hub.message(camera, self._sent))
            elif self._hub.over:
                await self._say_goodbye()
                return
            else:
                await self._waker.wait()

    async def _send(self, message: bytes) -> None:
        self._undrawn += 1
        try:
            await self._socket.send_bytes(struct.pack(">d", monotonic()) + message)
        except RuntimeError as error:  # it was cut off for what it sent
            raise WebSocketDisconnect from error

    async def _say_goodbye(self) -> None:
        summary = self._hub.summary
        if summary is not None:
            await self._socket.send_text(json.dumps({"summary": summary}))
        await self._socket.close(STOPPED if summary is None else ENDED)
