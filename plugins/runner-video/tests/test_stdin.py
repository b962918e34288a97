"""StandardInput: what comes through a real pipe, in each of its forms."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from clips import PICTURES, greys, number_of, write_clip
from PIL import Image
from runner_video.stdin import StandardInput

from runner_core.errors import SourceError
from runner_core.pipeline.sources_sinks import open_source

PAGE = Path(__file__).parents[2] / "runner-demo" / "src" / "runner_demo" / "brains" / "page" / "page.onnx"


def encoded(form: str, count: int = 3) -> list[bytes]:
    """Pictures of ``greys``."""
    pictures = []
    for pixels, _ in zip(greys((64, 48)), range(count), strict=False):
        Image.fromarray(pixels).save(stream := io.BytesIO(), form)
        pictures.append(stream.getvalue())
    return pictures


def with_lengths(pictures: list[bytes]) -> bytes:
    return b"".join(len(picture).to_bytes(4, "big") + picture for picture in pictures)


@pytest.fixture
def pipe(monkeypatch):
    """``pipe(data)``: standard input is a pipe through which ``data`` comes; without, one that stays open."""
    reading, writing = os.pipe()
    stream = os.fdopen(reading, "rb")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))

    def send(data: bytes | None = None) -> int:
        if data is not None:
            threading.Thread(target=write, args=(data,), daemon=True).start()
        return writing

    def write(data: bytes) -> None:
        with os.fdopen(writing, "wb") as end:
            end.write(data)

    yield send
    stream.close()


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"".join(encoded("JPEG")), 3),
        (b"".join(encoded("PNG")), 3),
        (with_lengths(encoded("JPEG")), 3),
        (with_lengths(encoded("WEBP")), 3),
        (with_lengths([*encoded("PNG"), *encoded("BMP")][1:4]), 3),
        (b"".join(encoded("BMP")), 3),
        (b"".join(encoded("WEBP")), 3),
        (encoded("BMP")[0][:2] + bytes(4) + encoded("BMP")[0][6:], 1),
        (encoded("TIFF")[0], 1),
        (encoded("AVIF")[0], 1),
        (b"".join(encoded("JPEG", 200)), 200),
    ],
    ids=[
        "jpegs",
        "pngs",
        "lengths, jpegs",
        "lengths, webp",
        "lengths, mixed",
        "bmps",
        "webps",
        "bmp of 0",
        "tiff",
        "avif",
        "200",
    ],
)
def test_pictures_come_whichever_way_they_are_written(data, count, pipe):
    pipe(data)
    frames = list(StandardInput().frames())
    assert [frame.index for frame in frames] == list(range(count))
    assert {frame.source for frame in frames} == {"-"}
    first = 1 if data == with_lengths([*encoded("PNG"), *encoded("BMP")][1:4]) else 0
    numbers = [number_of(frame.pixels) for frame in frames]
    assert numbers[:2] == [first, first + 1][:count]
    assert numbers[:PICTURES] == [(first + index) % 3 if count == 3 else index for index in range(count)][:PICTURES]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "WEBP"])
def test_a_picture_is_given_as_soon_as_its_last_byte_is_there(form, pipe):
    writing = pipe()
    first, second, third = encoded(form)
    os.write(writing, first)
    frames = StandardInput().frames()
    assert number_of(next(frames).pixels) == 0
    os.write(writing, second + third[:100])
    assert number_of(next(frames).pixels) == 1
    os.close(writing)
    with pytest.raises(SourceError, match="-: cut short in picture 2"):
        next(frames)


def test_a_picture_with_its_length_is_given_at_once(pipe):
    writing = pipe()
    first, second, _ = encoded("JPEG")
    os.write(writing, with_lengths([first]))
    frames = StandardInput().frames()
    assert number_of(next(frames).pixels) == 0
    os.write(writing, with_lengths([second]))
    assert number_of(next(frames).pixels) == 1
    os.close(writing)
    assert list(frames) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "-: nothing on standard input; pipe pictures into it"),
        (encoded("JPEG")[0][:-9], "-: cut short in picture 0"),
        (
            encoded("BMP")[0] + encoded("WEBP")[0],
            "-: picture 1 is not a BMP, as the first one is; those before it are done",
        ),
        (
            encoded("WEBP")[0] + encoded("BMP")[0],
            "-: picture 1 is not a WebP, as the first one is; those before it are done",
        ),
        (with_lengths(encoded("JPEG"))[:-1], "-: cut short in picture 2; those before it are done"),
        (with_lengths(encoded("JPEG")) + b"\0\0", "-: cut short in picture 3"),
        (with_lengths(encoded("JPEG")) + b"\xff" * 9, "-: picture 3 claims to have 4294967295 bytes, more than"),
    ],
)
def test_what_does_not_come_is_reported(data, message, pipe):
    pipe(data)
    with pytest.raises(SourceError) as raised:
        list(StandardInput().frames())
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("form", ["GIF", "AVIF"])
def test_an_animation_gives_all_its_pictures(form, pipe):
    first, *rest = [Image.open(io.BytesIO(data)) for data in encoded("PNG")]
    first.save(stream := io.BytesIO(), form, save_all=True, append_images=rest, duration=[200, 300, 400])
    pipe(stream.getvalue())
    frames = list(StandardInput().frames())
    assert [number_of(frame.pixels) for frame in frames] == [0, 1, 2]
    assert [(frame.source, frame.index) for frame in frames] == [("-", 0), ("-", 1), ("-", 2)]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.2, 0.5])


def test_a_heic_picture(pipe):
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.from_pillow(Image.open(io.BytesIO(encoded("PNG")[1]))).save(stream := io.BytesIO())
    pipe(stream.getvalue())
    (frame,) = StandardInput().frames()
    assert number_of(frame.pixels) == 1


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".flv"])
def test_a_video_says_how_to_write_it(suffix, pipe, tmp_path):
    pipe(write_clip(tmp_path / f"clip{suffix}").read_bytes())
    with pytest.raises(SourceError, match="-: a video, not pictures; write video:- to have it read as one"):
        next(StandardInput().frames())


@pytest.mark.parametrize("name", ["-", "stdin", "stdin:"])
def test_standard_input_has_names(name, pipe):
    pipe(encoded("PNG")[0])
    assert [frame.source for frame in open_source(name).frames()] == ["-"]


def run(data: bytes, tmp_path: Path) -> tuple[subprocess.CompletedProcess[bytes], list[dict]]:
    done = subprocess.run(
        [sys.executable, "-m", "runner_core.cli.main", "run", "-", "--brain", str(PAGE), "--sink", "jsonl:out.jsonl"],
        input=data, capture_output=True, cwd=tmp_path, timeout=60, check=False,
        env=os.environ | {"RUNNER_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    return done, [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]


def test_a_run_reads_pictures_from_standard_input(tmp_path):
    done, (*records, last) = run(b"".join(encoded("JPEG")), tmp_path)
    assert done.returncode == 0, done.stderr
    assert [(record["source"], record["index"], record["size"]) for record in records] == [
        ("-", index, [64, 48]) for index in range(3)
    ]
    assert last["summary"]["failed"] == 0


def test_a_run_over_pictures_cut_short_does_what_is_there_and_exits_with_1(tmp_path):
    first, _, third = encoded("JPEG")
    done, (*records, last) = run(with_lengths([first, b"no picture", third]) + b"\0\0\1\0", tmp_path)
    assert done.returncode == 1
    assert ["error" in record for record in records] == [False, True, False]
    assert last["summary"]["broken"].startswith("-: cut short in picture 3")
