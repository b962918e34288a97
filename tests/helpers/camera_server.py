"""An HTTP camera on loopback: each connection is handed to a script that says what it sends.

    with CameraServer(pictures(jpegs, fps=25)) as camera:
        open_source(f"stream:{camera.url}")

A connection past the last script has the last one again.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO, ClassVar

from loopback import Loopback
from PIL import Image

MJPEG = "multipart/x-mixed-replace; boundary=frame"

Script = Callable[[BinaryIO], None]


class CameraServer(Loopback):
    """``connections`` counts who came so far."""

    def __init__(self, *scripts: Script, kind: str = MJPEG) -> None:
        self.scripts, self.kind, self.connections = scripts, kind, 0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"camera": self}))
        self._http.daemon_threads = True
        self.servers = (self._http,)
        self.url = f"http://127.0.0.1:{self._http.server_port}/live"

    def next(self) -> Script:
        self.connections += 1
        return self.scripts[min(self.connections, len(self.scripts)) - 1]


class _Handler(BaseHTTPRequestHandler):
    camera: ClassVar[CameraServer]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.camera.kind)
        self.end_headers()
        with suppress(OSError):  # the client has enough
            self.camera.next()(self.wfile)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def jpeg(shade: int = 128, size: tuple[int, int] = (64, 48)) -> bytes:
    Image.new("RGB", size, (shade,) * 3).save(stream := io.BytesIO(), "JPEG")
    return stream.getvalue()


def pictures(jpegs: Iterable[bytes], *, fps: float = 50) -> Script:
    """MJPEG: the pictures, and then the connection ends."""

    def send(stream: BinaryIO) -> None:
        for picture in jpegs:
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            stream.write(head.encode() + picture + b"\r\n")
            time.sleep(1 / fps)

    return send


def data(blocks: Iterable[bytes], *, pause: float = 0.0) -> Script:
    """Exactly these bytes, and then the connection ends."""

    def send(stream: BinaryIO) -> None:
        for block in blocks:
            stream.write(block)
            time.sleep(pause)

    return send


def then(*scripts: Script) -> Script:
    """One after the other, over one connection."""

    def send(stream: BinaryIO) -> None:
        for script in scripts:
            script(stream)

    return send


def silence(seconds: float) -> Script:
    """Nothing for so long, the connection stays open."""
    return lambda _: time.sleep(seconds)
