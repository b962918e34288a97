"""Screen: the desktop, a real one of X in memory; and how other systems' are asked for."""

from __future__ import annotations

import sys
import time
from itertools import islice

import pytest
from runner_video.screen import Screen
from x_server import missing, x_server

from runner_core.errors import SourceError, UsageError
from runner_core.pipeline.sources_sinks import open_source
from runner_core.testing import check_source, conformance

needs_x = pytest.mark.skipif(bool(missing()), reason=f"no X display here, it lacks {missing()}")


@pytest.fixture(autouse=True)
def linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")


@pytest.fixture(scope="module")
def orange():
    """An orange desktop of 320 x 240."""
    with x_server() as server:
        server.paint("#ff8000")
        yield server


@pytest.fixture
def desktop(orange, monkeypatch):
    monkeypatch.setenv("DISPLAY", orange.name)
    return orange


def take(source, count: int) -> list:
    frames = source.frames()
    try:
        return list(islice(frames, count))
    finally:
        frames.close()


@needs_x
@conformance(check_source)
def test_keeps_the_promises_of_a_source(check, desktop):
    check(Screen, "screen", missing="screen:7", limit=3)


@needs_x
@pytest.mark.parametrize(
    ("location", "name"), [("screen", "screen"), ("screen:0", "screen:0"), ("screen:{display}", "screen:{display}")]
)
def test_what_the_desktop_shows_is_seen(location, name, desktop):
    source = open_source(location.format(display=desktop.name))
    assert source.live
    for frame in take(source, 3):
        assert (frame.source, frame.size) == (name.format(display=desktop.name), (320, 240))
        assert (frame.pixels[:100] == (255, 128, 0)).all()
        assert (frame.pixels != (255, 128, 0)).any()  # the mouse pointer, in the middle


@needs_x
def test_a_part_is_seen_where_it_lies():
    with x_server() as server:
        server.plaid()
        (whole,) = take(Screen(server.name), 1)
        (part,) = take(Screen(f"{server.name}?size=101x51&offset=30,175"), 1)
    assert (part.pixels == whole.pixels[175:226, 30:131]).all()
    assert (part.pixels != whole.pixels[:51, :101]).any()


@needs_x
def test_it_is_looked_at_as_often_as_is_wanted(desktop):
    begun = time.monotonic()
    frames = take(open_source("screen?fps=20"), 11)
    assert time.monotonic() - begun > 0.45
    assert frames[-1].time == pytest.approx(0.5, abs=0.2)


@needs_x
def test_what_changes_is_seen():
    with x_server((64, 48)) as server:
        frames = Screen(f"{server.name}?fps=30").frames()
        for colour in ((10, 20, 30), (200, 100, 0)):
            server.paint("#{:02x}{:02x}{:02x}".format(*colour))
            deadline = time.monotonic() + 10
            while not (next(frames).pixels[0] == colour).all():
                assert time.monotonic() < deadline, f"{colour} is never seen"
        frames.close()


@needs_x
def test_a_desktop_that_ends_is_seen_again_when_it_is_back(caplog):
    with x_server((64, 48)) as server:
        source = Screen(f"{server.name}?stall=2")
        frames = source.frames()
        next(frames)
        server.kill()
        server.size = (96, 64)
        server.start()
        deadline = time.monotonic() + 10
        while next(frames).size != (96, 64):
            assert time.monotonic() < deadline, "it is never seen again"
        frames.close()
    assert source.gaps == 1
    assert f"screen:{server.name}: the stream broke off; connecting again" in caplog.text


@needs_x
def test_a_desktop_that_shrinks_is_seen_as_it_is_then():
    with x_server((96, 64)) as server:
        source = Screen(f"{server.name}?stall=2")
        frames = source.frames()
        assert next(frames).size == (96, 64)
        server.shrink((64, 48))
        deadline = time.monotonic() + 10
        while next(frames).size != (64, 48):
            assert time.monotonic() < deadline, "it is never seen so"
        frames.close()
    assert source.gaps == 1


@needs_x
@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("screen?size=400x300", "screen: a part of what is asked for is not on the screen; see size and offset"),
        ("screen?size=20x20&offset=310,0", "screen: a part of what is asked for is not on the screen"),
        ("screen:1", "screen:1: no such screen, or no permission to see it"),
        ("screen::98765", "screen::98765: no such screen, or no permission to see it; run it in that desktop"),
    ],
)
def test_what_cannot_be_seen_is_reported(location, message, desktop):
    with pytest.raises(SourceError) as raised:
        take(open_source(location), 1)
    assert str(raised.value).startswith(message)


def test_without_a_desktop_that_is_reported_at_once(monkeypatch):
    monkeypatch.delenv("DISPLAY")
    with pytest.raises(SourceError, match=r"screen: no desktop here, DISPLAY is not set; .* such as screen::0"):
        open_source("screen")


def test_wayland_is_reported_unless_a_display_is_named(monkeypatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(SourceError, match="screen: Wayland shows the desktop to no other program; log in with Xorg"):
        open_source("screen")
    assert open_source("screen::99").input.place == ":99"


@pytest.mark.parametrize(
    ("display", "location", "place"),
    [
        (":0", "screen", ":0"),
        (":0.0", "screen:1", ":0.1"),
        ("host:10.0", "screen:0", "host:10.0"),
        (":0", "screen:host:10", "host:10"),
    ],
)
def test_x_counts_screens_behind_the_display(display, location, place, monkeypatch):
    monkeypatch.setenv("DISPLAY", display)
    assert open_source(location).input.place == place


def test_other_systems_have_other_words(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    screen = Screen("1?fps=10").input
    assert (screen.format, screen.place, screen.options["framerate"]) == ("avfoundation", "Capture screen 1", "10")
    with pytest.raises(UsageError, match=r"\?size=9x9: only the whole screen can be captured here; leave out size"):
        Screen("?size=9x9")
    monkeypatch.setattr(sys, "platform", "win32")
    screen = Screen("screen?size=640x480&offset=-20,10").input
    assert (screen.format, screen.place) == ("gdigrab", "desktop")
    assert {"video_size": "640x480", "offset_x": "-20", "offset_y": "10"}.items() <= screen.options.items()
    with pytest.raises(SourceError, match="screen:1: all screens are one desktop; choose a part by size and offset"):
        Screen("1")
    monkeypatch.setattr(sys, "platform", "plan9")
    with pytest.raises(SourceError, match="screen: desktops on plan9 are not known"):
        Screen("screen")


@pytest.mark.parametrize("place", ["left", "0:", ":0+5,5", "a b:0"])
def test_what_is_not_a_screen_is_reported(place):
    with pytest.raises(SourceError, match=r"not a screen; write screen, screen:1 or screen::0"):
        Screen(place)


@pytest.mark.parametrize("options", ["size=big", "offset=9", "offset=1,2", "fps=0", "format=mjpeg", "stall=0"])
def test_a_wrong_option_is_wrong_use(options):
    with pytest.raises(UsageError, match=rf"screen\?{options}: "):
        Screen(f"screen?{options}")
