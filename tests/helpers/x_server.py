"""A real X display in memory, by Xvfb: coloured, killed and started again by tests.

Debian: xvfb, x11-xserver-utils.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

PARTS = ("Xvfb", "xsetroot", "xrandr")


class XServer:
    """One display of that size, ``name``; the name stays the same over restarts."""

    def __init__(self, size: tuple[int, int] = (320, 240)) -> None:
        self.size, self.name = size, ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns once it listens."""
        screen = f"{self.size[0]}x{self.size[1]}x24"
        chosen = [self.name] if self.name else []
        command = ["Xvfb", *chosen, "-displayfd", "1", "-screen", "0", screen, "-noreset", "-nolisten", "tcp"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self.name = f":{int(self._process.stdout.readline())}"

    def paint(self, colour: str) -> None:
        """All of it, such as ``#ff8000``."""
        subprocess.run(["xsetroot", "-display", self.name, "-solid", colour], check=True)

    def plaid(self) -> None:
        """Lines across and down, so that one part of it is not like another."""
        subprocess.run(["xsetroot", "-display", self.name, "-mod", "7", "11"], check=True)

    def shrink(self, size: tuple[int, int]) -> None:
        """As when a monitor is pulled out, or set to show less."""
        width, height = map(str, size)
        mode = ["less", "25", width, width, width, width, height, height, height, height]
        for change in (["--newmode", *mode], ["--addmode", "screen", "less"], ["--output", "screen", "--mode", "less"]):
            subprocess.run(["xrandr", "-display", self.name, *change], check=True)

    def kill(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None


@contextmanager
def x_server(size: tuple[int, int] = (320, 240)) -> Iterator[XServer]:
    """A display that is there inside the block."""
    server = XServer(size)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def missing() -> str:
    """What it lacks on this machine; empty where it can run."""
    return ", ".join(part for part in PARTS if not shutil.which(part))
