"""VideoSink: the file plays as its source does, with what was found drawn in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from itertools import islice

import av
import numpy as np
import pytest
from clips import PICTURES, number_of, write_clip
from runner_video.sink import VideoSink
from runner_video.video import VideoSource

from runner_core.errors import SinkError, UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.pipeline import run
from runner_core.pipeline.sources_sinks import open_sink
from runner_core.results.result import Result
from runner_core.testing import broken_frame, check_sink, conformance, fake_brain, fake_rows

UNEVEN = [0, 0.1, 0.15, 0.4, 1.0, 1.05]
SOURCE_TIMES = [0.1 * index for index in range(PICTURES)]


def grey(index: int, time: float | None, *, shade: int = 120, size=(64, 48), source="camera") -> Frame:
    pixels = np.full((size[1], size[0], 3), shade, np.uint8)
    return Frame.from_array(pixels, source=source, index=index, time=time)


def write(path, frames: Iterable[Frame]) -> None:
    with VideoSink(path).open() as writer:
        for frame in frames:
            writer.write(Result(frame))
        writer.finish({})


def read(path) -> list[tuple[float, np.ndarray]]:
    """(time, pixels) of each picture."""
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        return [(round(frame.time, 3), frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


@conformance(check_sink)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_keeps_the_promises_of_a_sink(check, suffix, tmp_path):
    check(VideoSink, tmp_path / f"out{suffix}")


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov", ".mkv"])
def test_it_plays_as_its_source_does(suffix, tmp_path):
    clip, out = write_clip(tmp_path / "uneven.mp4", times=UNEVEN), tmp_path / "new" / f"out{suffix}"
    summary = run(str(clip), [fake_brain(outputs=fake_rows())], [f"video:{out}"])
    assert summary.ok
    assert [(number_of(pixels), time) for time, pixels in read(out)] == list(enumerate(UNEVEN))


def test_what_was_found_is_drawn_in(tmp_path):
    clip, out = write_clip(tmp_path / "clip.mp4", size=(320, 240), times=[0, 0.1]), tmp_path / "out.mp4"
    run(str(clip), [fake_brain(outputs=fake_rows((80, 60, 240, 180, 0.9, 1)))], [f"video:{out}"])
    (_, pixels), _ = read(out)
    spread = np.ptp(pixels.astype(int), axis=2)  # of colour: the clip is grey
    assert spread[58:64, 100:220].max() > 60
    assert spread[100:140, 120:200].max() < 30


def test_colours_stay_what_they_are(tmp_path):
    for shade in ((200, 30, 30), (30, 200, 30), (30, 30, 200), (250, 250, 250), (3, 3, 3)):
        pixels = np.full((48, 64, 3), shade, np.uint8)
        write(tmp_path / "out.mp4", [Frame.from_array(pixels, time=0.0)])
        ((_, seen),) = read(tmp_path / "out.mp4")
        assert np.abs(seen.mean(axis=(0, 1)) - shade).max() < 6


def test_a_video_starts_with_its_first_frame(tmp_path):
    write(tmp_path / "out.mp4", [grey(0, 71.5), grey(1, 71.6), grey(2, 72.5)])
    assert [time for time, _ in read(tmp_path / "out.mp4")] == [0, 0.1, 1.0]


def test_times_that_go_back_or_stand_still_do_not_break_it(tmp_path):
    write(tmp_path / "out.mp4", [grey(index, time) for index, time in enumerate([0, 0.1, 0.1, 0.05, 0.2])])
    times = [time for time, _ in read(tmp_path / "out.mp4")]
    assert len(times) == 5
    assert times == sorted(times)


@pytest.mark.parametrize(("options", "step"), [("", 0.04), ("?fps=10", 0.1)])
def test_pictures_make_a_video_of_so_many_a_second(options, step, tmp_path):
    with open_sink(f"video:{tmp_path}/out.mp4{options}").open() as writer:
        for index in range(4):
            writer.write(Result(grey(index, None, source=f"{index}.jpg")))
    assert [time for time, _ in read(tmp_path / "out.mp4")] == pytest.approx([step * index for index in range(4)])


def test_frames_of_another_size_are_fitted_in_and_odd_sizes_made_even(tmp_path):
    write(tmp_path / "out.mp4", [grey(0, 0, size=(65, 49)), grey(1, 0.1, size=(130, 49)), grey(2, 0.2, size=(20, 90))])
    pictures = [pixels for _, pixels in read(tmp_path / "out.mp4")]
    assert {pixels.shape for pixels in pictures} == {(50, 66, 3)}
    assert pictures[1][0].mean() < 40 < 100 < pictures[1][24].mean()  # a wide one has bars above and below
    assert pictures[2][:, 0].mean() < 40 < 100 < pictures[2][:, 33].mean()


def test_each_camera_has_its_own_file(tmp_path):
    frames = [
        grey(index, index / 10, source=f"rtsp://yard/{index % 2}", shade=60 + 100 * (index % 2)) for index in range(6)
    ]
    write(tmp_path / "out.mp4", frames)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out-2.mp4", "out.mp4"]
    for name, shade, title in (("out.mp4", 60, "rtsp://yard/0"), ("out-2.mp4", 160, "rtsp://yard/1")):
        pictures = read(tmp_path / name)
        assert [time for time, _ in pictures] == [0, 0.2, 0.4]
        assert abs(pictures[0][1].mean() - shade) < 5
        with av.open(str(tmp_path / name)) as container:
            assert container.metadata["title"] == title


def test_in_a_folder_each_camera_and_video_has_its_name(tmp_path):
    cameras = ["till", "rtsp://10.0.0.7/yard/live", "clips/a.mp4", "other/a.mp4", "front door"]
    write(f"{tmp_path / 'out'}/", [grey(index, index / 10, source=source) for index, source in enumerate(cameras)])
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["10.0.0.7-yard-live.mp4", "a-2.mp4", "a.mp4", "front door.mp4", "till.mp4"]


def test_videos_one_after_the_other_are_closed_in_time_and_each_is_whole(tmp_path):
    frames = (grey(index, 0.1 * (index % 3), source=f"{index // 3}.mp4") for index in range(60))
    opened = set()
    with VideoSink(f"{tmp_path}/").open() as writer:
        for frame in frames:
            writer.write(Result(frame))
            opened.add(len(writer._open))
    assert max(opened) < 10
    assert {path.name: len(read(path)) for path in tmp_path.iterdir()} == {f"{number}.mp4": 3 for number in range(20)}


def test_many_cameras_at_once_stay_open(tmp_path):
    with VideoSink(f"{tmp_path}/").open() as writer:
        for index in range(36):
            live = grey(index, index / 10, source=f"{index % 12}")
            live.taken = 1.0 + index
            writer.write(Result(live))
    assert len(list(tmp_path.iterdir())) == 12
    assert {len(read(path)) for path in tmp_path.iterdir()} == {3}


def test_a_file_that_nobody_named_is_replaced_only_if_it_was_written_here(tmp_path):
    two = [grey(0, 0, source="a"), grey(1, 0, source="b")]
    for _ in range(2):  # the second time it replaces what it wrote
        write(tmp_path / "out.mp4", two)
        write(tmp_path / "out.mkv", two)
    clip = write_clip(tmp_path / "own-2.mp4")
    before = clip.read_bytes()
    with pytest.raises(SinkError, match=r"own-2\.mp4: there already, and not written by runner"):
        write(tmp_path / "own.mp4", two)
    with pytest.raises(SinkError, match=r"own-2\.mp4: there already"):
        write(f"{tmp_path}/", [grey(0, 0, source="own-2")])
    assert clip.read_bytes() == before


def test_a_folder_that_is_searched_is_not_filled(tmp_path):
    write_clip(tmp_path / "clip.mp4")
    with pytest.raises(UsageError, match="among the pictures that are read"):
        run(str(tmp_path), [fake_brain(outputs=fake_rows())], [f"video:{tmp_path}/out/"])


def test_a_frame_that_cannot_be_read_is_left_out(tmp_path, caplog):
    write(tmp_path / "out.mp4", [grey(0, 0), broken_frame(1), grey(2, 0.2)])
    assert len(read(tmp_path / "out.mp4")) == 2
    assert "; not in the video" in caplog.text


def test_what_was_there_stays_until_the_first_frame(tmp_path):
    out = tmp_path / "out.mp4"
    write(out, [grey(0, 0)])
    before = out.read_bytes()
    with pytest.raises(KeyboardInterrupt), VideoSink(out).open():
        raise KeyboardInterrupt
    assert out.read_bytes() == before


def test_the_video_that_is_read_is_not_written_over(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4")
    before = clip.read_bytes()
    with pytest.raises(SinkError, match=r"clip\.mp4: is being read; name another file"):
        run(VideoSource(clip), [fake_brain(outputs=fake_rows())], [f"video:{clip}"])  # a location is refused before
    assert clip.read_bytes() == before


def test_an_exception_leaves_a_video_of_what_was_written(tmp_path):
    def interrupted():
        for index in range(10):
            yield grey(index, index / 10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out.mp4", interrupted())
    assert len(read(tmp_path / "out.mp4")) == 10


INTERRUPTED = """
import signal, sys
import numpy as np
from runner_core import Frame
from runner_core.cli.signals import interrupt_on_signals
from runner_core.results.result import Result
from runner_video import recording
from runner_video.sink import VideoSink

write_all, interrupts = recording._File.write, iter([int(sys.argv[2])])

def interrupted(file, data):
    for number in interrupts:  # the first time
        signal.raise_signal(number)
    return write_all(file, data)

recording._File.write = interrupted
given = 0
try:
    with interrupt_on_signals(), VideoSink(sys.argv[1]).open() as writer:
        for given in range(1, 1000):
            pixels = np.full((48, 64, 3), given % 256, np.uint8)
            writer.write(Result(Frame.from_array(pixels, index=given, time=given / 25)))
except KeyboardInterrupt:
    print(given)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_an_interrupt_while_ffmpeg_writes_is_not_lost_and_costs_no_picture(suffix, number, tmp_path):
    """In another process: a signal is for a whole process, whose other libraries have handlers and stacks too."""
    path = tmp_path / f"out{suffix}"
    script = [sys.executable, "-c", INTERRUPTED, str(path), str(int(number))]
    output = subprocess.run(script, check=True, capture_output=True, text=True, timeout=60).stdout
    assert 1 <= len(read(path)) == int(output) < 1000


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("out.gif", r"out.gif: not the name of a video; end it in .mp4, .m4v, .mov, .mkv"),
        ("rtmp://me:secret@host/live", "^rtmp://host/live: not the name of a video"),
        ("out-of-nowhere", "not the name of a video"),
        ("out.mp4?fps=0", "fps=0 is not a number of frames a second"),
        ("out.mp4?codec=vp9", "no option 'codec'; known: fps"),
    ],
)
def test_a_wrong_location_is_wrong_use(location, message):
    with pytest.raises(UsageError, match=message):
        open_sink(f"video:{location}")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
def test_a_full_disk_is_reported(tmp_path):
    (tmp_path / "full.mp4").symlink_to("/dev/full")
    noise = np.random.default_rng(0).integers(0, 256, (60, 240, 320, 3), np.uint8)
    frames = [Frame.from_array(pixels, time=index / 2) for index, pixels in enumerate(noise)]
    with pytest.raises(SinkError, match=r"full\.mp4: cannot be written \(No space left on device\); make room"):
        write(tmp_path / "full.mp4", frames)


LIMITED = """
import resource, sys
import numpy as np
from runner_core.errors import SinkError
from runner_core.frames.frame import Frame
from runner_core.results.result import Result
from runner_video.sink import VideoSink
sys.dont_write_bytecode = True  # else with half of the code of what is imported now
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))
try:
    with VideoSink(sys.argv[1]).open() as writer:
        for pixels in np.random.default_rng(0).integers(0, 256, (5, 240, 320, 3), np.uint8):
            writer.write(Result(Frame.from_array(pixels)))
except SinkError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_a_disk_that_is_full_at_the_very_end_is_reported(tmp_path, name):
    """So few pictures are written when the file is closed."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path / name)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"{name}: cannot be written (File too large); make room" in output


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "a.mp4"
    with pytest.raises(SinkError, match=r"cannot be written \(Not a directory\)"), VideoSink(out).open():
        pytest.fail("it was opened")


def test_memory_does_not_grow_with_the_video(tmp_path):
    """Frames wait in the encoder, a bounded number of them."""
    source = VideoSource(write_clip(tmp_path / "clip.mp4", times=[index / 25 for index in range(200)]))
    kept = []
    with VideoSink(tmp_path / "out.mp4").open() as writer:
        for frame in islice(source.frames(), 200):
            writer.write(Result(frame))
            frame.forget()
            kept.append((tmp_path / "out.mp4").stat().st_size)
    assert kept[120] > kept[60] > 0
