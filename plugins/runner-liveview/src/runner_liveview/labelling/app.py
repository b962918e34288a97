"""The application: the page, what it asks and says, and a WebSocket on which it hears what happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from runner_core.errors import DatasetError, ImageError, UsageError
from runner_liveview.app import ENDED, FULL
from runner_liveview.app import PAGE as VIEW_PAGE
from runner_liveview.labelling.desk import Desk
from runner_liveview.page_files import serve_files

PAGE = Path(__file__).parent / "page"
SHARED = [VIEW_PAGE / name for name in ("base.css", "elements.js", "icon.svg")]
MOST_SAID = 8 << 20  # bytes: a picture of many thousand boxes
WRONG, NOT_THERE, CHANGED, TOO_MUCH, HELD, NO_ROOM = 400, 404, 409, 413, 423, 507

Answer = Callable[[Request], Awaitable[Response]]


class Refusal(Exception):  # noqa: N818  # it is no fault
    """Why a request is not answered as it was meant."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def build_application(desk: Desk, most: int) -> ASGIApp:
    """What the server serves, to ``most`` pages at a time."""
    asked = Requests(desk)

    async def listen(socket: WebSocket) -> None:
        await socket.accept()
        if len(desk.pen.pages) >= most:
            await socket.close(FULL)
            return
        await serve_page(desk, socket)

    return Starlette(
        routes=[
            WebSocketRoute("/events", listen),
            Route("/desk", _answering(asked.describe), methods=["GET"]),
            Route("/picture", _answering(asked.send_picture), methods=["GET"]),
            Route("/sheet", _answering(asked.open_sheet), methods=["GET"]),
            Route("/sheet", _answering(asked.write_sheet), methods=["PUT"]),
            Route("/proposals", _answering(asked.propose), methods=["GET"]),
            Route("/classes", _answering(asked.add_class), methods=["POST"]),
            Route("/training", _answering(asked.train), methods=["POST"]),
            Route("/training", _answering(asked.stop_training), methods=["DELETE"]),
            serve_files(PAGE, SHARED),
        ]
    )


class Requests:
    """What a page may ask and say. Who changes something names itself by ``page``, and must have the pen."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def describe(self, _: Request) -> Response:
        return JSONResponse(self._desk.describe())

    async def send_picture(self, request: Request) -> Response:
        picture = self._desk.pictures[self._name(request)]
        data, kind = await asyncio.to_thread(picture.encode)
        return Response(data, media_type=kind)

    async def open_sheet(self, request: Request) -> Response:
        return JSONResponse(await self._desk.open_sheet(self._name(request)))

    async def propose(self, request: Request) -> Response:
        return JSONResponse(self._desk.propose(self._name(request)))

    async def write_sheet(self, request: Request) -> Response:
        name, data = self._name(request), await self._read(request)
        overwrite = "overwrite" in request.query_params
        return JSONResponse(await self._desk.write_sheet(name, data, overwrite=overwrite))

    async def add_class(self, request: Request) -> Response:
        data = await self._read(request)
        await self._desk.add_class(data.get("name") if isinstance(data, dict) else None)
        return JSONResponse({})

    async def train(self, request: Request) -> Response:
        data = await self._read(request)
        self._desk.train(data.get("minutes") if isinstance(data, dict) else None)
        return JSONResponse({})

    async def stop_training(self, request: Request) -> Response:
        self._check_pen(request)
        self._desk.stop_training()
        return JSONResponse({})

    def _name(self, request: Request) -> str:
        name = request.query_params.get("picture", "")
        if name not in self._desk.pictures:
            raise Refusal(NOT_THERE, f"there is no picture {name!r}")
        return name

    def _check_pen(self, request: Request) -> None:
        if not self._desk.pen.allows(request.query_params.get("page", "")):
            raise Refusal(HELD, "somebody else is drawing")

    async def _read(self, request: Request) -> Any:
        """What it says, of somebody who may say it."""
        self._check_pen(request)
        said = bytearray()
        async for part in request.stream():
            said += part
            if len(said) > MOST_SAID:
                raise Refusal(TOO_MUCH, "more than any page says")
        try:
            return json.loads(said)
        except (ValueError, RecursionError) as error:
            raise Refusal(WRONG, f"not JSON: {error}") from error


def _answering(answer: Answer) -> Answer:
    """Says in JSON why something was not done; ``error`` is for people."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.message}, refusal.status)
        except ImageError as error:
            return JSONResponse({"error": str(error)}, NOT_THERE)
        except DatasetError as error:
            return JSONResponse({"error": str(error)}, CHANGED)
        except UsageError as error:
            return JSONResponse({"error": str(error)}, WRONG)
        except OSError as error:
            return JSONResponse({"error": error.strerror or str(error)}, NO_ROOM)

    return answered


async def serve_page(desk: Desk, socket: WebSocket) -> None:
    """Until it is closed, tells a page what happens; whatever it says means that it takes the pen."""
    page = socket.query_params.get("page", "")
    with desk.listening(page) as events:
        feeding = asyncio.create_task(_feed(socket, events))
        try:
            while (await socket.receive())["type"] == "websocket.receive":
                desk.take_pen(page)
        finally:
            feeding.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await feeding


async def _feed(socket: WebSocket, events: asyncio.Queue[dict[str, Any] | None]) -> None:
    while (event := await events.get()) is not None:
        await socket.send_text(json.dumps(event))
    await socket.close(ENDED)
