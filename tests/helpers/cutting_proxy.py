"""A proxy that cuts connections: each ends after so many bytes from the server."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from loopback import LoopbackSocket


class CuttingProxy(LoopbackSocket):
    """``after`` bytes of an answer come through, None is all; ``sent`` counts them."""

    def __init__(self, server: str, after: int | None = None) -> None:
        super().__init__()
        self._server = (urlsplit(server).hostname, urlsplit(server).port)
        self.after, self.sent = after, 0

    def serve(self, client: socket.socket) -> None:
        server = socket.create_connection(self._server)
        threading.Thread(target=self._back, args=(server, client), daemon=True).start()
        self._forward(client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client, server:
            while data := client.recv(1 << 16):
                server.sendall(data)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        left = float("inf") if self.after is None else self.after
        with suppress(OSError):
            while left > 0 and (data := server.recv(int(min(left, 1 << 16)))):
                client.sendall(data)
                self.sent += len(data)
                left -= len(data)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
