"""The clip that ships, seen as by a camera."""

import time
from itertools import islice
from pathlib import Path

import pytest
from runner_demo import camera
from runner_demo.camera import DemoCamera
from runner_demo.source import demo_source
from runner_demo.store import CLIP, PICTURES

from runner_core.errors import SourceError
from runner_core.pipeline.sources_sinks import open_source
from runner_core.testing import check_source, conformance

FRAMES = 125


@conformance(check_source)
def test_keeps_the_promises_of_a_source(check):
    check(demo_source, "camera", missing="nothing")


def test_the_pictures_are_a_source():
    source = open_source("demo:pictures")
    assert (source.live, source.total) == (False, 8)
    assert [Path(frame.source).parent for frame in source.frames()] == [PICTURES] * 8
    with pytest.raises(
        SourceError, match="demo:photos: there is no such source; there are demo:pictures, demo:camera, demo:clip"
    ):
        open_source("demo:photos")


def test_the_clip_is_small_and_plays_five_seconds():
    assert CLIP.stat().st_size < 400_000
    frames = list(open_source(str(CLIP)).frames())
    assert len(frames) == FRAMES
    assert frames[-1].time == pytest.approx((FRAMES - 1) / camera.RATE, abs=1e-3)


@pytest.mark.parametrize(("location", "looked_at", "seen"), [("clip", 300, FRAMES), ("camera", 300, 300)])
def test_the_clip_ends_and_the_camera_does_not(location, looked_at, seen, monkeypatch):
    monkeypatch.setattr(camera, "RATE", 1e6)
    frames = list(islice(open_source(f"demo:{location}").frames(), looked_at))
    assert len(frames) == seen
    assert {frame.source for frame in frames} == {f"demo:{location}"}


def test_a_frame_comes_when_its_time_has_come():
    begun = time.monotonic()
    *_, frame = islice(DemoCamera("camera").frames(), 6)
    assert frame.taken - begun >= frame.time == 5 / camera.RATE
