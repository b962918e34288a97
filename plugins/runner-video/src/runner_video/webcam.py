"""Webcam: a camera of this machine."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping

import attrs
import av

from runner_core.errors import SourceError
from runner_video.ffmpeg_input import Fault, Input
from runner_video.live import OPTIONS, STALL, LiveSource
from runner_video.options import RATE, SIZE, WORD, split_options

FIRST = "0"
WANTS = {"size": SIZE, "fps": attrs.evolve(RATE, read=str), "format": WORD}


@attrs.frozen
class System:
    """How an operating system's cameras are asked for.

    ``device``    FFmpeg's name of it.
    ``numbered``  the name of the camera with a number; empty if cameras have names only, numbered as they are listed.
    ``named``     how a name is written.
    ``options``   FFmpeg's names of the options there.
    ``always``    options that are always given.
    ``listing``   how to list the cameras.
    """

    device: str
    numbered: str
    named: str
    options: Mapping[str, str]
    listing: str
    always: Mapping[str, str] = attrs.field(factory=dict)


_NAMES = {"size": "video_size", "fps": "framerate"}
SYSTEMS = {
    "linux": System("v4l2", "/dev/video{}", "{}", {**_NAMES, "format": "input_format"}, "see `ls /dev/video*`"),
    "darwin": System(
        "avfoundation", "{}", "{}", {**_NAMES, "format": "pixel_format"}, "see `system_profiler SPCameraDataType`",
        always={"framerate": "30"},  # its default is 29.97, which many cameras refuse
    ),
    "win32": System("dshow", "", "video={}", {**_NAMES, "format": "vcodec"}, "see the device manager"),
}  # fmt: skip


class Webcam(LiveSource):
    """``0`` or ``webcam``, ``1?size=1280x720&fps=30&format=mjpeg``, ``/dev/video2``, or the system's name for it.

    ``size``, ``fps``, ``format``  what the camera is asked for; it may give something close. Many cameras give large
    pictures quickly only as ``mjpeg``.
    ``stall``, ``give_up``  see LiveSource: a camera that was unplugged is opened again when it is back.
    """

    def __init__(self, location: str) -> None:
        place, options = split_options(location, {**WANTS, **OPTIONS})
        place = FIRST if place in ("", "webcam") else place
        system = SYSTEMS.get(sys.platform)
        if system is None:
            raise SourceError(f"{location}: cameras on {sys.platform} are not known", remedy="use a stream")
        wants = {system.options[name]: options.pop(name) for name in WANTS if name in options}
        camera = Input(
            find_device_name(system, place),
            name=place,
            format=system.device,
            options={**system.always, **wants},
            timeout=options.get("stall", STALL),
            faults=_faults_of(system),
        )
        super().__init__(camera, **options)


def find_device_name(system: System, place: str) -> str:
    """FFmpeg's name of the camera that was typed as ``place``. Raises SourceError if it is not in the list."""
    if not place.isdigit():
        return system.named.format(place)
    if system.numbered:
        return system.numbered.format(place)
    devices = av.enumerate_input_devices(system.device)
    names = [device.description for device in devices if "video" in device.media_types]
    if int(place) >= len(names):
        raise SourceError(f"{place}: no such camera", remedy=f"there are: {', '.join(names) or 'none'}")
    return system.named.format(names[int(place)])


def _faults_of(system: System) -> dict[int, Fault]:
    missing, foreign = ("no such camera", system.listing), ("not a camera", system.listing)
    return {
        **dict.fromkeys((errno.ENOENT, errno.ENODEV, errno.ENXIO), missing),
        **dict.fromkeys((errno.ENOTTY, errno.EISDIR), foreign),
        errno.EACCES: ("permission denied", "on Linux join the group video, on macOS see the privacy settings"),
        errno.EBUSY: ("the camera is busy", "close the program that uses it"),
        errno.EINVAL: ("the camera refuses what it is asked for", "leave out size, fps and format"),
        errno.EIO: ("the camera does not answer", f"plug it in again; {system.listing}"),
    }
