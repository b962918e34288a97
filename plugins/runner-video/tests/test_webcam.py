"""Webcam: what can be tested without a camera: how each system's are opened, and the messages if there is none.

``FakeOpen`` stands for FFmpeg, where a camera would have to be there and in use.
"""

from __future__ import annotations

import errno
import os
import stat
import sys

import av
import pytest
from runner_video.webcam import SYSTEMS, Webcam, find_device_name

from runner_core.errors import SourceError, UsageError
from runner_core.pipeline.sources_sinks import open_source

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's cameras")


@pytest.mark.parametrize(
    ("location", "device", "options"),
    [
        ("0", "/dev/video0", {}),
        ("webcam", "/dev/video0", {}),
        ("webcam:?fps=30", "/dev/video0", {"framerate": "30"}),
        ("7?fps=30", "/dev/video7", {"framerate": "30"}),
        ("webcam:12", "/dev/video12", {}),
        ("/dev/video2", "/dev/video2", {}),
        ("webcam:/dev/v4l/by-id/usb-Brio", "/dev/v4l/by-id/usb-Brio", {}),
        (
            "webcam:0?size=1280x720&fps=29.97&format=mjpeg", "/dev/video0",
            {"video_size": "1280x720", "framerate": "29.97", "input_format": "mjpeg"},
        ),
    ],
)  # fmt: skip
def test_a_camera_is_asked_for_what_is_wanted(location, device, options):
    camera = open_source(location)
    assert camera.live
    assert (camera.input.format, camera.input.place, camera.input.options) == ("v4l2", device, options)


def test_patience_may_be_told():
    camera = Webcam("0?stall=2&give-up=60")
    assert (camera.stall, camera.give_up, camera.input.timeout) == (2, 60, 2)


def test_other_systems_have_other_words(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    camera = Webcam("1?size=640x480")
    assert (camera.input.format, camera.input.place) == ("avfoundation", "1")
    assert camera.input.options == {"framerate": "30", "video_size": "640x480"}
    monkeypatch.setattr(sys, "platform", "win32")
    camera = Webcam("Integrated Camera?fps=15")
    assert (camera.input.format, camera.input.place) == ("dshow", "video=Integrated Camera")
    monkeypatch.setattr(sys, "platform", "plan9")
    with pytest.raises(SourceError, match="0: cameras on plan9 are not known; use a stream"):
        Webcam("0")


def test_where_cameras_have_names_alone_a_number_is_a_place_in_the_list(monkeypatch):
    class Device:
        def __init__(self, name, kind):
            self.description, self.media_types = name, (kind,)

    devices = [Device("Microphone", "audio"), Device("Front", "video"), Device("Back", "video")]
    monkeypatch.setattr(av, "enumerate_input_devices", lambda device: devices, raising=False)
    assert find_device_name(SYSTEMS["win32"], "1") == "video=Back"
    with pytest.raises(SourceError, match="2: no such camera; there are: Front, Back"):
        find_device_name(SYSTEMS["win32"], "2")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("9", "9: no such camera; see `ls /dev/video*`"),
        ("webcam:/dev/video99", "/dev/video99: no such camera"),
        ("webcam:/dev/null", "/dev/null: not a camera"),
        ("webcam:{folder}", "{folder}: not a camera"),
        ("webcam:{folder}/file", "{folder}/file: not a camera"),
    ],
)
def test_what_is_not_a_camera_is_reported_at_once(location, message, tmp_path):
    (tmp_path / "file").write_text("no camera")
    with pytest.raises(SourceError) as raised:
        next(open_source(location.format(folder=tmp_path)).frames())
    assert str(raised.value).startswith(message.format(folder=tmp_path))


@pytest.fixture
def device(tmp_path):
    """A video device of the system's own kind, without a camera."""
    path = tmp_path / "video0"
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(81, 200))
    except OSError as error:
        pytest.skip(f"cannot make a device here: {error}")
    return path


def test_a_device_without_a_camera_behind_it_is_reported(device):
    with pytest.raises(SourceError, match=r"no such camera|permission denied"):  # as containers may have it
        next(Webcam(str(device)).frames())


def test_a_camera_that_may_not_be_used_is_reported(device, nobody):
    with nobody(), pytest.raises(SourceError, match="permission denied; on Linux join the group video"):
        next(Webcam(str(device)).frames())


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EBUSY, "0: the camera is busy; close the program that uses it"),
        (errno.EINVAL, "0: the camera refuses what it is asked for; leave out size, fps and format"),
        (errno.EIO, "0: the camera does not answer; plug it in again"),
        (errno.ENODEV, "0: no such camera"),
    ],
)
def test_what_a_camera_answers_is_reported(number, message, monkeypatch):
    def fake_open(*_, **__):
        av.error.err_check(-number)

    monkeypatch.setattr(av, "open", fake_open)
    with pytest.raises(SourceError) as raised:
        next(Webcam("0").frames())
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("options", ["size=big", "fps=0", "format=a b", "zoom=2", "stall=0"])
def test_a_wrong_option_is_wrong_use(options):
    with pytest.raises(UsageError, match=rf"0\?{options}: "):
        Webcam(f"0?{options}")
