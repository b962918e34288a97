"""Streams: many cameras as one source."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from itertools import islice, repeat

import pytest
from camera_server import CameraServer, jpeg, pictures, silence, then
from clips import number_of
from runner_video.camera_list import Streams

from runner_core.errors import NotInstalled, SourceError, UsageError
from runner_core.pipeline.pipeline import run, stream
from runner_core.pipeline.sources_sinks import open_source
from runner_core.testing import check_source, conformance, fake_brain, fake_rows

QUICK = "lavfi:color=white:size=32x32:rate=50,realtime"
SLOW = "lavfi:color=black:size=64x48:rate=10,realtime"


def write(path, *lines: str):
    path.write_text("\n".join(lines))
    return path


@conformance(check_source)
def test_keeps_the_promises_of_a_source(check, tmp_path):
    lines = (
        "lavfi:color=white:size=32x32:rate=50:duration=0.1,realtime",
        SLOW.replace("rate=10", "rate=20:duration=1"),
    )
    check(Streams, write(tmp_path / "few.streams", *lines), missing=str(tmp_path / "missing.streams"))


def test_frames_of_all_cameras_come_as_those_of_one_source(tmp_path):
    source = open_source(str(write(tmp_path / "two.streams", "# the yard", QUICK, "", f"  {SLOW}  ")))
    assert source.live
    frames = source.frames()
    taken = list(islice(frames, 40))
    frames.close()
    counted = Counter(frame.source for frame in taken)
    quick, slow = QUICK.removeprefix("lavfi:"), SLOW.removeprefix("lavfi:")
    assert set(counted) == {quick, slow}
    assert counted[slow] >= 4
    assert counted[quick] > 2 * counted[slow]
    assert [frame.index for frame in taken] == list(range(40))
    times = {camera: [frame.time for frame in taken if frame.source == camera] for camera in (quick, slow)}
    assert min(each[0] for each in times.values()) == 0
    assert all(each == sorted(each) for each in times.values())
    assert {(frame.source, frame.size) for frame in taken} == {(quick, (32, 32)), (slow, (64, 48))}


def test_a_run_looks_at_every_camera(tmp_path):
    path = write(tmp_path / "two.streams", QUICK, SLOW)
    results = stream(str(path), [fake_brain(outputs=fake_rows((0, 0, 10, 10, 0.9, 1)))])
    counted = Counter(frame.source for frame, _ in islice(results, 30))
    results.close()
    assert len(counted) == 2
    assert min(counted.values()) >= 3


@pytest.mark.parametrize("line", ["https://me:secret@host/cat.jpg", "https://me:secret@host/a.streams"])
def test_a_line_that_is_not_a_camera_is_shown_without_its_password(line, tmp_path):
    with pytest.raises(SourceError, match=r"https://host/(cat.jpg is not live|a.streams is a list itself)"):
        Streams(str(write(tmp_path / "a.streams", line)))


def test_cameras_whose_urls_differ_in_the_query_alone_are_kept_apart_without_it(tmp_path):
    with CameraServer(pictures(repeat(jpeg()))) as server:
        lines = [f"stream:{server.url}?channel={number}" for number in (7, 8)]
        frames = Streams(str(write(tmp_path / "two.streams", *lines, QUICK))).frames()
        names = {frame.source for frame in islice(frames, 60)}
        frames.close()
    assert names == {server.url, f"{server.url} (2)", QUICK.removeprefix("lavfi:")}


def test_a_camera_that_is_not_there_costs_no_other(tmp_path, caplog):
    path = write(tmp_path / "two.streams", "rtsp://127.0.0.1:9/gone", QUICK)
    frames = Streams(str(path)).frames()
    assert {frame.source for frame in islice(frames, 10)} == {QUICK.removeprefix("lavfi:")}
    frames.close()
    assert "rtsp://127.0.0.1:9/gone: nobody answers there" in caplog.text
    assert "; left out" in caplog.text


def test_without_any_camera_left_it_fails(tmp_path):
    path = write(tmp_path / "none.streams", "rtsp://127.0.0.1:9/a", "rtsp://127.0.0.1:9/b")
    with pytest.raises(SourceError, match=r"rtsp://127.0.0.1:9/[ab]: nobody answers there"):
        next(Streams(str(path)).frames())


def test_a_camera_that_hangs_holds_up_no_other(tmp_path):
    with (
        CameraServer(then(pictures([jpeg(50)] * 10), silence(300))) as hung,
        CameraServer(pictures(repeat(jpeg(150)))) as well,
    ):
        frames = Streams(str(write(tmp_path / "two.streams", f"stream:{hung.url}", f"stream:{well.url}"))).frames()
        taken = list(islice(frames, 60))
        assert {frame.source for frame in taken[-5:]} == {well.url}
        assert number_of(taken[-1].pixels) == 10
        frames.close()


def test_a_run_reports_the_gaps_of_all_cameras_together(tmp_path):
    few = pictures([jpeg()] * 20)
    with CameraServer(few, few, pictures(repeat(jpeg()))) as one, CameraServer(few, pictures(repeat(jpeg()))) as two:
        path = write(tmp_path / "three.streams", f"stream:{one.url}", f"stream:{two.url}", "demo:camera")
        deadline = time.monotonic() + 120

        def until_all_are_back(_) -> None:
            if source.gaps >= 3:
                raise SourceError("enough is seen")
            assert time.monotonic() < deadline

        source = Streams(str(path))
        summary = run(
            source, [fake_brain(outputs=fake_rows((0, 0, 10, 10, 0.9, 1)))], explain=True, on_result=until_all_are_back
        )
    assert [camera.gaps for camera in source.cameras[:2]] == [2, 1]
    assert summary.profile.to_json()["gaps"] == 3


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "dropped"])
def test_it_leaves_no_thread_behind(closed, tmp_path):
    before = set(threading.enumerate())
    frames = Streams(str(write(tmp_path / "three.streams", QUICK, SLOW, "demo:camera"))).frames()
    seen = {next(frames).source for _ in range(40)}
    assert len(seen) == 3
    if closed:
        frames.close()
        with pytest.raises(StopIteration):
            next(frames)
    del frames
    deadline = time.monotonic() + 60
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        ([], SourceError, "no camera in it; write one source a line"),
        (["# none", ""], SourceError, "no camera in it"),
        (["pictures/"], SourceError, "pictures/"),
        (["lavfi:testsrc"], SourceError, "lavfi:testsrc is not live; a list of streams holds only cameras"),
        (["bad.streams"], SourceError, r"bad\.streams: bad\.streams is a list itself; write its cameras here"),
        (["0", "1?zoom=2"], UsageError, r"bad\.streams: 1\?zoom=2: no option 'zoom'; known: size"),
        (["gopher://host"], NotInstalled, r"bad\.streams: no installed source reads 'gopher://host'"),
    ],
)
def test_what_is_not_a_list_of_cameras_is_reported(lines, error, message, tmp_path):
    with pytest.raises(error, match=message):
        Streams(str(write(tmp_path / "bad.streams", *lines)))


def test_a_list_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(
        SourceError, match=r"none\.streams: cannot be read \(No such file or directory\); check the path"
    ):
        Streams(str(tmp_path / "none.streams"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_nobody_waits_for_a_pipe_that_is_called_a_list(tmp_path):
    os.mkfifo(tmp_path / "pipe.streams")
    with pytest.raises(SourceError, match=r"pipe\.streams: cannot be read \(not a plain file\)"):
        Streams(str(tmp_path / "pipe.streams"))


def test_a_list_that_is_not_a_text_is_reported(tmp_path):
    (tmp_path / "bad.streams").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(SourceError, match=r"bad\.streams: cannot be read"):
        Streams(str(tmp_path / "bad.streams"))
