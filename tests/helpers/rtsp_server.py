"""A real RTSP server on loopback, by GStreamer: started, killed, frozen and restarted by tests.

The server runs under the system's Python, which has GStreamer's bindings (Debian: gir1.2-gst-rtsp-server-1.0
gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly gstreamer1.0-rtsp python3-gi).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

PYTHON = "/usr/bin/python3"
ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} ! rtph264pay name=pay0 pt=96",
    "jpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
}


class RtspServer:
    """One camera at ``url``; the port stays the same over restarts."""

    def __init__(self, *, size: tuple[int, int] = (160, 120), fps: int = 25, codec: str = "h264") -> None:
        self.size, self.fps, self.codec = size, fps, codec
        self.port = _free_port()
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def start(self) -> None:
        """Returns once it listens."""
        width, height = self.size
        command = [PYTHON, __file__, str(self.port), str(width), str(height), str(self.fps), self.codec]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready"

    def kill(self) -> None:
        """As a camera whose plug is pulled."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None

    def freeze(self) -> None:
        """As a camera that hangs: connections stay open, nothing comes any more."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


@contextmanager
def rtsp_server(**options: object) -> Iterator[RtspServer]:
    """A server that runs inside the block."""
    server = RtspServer(**options)  # type: ignore[arg-type]
    server.start()
    try:
        yield server
    finally:
        server.kill()


@cache
def missing() -> str:
    """What the server lacks on this machine; empty where it can run."""
    probe = (
        "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst; Gst.init(None); "
        "assert all(map(Gst.ElementFactory.find, ('x264enc', 'jpegenc', 'rtph264pay', 'videotestsrc')))"
    )
    try:
        done = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else f"GStreamer's RTSP server: {done.stderr.strip().splitlines()[-1]}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(port: str, width: str, height: str, fps: str, codec: str) -> None:
    """Says ``ready`` once it listens, and runs until its standard input ends: with the test, however that ends."""
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    caps = f"video/x-raw,format=I420,width={width},height={height},framerate={fps}/1"
    factory.set_launch(f"( videotestsrc is-live=true pattern=ball ! {caps} ! {ENCODERS[codec].format(fps=fps)} )")
    factory.set_shared(True)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP, lambda *_: loop.quit())
    print("ready", flush=True)
    loop.run()


if __name__ == "__main__":
    serve(*sys.argv[1:])
