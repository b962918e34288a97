"""What strangers send: no more of it than any page sends, and nothing of it on the terminal."""

from __future__ import annotations

import asyncio
import logging
from asyncio.transports import BaseTransport
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from time import monotonic
from typing import cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

RATE, BURST = 2000, 16_000  # bytes a second, and at once; a page that draws sixty pictures a second sends 700

log = logging.getLogger("runner")


class ViewerProtocol(WebSocketsSansIOProtocol):
    """A WebSocket that is cut off if more comes than any page sends, which would cost time and memory."""

    def connection_made(self, transport: BaseTransport) -> None:
        """The request, which comes first, has been bounded by HTTP."""
        super().connection_made(transport)
        self._link = cast(asyncio.Transport, transport)
        self._allowed, self._before = float("inf"), monotonic()

    def data_received(self, data: bytes) -> None:
        """Takes it, or cuts off the viewer."""
        now = monotonic()
        self._allowed += RATE * (now - self._before) - len(data)
        self._allowed, self._before = min(BURST, self._allowed), now
        if self._allowed >= 0:
            super().data_received(data)
        else:
            self._link.abort()

    def handle_cont(self, _: Frame) -> None:
        """Cuts off who sends a message in pieces, of which there might be any number; a page sends whole ones."""
        self._link.abort()


@contextmanager
def hushed() -> Iterator[None]:
    """What libraries log of this thread is for ``--log-level debug``: much is a traceback of what somebody sent."""
    thread = get_ident()

    def demote(record: logging.LogRecord) -> bool:
        if record.thread != thread:
            return True
        error = record.exc_info[1] if record.exc_info else None
        if error and record.getMessage().startswith("Exception in ASGI"):  # nothing that is sent should do that
            log.warning("view: a page could not be served (%r)", error)
        else:
            log.debug("view: %s", record.getMessage(), exc_info=error)
        return False

    loggers = [logging.getLogger("uvicorn.error"), logging.getLogger("asyncio")]
    for logger in loggers:
        logger.addFilter(demote)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(demote)
