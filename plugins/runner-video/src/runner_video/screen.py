"""Screen: the desktop of this machine."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Mapping

import attrs

from runner_core.errors import SourceError, UsageError
from runner_video.ffmpeg_input import Input
from runner_video.live import OPTIONS, STALL, LiveSource
from runner_video.options import OFFSET, RATE, SIZE, split_options

FPS = "15"  # a desktop changes seldom, and its pictures are large
NAME = "screen"
WANTS = {"size": SIZE, "offset": OFFSET, "fps": attrs.evolve(RATE, read=str)}


@attrs.frozen
class Desktop:
    """How an operating system's desktop is asked for.

    ``device``  FFmpeg's name of it.
    ``place``   turns a typed screen into FFmpeg's name of it. Raises SourceError.
    ``offset``  FFmpeg's names of the offset's numbers; None if only the whole screen can be captured.
    ``always``  options that are always given.
    ``allow``   how to get permission to see it.
    """

    device: str
    place: Callable[[str], str]
    offset: tuple[str, str] | None
    allow: str
    always: Mapping[str, str] = attrs.field(factory=dict)


def _find_x11_screen(screen: str) -> str:
    if ":" in screen:
        return screen
    other = f"name an X display, such as {NAME}::0"
    if os.environ.get("WAYLAND_DISPLAY"):  # it would show only the windows of X programs, all else black
        raise SourceError(
            f"{NAME}: Wayland shows the desktop to no other program", remedy=f"log in with Xorg, or {other}"
        )
    display = os.environ.get("DISPLAY")
    if not display:
        raise SourceError(f"{NAME}: no desktop here, DISPLAY is not set", remedy=f"run it in the desktop, or {other}")
    return re.sub(r"(\.\d+)?$", f".{screen}", display, count=1) if screen else display


def _find_windows_screen(screen: str) -> str:
    if screen not in ("", "0"):
        raise SourceError(f"{NAME}:{screen}: all screens are one desktop", remedy="choose a part by size and offset")
    return "desktop"


DESKTOPS = {
    "linux": Desktop(
        "x11grab", _find_x11_screen, ("grab_x", "grab_y"), "run it in that desktop, whose name `echo $DISPLAY` prints",
        always={"draw_mouse": "1"},  # FFmpeg notices that X has ended only because it asks for the pointer
    ),
    "darwin": Desktop(
        "avfoundation", lambda screen: f"Capture screen {screen or 0}", None,
        "allow it in the privacy settings, under screen recording", always={"capture_cursor": "1"},
    ),
    "win32": Desktop(
        "gdigrab", _find_windows_screen, ("offset_x", "offset_y"), "run it in the desktop", always={"draw_mouse": "1"},
    ),
}  # fmt: skip


class Screen(LiveSource):
    """``screen``, ``screen:1``, ``screen?size=1280x720&offset=10,20&fps=15``; with X11 also ``screen::0``, a display.

    ``size``, ``offset``  the part of it that is captured, and its distance from the left and from the top.
    ``fps``  pictures a second (15).
    ``stall``, ``give_up``  see LiveSource.

    The mouse pointer is in the pictures. Raises SourceError if there is no desktop, UsageError.
    """

    def __init__(self, location: str = NAME) -> None:
        place, options = split_options(location, {**WANTS, **OPTIONS})
        screen = "" if place == NAME else place
        if not re.fullmatch(r"\d*|[\w.-]*:\d+(\.\d+)?", screen, re.ASCII):
            raise SourceError(f"{NAME}:{screen}: not a screen", remedy=f"write {NAME}, {NAME}:1 or {NAME}::0")
        desktop = DESKTOPS.get(sys.platform)
        if desktop is None:
            raise SourceError(f"{NAME}: desktops on {sys.platform} are not known", remedy="use a stream")
        wants = {name: options.pop(name) for name in WANTS if name in options}
        grabbed = Input(
            desktop.place(screen),
            name=f"{NAME}:{screen}" if screen else NAME,
            format=desktop.device,
            options={"fpsprobesize": "0", **desktop.always, **_ffmpeg_options(location, desktop, **wants)},
            timeout=options.get("stall", STALL),
            faults={
                errno.EINVAL: ("a part of what is asked for is not on the screen", "see size and offset"),
                errno.EIO: ("no such screen, or no permission to see it", desktop.allow),
            },
        )
        super().__init__(grabbed, **options)


def _ffmpeg_options(
    location: str, desktop: Desktop, *, size: str = "", offset: str = "", fps: str = FPS
) -> dict[str, str]:
    """The options under FFmpeg's names. Raises UsageError."""
    wanted = {"framerate": fps}
    if (size or offset) and desktop.offset is None:
        raise UsageError(f"{location}: only the whole screen can be captured here", remedy="leave out size and offset")
    if offset and not size:
        raise UsageError(f"{location}: an offset needs a size", remedy="write size= with it")
    if size:
        wanted["video_size"] = size
    return wanted | dict(zip(desktop.offset or (), offset.split(",") if offset else (), strict=False))
