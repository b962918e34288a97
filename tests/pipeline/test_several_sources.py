"""Several sources in one run: files one after the other, cameras side by side, each by its name."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest
from parts import MemorySink, ScriptedBrain, ScriptedSource, frame

from runner_core import run, stream
from runner_core.errors import SourceError, UsageError
from runner_core.pipeline.camera_group import CameraGroup
from runner_core.pipeline.named_source import split_name
from runner_core.pipeline.sources_sinks import open_source, to_source

DEMO = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo"
QUICK = "lavfi:color=white:size=32x32:rate=50,realtime"


class Named(ScriptedSource):
    """Frames of a video, each with its time, under a name."""

    def __init__(self, name: str, count: int, **more) -> None:
        super().__init__(count, **more)
        self.name, self.total = name, count

    def frames(self):
        for each in super().frames():
            each.source, each.time = self.name, each.index / 10
            yield each


def test_files_are_run_one_after_the_other_and_numbered_through():
    sink = MemorySink()
    summary = run([Named("a", 3), Named("b", 2)], [ScriptedBrain()], [sink])
    seen = [(result.frame.source, result.frame.index, result.frame.time) for result in sink.results]
    assert seen == [("a", 0, 0.0), ("a", 1, 0.1), ("a", 2, 0.2), ("b", 3, 0.0), ("b", 4, 0.1)]
    assert summary.frames == 5


def test_their_frames_are_counted_together_if_all_say_how_many():
    assert to_source([Named("a", 3), Named("b", 2)]).total == 5
    assert to_source([Named("a", 3), ScriptedSource(2)]).total is None


def test_a_video_that_breaks_off_is_one_failure_and_the_next_one_follows():
    sink = MemorySink()
    sources = [Named("a", 2, error=SourceError("a: cut short")), Named("b", 2)]
    summary = run(sources, [ScriptedBrain()], [sink])
    assert [(result.frame.source, bool(result.failures)) for result in sink.results] == [
        ("a", False), ("a", False), ("a", True), ("b", False), ("b", False),
    ]  # fmt: skip
    assert sink.results[2].error.message == "a: cut short"
    assert (summary.failed, summary.broken, summary.ok) == (1, "", False)


def test_a_video_alone_that_breaks_off_ends_the_run_as_before():
    assert run([Named("a", 2, error=SourceError("a: cut short"))], [ScriptedBrain()]).broken == "a: cut short"


def test_cameras_take_turns():
    cameras = {name: Named(name, 400, live=True, pause=0.002) for name in ("till", "door")}
    results = stream([cameras["till"], cameras["door"]], [ScriptedBrain()])
    counted = Counter(next(results).frame.source for _ in range(40))
    results.close()
    assert set(counted) == set(cameras)
    assert min(counted.values()) >= 5


def test_cameras_and_files_at_once_are_refused():
    with pytest.raises(UsageError, match=r"is a camera, .* is not; run cameras and files one after the other"):
        to_source([ScriptedSource(1, live=True), ScriptedSource(1)])


def test_no_source_is_refused():
    with pytest.raises(UsageError, match="no source is given"):
        run([], [ScriptedBrain()])


def test_of_a_group_among_cameras_each_has_its_turn(tmp_path):
    (tmp_path / "two.streams").write_text(f"{QUICK}?name=one\n{QUICK}?name=two\n")
    source = to_source([str(tmp_path / "two.streams"), f"{QUICK}?name=three"])
    assert isinstance(source, CameraGroup)
    assert len(source.cameras) == 3
    results = stream(source, [ScriptedBrain()])
    assert {next(results).frame.source for _ in range(30)} == {"one", "two", "three"}
    results.close()


@pytest.mark.parametrize(
    ("location", "split"),
    [
        ("0?name=till", ("0", "till")),
        ("0?size=640x480&name=till&fps=5", ("0?size=640x480&fps=5", "till")),
        ("rtsp://me:x@host/live?name=front%20door", ("rtsp://me:x@host/live", "front door")),
        ("what?.mp4?name=a", ("what?.mp4", "a")),
        ("clip.mp4?stride=2", ("clip.mp4?stride=2", "")),
        ("name=a.mp4", ("name=a.mp4", "")),
    ],
)
def test_a_name_is_an_option_of_any_camera_or_video(location, split):
    assert split_name(location) == split


@pytest.mark.parametrize("location", ["0?name=", "0?name=a/b", "0?name=..%2Fx", "0?name=a&name=b", "0?name=%00"])
def test_what_cannot_be_part_of_a_files_name_is_no_name(location):
    with pytest.raises(UsageError, match=r"^0 (cannot be named|is named twice).*such as \?name=till"):
        split_name(location)


def test_a_named_video_is_called_so_in_every_record():
    source = open_source(f"{DEMO / 'clip.mp4'}?name=monday&end=0.3")
    assert {each.source for each in source.frames()} == {"monday"}
    assert source.total is None
    assert open_source(f"{DEMO / 'clip.mp4'}?name=monday").total > 10


def test_a_named_camera_is_live_and_closed_from_another_thread():
    source = open_source(f"{QUICK}?name=till")
    assert source.live
    frames = source.frames()
    assert next(frames).source == "till"
    frames.close()
    assert "runner-reader" not in {thread.name.partition(" ")[0] for thread in threading.enumerate()}


def test_pictures_of_a_server_keep_their_own_name():
    source = open_source("https://host.invalid/pic.jpg?name=cat")
    assert type(source).__name__ == "Web"


def test_two_cameras_of_one_name_are_refused():
    with pytest.raises(UsageError, match="two sources are named till"):
        to_source([f"{QUICK}?name=till", f"{QUICK}?name=till"])


def test_no_sink_writes_over_one_of_several_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes((DEMO / "clip.mp4").read_bytes())
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "one.png").write_bytes((DEMO / "pictures" / "2-one.jpg").read_bytes())
    with pytest.raises(UsageError, match=r"video:b\.mp4: would write over what is read"):
        run(["a.mp4", "b.mp4"], [ScriptedBrain()], ["video:b.mp4"])
    with pytest.raises(UsageError, match="among the pictures that are read"):
        run(["a.mp4", "pictures"], [ScriptedBrain()], ["images:pictures/out"])


def test_one_source_in_a_list_is_that_source():
    source = ScriptedSource(2)
    assert to_source([source]) is source
    assert frame(0).source == "test"
