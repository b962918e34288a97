"""Lavfi: filter graphs as cameras."""

from __future__ import annotations

import time
from itertools import islice

import pytest
from clips import numbers_and_times, write_clip
from runner_video.lavfi import Lavfi

from runner_core.errors import SourceError
from runner_core.pipeline.sources_sinks import open_source
from runner_core.testing import check_source, conformance

QUICK = "testsrc=size=64x48:rate=10:duration=0.5"


@conformance(check_source)
@pytest.mark.parametrize("graph", [QUICK, "testsrc=size=64x48:rate=50:duration=0.2,realtime"], ids=["quick", "live"])
def test_keeps_the_promises_of_a_source(check, graph):
    check(Lavfi, graph, missing="nosuchfilter")


def test_a_graph_without_realtime_gives_every_picture_at_its_time():
    source = open_source(f"lavfi:{QUICK}")
    assert not source.live
    assert [round(frame.time, 3) for frame in source.frames()] == [0, 0.1, 0.2, 0.3, 0.4]


def test_a_graph_with_realtime_is_a_camera():
    source = open_source(f"lavfi:{QUICK},realtime")
    assert source.live
    begun = time.monotonic()
    frames = list(source.frames())
    assert time.monotonic() - begun > 0.3
    taken = [frame.taken for frame in frames]
    assert begun < taken[0] < taken[-1] < time.monotonic()
    assert [frame.time for frame in frames] == [moment - taken[0] for moment in taken], "as they came, not as they say"


def test_a_graph_that_fails_midway_is_made_again_and_the_gaps_are_counted():
    source = Lavfi("testsrc=size=64x48:rate=50,scale=w='if(lt(n,5),64,nan)':h=48:eval=frame,realtime")
    frames = source.frames()
    assert [frame.index for frame in islice(frames, 12)] == list(range(12))
    frames.close()
    assert source.gaps == 2


def test_realtime_in_a_files_name_makes_no_camera():
    assert not Lavfi("movie=realtime.mp4").live


def test_a_clip_can_be_played_as_a_camera(tmp_path, monkeypatch):
    write_clip(tmp_path / "clip.mp4", times=[0, 0.1, 0.2])
    monkeypatch.chdir(tmp_path)
    frames = open_source("lavfi:movie=clip.mp4,realtime").frames()
    assert [number for number, _ in numbers_and_times(frames)] == [0, 1, 2]


@pytest.mark.parametrize("graph", ["", "nosuchfilter", "testsrc=size=cat", "movie=nix.mp4", "testsrc=size=99999x99999"])
def test_what_is_not_a_graph_is_reported(graph):
    message = r"(not a filter graph that FFmpeg can run; write it like|no such file|there is nothing to read)"
    with pytest.raises(SourceError, match=message):
        list(open_source(f"lavfi:{graph}").frames())


def test_a_graph_of_sound_is_reported():
    with pytest.raises(SourceError, match="there are no pictures in it"):
        list(Lavfi("anullsrc").frames())
