"""Videos that are cut short, damaged, hidden, or none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import av
import numpy as np
import pytest
from clips import PICTURES, number_of, write_clip
from faulty_server import FaultyServer
from faulty_server import cut as broken
from runner_video.video import VideoSource

from runner_core.errors import ImageError, SourceError

PAGE = Path(__file__).parents[2] / "runner-demo" / "src" / "runner_demo" / "brains" / "page" / "page.onnx"
FAST = {"movflags": "faststart"}  # the index in front, as in what is made for the web

PNG = b"\x89PNG"  # how one begins


@pytest.mark.parametrize(
    ("suffix", "share"), [(".mp4", 0.6), (".mov", 0.6), (".mkv", 0.6), (".webm", 0.6), (".avi", 0.8)]
)
def test_of_a_video_cut_short_the_frames_up_to_there_come_first(suffix, share, tmp_path):
    """Of an AVI more than half is its head, and a part of the last frame comes too."""
    options = FAST if suffix in (".mp4", ".mov") else {}
    frames = VideoSource(cut(write_clip(tmp_path / f"cut{suffix}", options=options), share)).frames()
    numbers = []
    message = rf"cut{suffix}: cut short after .* s of .* s; the pictures before that are done"
    with pytest.raises(SourceError, match=message):
        numbers.extend(number_of(frame.pixels) for frame in frames)
    whole = numbers[:-1] if suffix == ".avi" else numbers
    assert whole == list(range(len(whole)))
    assert 0 < len(whole) < 20


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * share)])
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_of_a_video_whose_connection_breaks_the_frames_up_to_there_come_first(suffix, tmp_path):
    clip = write_clip(tmp_path / f"clip{suffix}", options=FAST if suffix == ".mp4" else {})
    with FaultyServer(tmp_path) as server:
        server.always(f"/clip{suffix}", broken(round(clip.stat().st_size * 0.7)))
        frames = VideoSource(f"{server.url}/clip{suffix}").frames()
        numbers = []
        with pytest.raises(
            SourceError, match=rf"clip{suffix}: cut short after .* s( of .* s)?; the pictures before that are done"
        ):
            numbers.extend(number_of(frame.pixels) for frame in frames)
    assert numbers[:-1] == list(range(len(numbers) - 1))  # of the last there may be a part
    assert 10 < len(numbers) < 20


def test_a_run_over_a_video_cut_short_does_what_is_there_and_exits_with_1(runner, tmp_path):
    cut(write_clip(tmp_path / "cut.mp4", options=FAST), 0.6)
    done = runner("run", "cut.mp4", "--brain", PAGE, "--sink", "jsonl:out.jsonl")
    assert done.returncode == 1
    assert "runner: cut.mp4: cut short after " in done.stderr
    *records, last = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert [record["time"] for record in records] == [index / 10 for index in range(len(records))]
    assert len(records) == last["summary"]["frames"] > 3
    assert last["summary"]["broken"].startswith("cut.mp4: cut short after ")


def test_a_damaged_picture_costs_only_itself(tmp_path):
    clip = write_clip(tmp_path / "damaged.mov", codec="png", times=[0, 0.1, 0.2, 0.3])
    data = clip.read_bytes()
    second = data.index(PNG, data.index(PNG) + 1)
    clip.write_bytes(data[:second] + bytes(16) + data[second + 16 :])
    frames = list(VideoSource(clip).frames())
    assert [frame.time for frame in frames] == [0, 0.1, 0.2, 0.3]
    with pytest.raises(ImageError, match=r"damaged\.mov: the picture at 0\.10 s is damaged"):
        _ = frames[1].pixels
    assert [number_of(frames[index].pixels) for index in (0, 2, 3)] == [0, 2, 3]


def replace(path: Path, old: bytes, new: bytes) -> Path:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mkv"])
def test_texts_that_are_not_in_utf8_cost_no_picture(suffix, tmp_path):
    """As old programs wrote them."""
    path = write_clip(tmp_path / f"clip{suffix}")
    with av.open(str(path)) as whole, av.open(str(tmp_path / f"named{suffix}"), "w") as named:
        named.metadata["title"] = "Käse"
        track = named.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(whole.streams.video[0]):
            if packet.size:
                packet.stream = track
                named.mux(packet)
    clip = replace(tmp_path / f"named{suffix}", "Käse".encode(), b"K\xe4se ")
    assert len(list(VideoSource(clip).frames())) == 20


@pytest.mark.parametrize("length", [b"00:x0:02", b"-9:99:99", b"\xff\xff:00:02"[:8], b"nan:00:2"])
def test_a_length_that_is_none_costs_no_picture(length, tmp_path):
    clip = replace(write_clip(tmp_path / "clip.mkv"), b"00:00:02", length)
    assert len(list(VideoSource(clip).frames())) == 20


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate, frame.pts = 48000, 0
        container.mux([*stream.encode(frame), *stream.encode(None)])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "no such file; check the path"),
        (lambda path: path.touch(), "not a video that can be read, or one without its index"),
        (lambda path: path.write_text("hello " * 1000), "not a video that can be read"),
        (lambda path: path.write_bytes(os.urandom(20_000)), "not a video that can be read"),
        (
            lambda path: cut(write_clip(path), 0.8),
            "not a video that can be read, or one without its index; copy or record it again",
        ),
        (lambda path: path.mkdir(), "is a folder; name a file in it"),
        (write_sound, "there are no pictures in it; give a file that is not sound only"),
    ],
    ids=["missing", "empty", "text", "noise", "cut before its index", "folder", "sound"],
)
def test_what_is_not_a_video_is_reported_on_one_line(make, said, tmp_path):
    make(tmp_path / "clip.mp4")
    with pytest.raises(SourceError) as raised:
        list(VideoSource(tmp_path / "clip.mp4").frames())
    assert str(raised.value).startswith(f"{tmp_path}/clip.mp4: {said}")
    assert "\n" not in str(raised.value)
    assert raised.value.remedy


def test_a_video_that_may_not_be_read_is_reported(tmp_path, nobody):
    clip = write_clip(tmp_path / "secret.mp4")
    clip.chmod(0)
    with nobody(), pytest.raises(SourceError, match=r"secret\.mp4: permission denied"):
        list(VideoSource(clip).frames())


@pytest.mark.parametrize(("text", "bad"), [(b"Lavf", b"\xff\xfe\xfd\xc3"), (b"encoder", b"\xffncoder")])
def test_a_tag_that_is_no_text_costs_no_picture(text, bad, tmp_path):
    clip = write_clip(tmp_path / "clip.flv")
    clip.write_bytes(clip.read_bytes().replace(text, bad))
    assert [number_of(frame.pixels) for frame in VideoSource(clip).frames()] == list(range(PICTURES))
