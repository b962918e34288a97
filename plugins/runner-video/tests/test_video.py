"""VideoSource: which pictures of a file come, when each is, and which way up."""

from __future__ import annotations

import gc
import subprocess
import sys

import av
import numpy as np
import pytest
from clips import PICTURES, numbers_and_times, write_clip
from faulty_server import FaultyServer
from runner_video.video import VideoSource

from runner_core.errors import SourceError, UsageError
from runner_core.pipeline.sources_sinks import open_source
from runner_core.testing import check_plugin, check_source, conformance

EVERY = [(index, index / 10) for index in range(PICTURES)]
UNEVEN = [0, 0.1, 0.15, 0.4, 1.0, 1.05]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@conformance(check_plugin)
def test_the_plugin_keeps_its_promises(check):
    check("runner_video.plugin")


@conformance(check_source)
def test_keeps_the_promises_of_a_source(check, clip):
    check(VideoSource, clip)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".ts", ".webm", ".flv"])
def test_every_picture_comes_in_order_at_its_time(suffix, tmp_path):
    source = open_source(str(write_clip(tmp_path / f"clip{suffix}")))
    assert not source.live
    assert numbers_and_times(source.frames()) == EVERY


def test_the_times_of_a_variable_frame_rate_are_the_files(tmp_path):
    clip = write_clip(tmp_path / "uneven.mp4", times=UNEVEN)
    assert numbers_and_times(VideoSource(clip).frames()) == list(enumerate(UNEVEN))


@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
@pytest.mark.parametrize("start", [0, 7])
def test_an_avi_whose_pictures_refer_to_later_ones_begins_at_0_and_goes_on_in_order(codec, start, tmp_path):
    clip = write_clip(tmp_path / "clip.avi", codec=codec, b_frames=2)
    found = numbers_and_times(VideoSource(f"{clip}?start={start / 10}").frames())
    assert [time for _, time in found] == [time for _, time in EVERY[start:]]
    assert all(abs(number - 10 * time) <= 1.01 for number, time in found), "such pictures lose a shade of their grey"


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".ts", ".flv"])
def test_times_count_from_the_first_picture(suffix, tmp_path):
    clip = write_clip(tmp_path / f"late{suffix}", times=[7.5, 7.6, 8.0])
    assert numbers_and_times(VideoSource(clip).frames()) == [(0, 0.0), (1, 0.1), (2, 0.5)]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ("stride=3", [0, 3, 6, 9, 12, 15, 18]),
        ("max_fps=5", [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]),
        ("max-fps=3", [0, 4, 7, 10, 14, 17]),
        ("max_fps=60", list(range(20))),
        ("start=0.7", list(range(7, 20))),
        ("start=0.75", list(range(8, 20))),
        ("end=0.3", [0, 1, 2]),
        ("start=0.5&end=1.2&stride=2", [5, 7, 9, 11]),
        ("stride=2&max_fps=2", [0, 6, 10, 16]),
        ("end=99", list(range(20))),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_options_say_which_pictures_are_wanted(options, numbers, suffix, tmp_path):
    clip = write_clip(tmp_path / f"clip{suffix}")
    frames = list(open_source(f"{clip}?{options}").frames())
    assert numbers_and_times(frames) == [(number, number / 10) for number in numbers]
    assert [frame.index for frame in frames] == list(range(len(numbers)))
    assert {frame.source for frame in frames} == {str(clip)}


def test_max_fps_counts_seconds_not_pictures(tmp_path):
    clip = write_clip(tmp_path / "uneven.mp4", times=UNEVEN)
    assert numbers_and_times(VideoSource(f"{clip}?max_fps=5").frames()) == [(0, 0), (3, 0.4), (4, 1.0)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("stride=0", "stride=0 is not a whole number from 1"),
        ("max_fps=-1", "max_fps=-1 is not a number of frames a second"),
        ("start=1:30", "start=1:30 is not a number of seconds"),
        ("start=5&end=2", "ends at 2.0 s, before it starts"),
        ("speed=2", "no option 'speed'; known: stride, max_fps, start, end"),
    ],
)
def test_a_wrong_option_is_wrong_use(options, said, clip):
    with pytest.raises(UsageError, match=said):
        VideoSource(f"{clip}?{options}")


def test_an_address_that_is_wrong_use_is_shown_without_its_password():
    with pytest.raises(UsageError, match=r"^https://host/clip\.mp4: it ends at 2\.0 s"):
        VideoSource("https://me:secret@host/clip.mp4?start=5&end=2")


def test_a_start_after_the_end_is_reported(clip):
    with pytest.raises(SourceError, match="no picture from 9 s on"):
        list(VideoSource(f"{clip}?start=9").frames())


def test_a_question_mark_may_be_in_a_files_name(tmp_path):
    clip = write_clip(tmp_path / "what?.mp4")
    assert len(list(open_source(f"{clip}").frames())) == PICTURES


@pytest.mark.parametrize(("options", "total"), [("", 20), ("?stride=3", 7), ("?start=1", None), ("?max_fps=1", None)])
def test_the_total_is_reported_if_the_file_states_it(options, total, clip):
    assert VideoSource(f"{clip}{options}").total == total


def test_a_video_behind_http_is_read_like_one_here(clip):
    with FaultyServer(clip.parent) as server:
        assert numbers_and_times(open_source(f"{server.url}/clip.mp4?start=1.5").frames()) == EVERY[15:]


def corner(at: tuple[int, int]) -> np.ndarray:
    """H 48 x W 64: black, with a white square in the corner at the (row, column) of 0 or -1."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[slice(0, 16) if at[0] == 0 else slice(-16, None), slice(0, 16) if at[1] == 0 else slice(-16, None)] = 255
    return pixels


# Where the corner at row 0, column 0 is shown, and the size, by a matrix' a, b, c, d.
MATRICES = {
    (1, 0, 0, 1): ((0, 0), (64, 48)),
    (0, 1, -1, 0): ((0, -1), (48, 64)),  # a quarter clockwise: what was at the left is at the top
    (-1, 0, 0, -1): ((-1, -1), (64, 48)),
    (0, -1, 1, 0): ((-1, 0), (48, 64)),
    (-1, 0, 0, 1): ((0, -1), (64, 48)),
    (1, 0, 0, -1): ((-1, 0), (64, 48)),
    (0, 1, 1, 0): ((0, 0), (48, 64)),
    (0, -1, -1, 0): ((-1, -1), (48, 64)),
}


@pytest.mark.parametrize("matrix", MATRICES)
def test_a_picture_is_set_upright_as_the_file_says(matrix, tmp_path):
    clip = write_clip(tmp_path / "turned.mp4", times=[0, 0.1], pictures=[corner((0, 0))] * 2)
    clip.write_bytes(with_matrix(clip.read_bytes(), matrix))
    at, size = MATRICES[matrix]
    for frame in VideoSource(clip).frames():
        assert frame.size == size == frame.pixels.shape[1::-1]
        for row in (0, -1):
            for column in (0, -1):
                assert (frame.pixels[row, column].mean() > 128) == ((row, column) == at), (row, column)


def with_matrix(data: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """An mp4 with that matrix in its track header (``tkhd`` of ISO/IEC 14496-12, version 0)."""
    a, b, c, d = (number << 16 for number in matrix)
    place = data.index(b"tkhd") + 4 + 4 + 5 * 4 + 8 + 8
    return data[:place] + np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes() + data[place + 36 :]


def test_a_players_own_rotation_is_the_same(tmp_path):
    """PyAV writes the matrix itself here: 90 degrees counterclockwise."""
    clip = write_clip(tmp_path / "turned.mp4", times=[0, 0.1], pictures=[corner((0, 0))] * 2, rotation=90)
    (first, _) = VideoSource(clip).frames()
    assert first.size == (48, 64)
    assert first.pixels[-1, 0].mean() > 128


def test_pictures_are_let_go_without_the_garbage_collector(clip):
    """A camera's pictures would fill the memory until it comes."""
    gc.collect()
    gc.disable()
    try:
        for frame in VideoSource(clip).frames():
            _ = frame.pixels
        del frame
        assert sum(isinstance(kept, av.VideoFrame) for kept in gc.get_objects()) <= 2
    finally:
        gc.enable()


def test_a_slip_in_an_option_of_an_address_is_reported(caplog):
    assert VideoSource("http://host/clip.mp4?strde=5&token=1&stride=2").stride == 2
    assert caplog.messages == ["http://host/clip.mp4: strde= is passed to the server; did you mean stride=?"]


def piped(data: bytes, location: str) -> subprocess.CompletedProcess[bytes]:
    """A program that prints the frames of a source whose data come through its standard input."""
    source = f"from runner_core.pipeline.sources_sinks import open_source; source = open_source({location!r})"
    printing = "print(source.total, *(f'{frame.source} {frame.index}' for frame in source.frames()), sep=',')"
    return subprocess.run([sys.executable, "-c", f"{source}; {printing}"], input=data, capture_output=True, check=False)


@pytest.mark.parametrize("location", ["video:-", "video:/dev/stdin"])
@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".avi"])
def test_a_video_that_is_piped_in_is_read_and_not_looked_at_before(location, suffix, tmp_path):
    done = piped(write_clip(tmp_path / f"clip{suffix}").read_bytes(), location)
    name = location.removeprefix("video:")
    assert done.stdout.decode().strip() == ",".join(["None", *(f"{name} {index}" for index in range(20))])
    assert done.stderr == b""


def test_no_video_piped_in_is_reported():
    assert b"-: not a video that can be read" in piped(b"hello " * 1000, "video:-").stderr
