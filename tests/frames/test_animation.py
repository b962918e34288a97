"""Animations: every picture with its time, in every format that has them."""

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from runner_core.errors import ImageError, SourceError
from runner_core.frames import Animation, Frame

COLOURS = ((250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0))
PICTURES = [Image.new("RGB", (32, 24), colour) for colour in COLOURS]
MS = (200, 70, 1000, 40)
FORMATS = {
    "GIF": {},
    "WEBP": {"lossless": True},
    "PNG": {},
    "AVIF": {"quality": 95},
}


def animated(form: str, pictures: list[Image.Image] = PICTURES, ms: tuple[int, ...] = MS, **more: object) -> bytes:
    buffer = io.BytesIO()
    options = {"save_all": True, "append_images": pictures[1:], "duration": list(ms), **FORMATS[form], **more}
    pictures[0].save(buffer, form, **options)
    return buffer.getvalue()


def frames_of(data: bytes) -> list[Frame]:
    animation = Animation.open(Frame(source="a", read=lambda: data))
    assert animation
    return list(animation.frames())


@pytest.mark.parametrize("form", FORMATS)
def test_every_picture_comes_at_its_time(form):
    data = animated(form)
    frames = frames_of(data)
    assert [(frame.source, frame.index) for frame in frames] == [("a", index) for index in range(4)]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.2, 0.27, 1.27])
    for frame, colour in zip(frames, COLOURS, strict=True):
        assert np.abs(frame.pixels.astype(int) - colour).max() <= (12 if form == "AVIF" else 5)
    animation = Animation.open(Frame.from_bytes(data))
    assert animation
    assert animation.count == 4


@pytest.mark.parametrize("form", FORMATS)
def test_the_first_is_what_the_file_shows_as_a_picture(form):
    data = animated(form)
    np.testing.assert_array_equal(frames_of(data)[0].pixels, Frame.from_bytes(data).pixels)


@pytest.mark.parametrize("form", ["GIF", "PNG"])
def test_ffmpeg_sees_the_same(form, tmp_path):
    """Parts that change are drawn over what was there before; another reader is asked."""
    drawn = []
    for step in range(5):
        pixels = np.full((24, 32, 3), 40, np.uint8)
        pixels[4 * step : 4 * step + 6, 3 * step : 3 * step + 9] = 220
        drawn.append(Image.fromarray(pixels))
    (tmp_path / "a").write_bytes(animated(form, drawn, (100, 150, 200, 250, 300)))
    with av.open(str(tmp_path / "a")) as container:
        track = container.streams.video[0]
        theirs = [
            (float(each.pts * track.time_base), each.to_ndarray(format="rgb24")) for each in container.decode(track)
        ]
    ours = frames_of((tmp_path / "a").read_bytes())
    assert [frame.time for frame in ours] == pytest.approx([time for time, _ in theirs])
    for frame, (_, pixels) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(frame.pixels, pixels)


def test_times_that_no_viewer_keeps_are_a_tenth_of_a_second():
    assert [frame.time for frame in frames_of(animated("GIF", ms=(0, 10, 20, 30)))] == pytest.approx(
        [0, 0.1, 0.2, 0.22]
    )


def test_a_picture_for_viewers_without_animation_is_not_part_of_it():
    frames = frames_of(animated("PNG", default_image=True, ms=MS[1:]))
    assert [tuple(frame.pixels[0, 0]) for frame in frames] == list(COLOURS[1:])
    assert [frame.time for frame in frames] == pytest.approx([0, 0.07, 1.07])


@pytest.mark.parametrize(
    "data",
    [
        *[animated(form, PICTURES[:1], (100,)) for form in FORMATS],
        b"no picture",
        b"",
        animated("GIF")[:10],
    ],
)
def test_what_is_not_animated(data):
    assert Animation.open(Frame.from_bytes(data)) is None


def test_pages_and_frames_of_pixels_are_no_animation(tmp_path):
    PICTURES[0].save(tmp_path / "a.tif", save_all=True, append_images=PICTURES[1:])
    assert Animation.open(Frame.from_path(tmp_path / "a.tif")) is None
    assert Animation.open(Frame.from_array(np.asarray(PICTURES[0]))) is None
    assert Animation.open(Frame.from_path(Path("nowhere.gif"))) is None


def noisy(count: int = 6) -> list[Image.Image]:
    random = np.random.default_rng(3)
    return [Image.fromarray(random.integers(0, 255, (24, 32, 3), dtype=np.uint8)) for _ in range(count)]


def test_one_that_is_cut_short_gives_what_is_there_and_an_error():
    data = animated("PNG", noisy(), (100,) * 6)
    animation = Animation.open(Frame(source="a", read=lambda: data[: len(data) * 3 // 5]))
    assert animation
    given: list[Frame] = []
    with pytest.raises(SourceError, match=r"^a: damaged or cut short after 3 of 6 pictures; those before are done$"):
        given.extend(animation.frames())
    assert [frame.index for frame in given] == [0, 1, 2]


def test_if_the_first_is_damaged_the_frame_itself_says_so():
    data = bytearray(animated("PNG", noisy(), (100,) * 6))
    start = data.index(b"IDAT")
    data[start + 20 : start + 900] = bytes(880)
    frame = Frame(source="a", read=lambda: bytes(data))
    animation = Animation.open(frame)
    assert animation
    assert list(animation.frames()) == [frame]
    with pytest.raises(ImageError, match=r"^a: "):
        _ = frame.pixels


def test_a_picture_that_grows_over_the_limit_is_refused(monkeypatch):
    data = bytearray(animated("GIF", PICTURES[:2], (100, 100)))
    first = data.index(b"," + struct.pack("<HHHH", 0, 0, 32, 24))
    for sides in (6, first + 5):  # of the whole, and of its first picture
        struct.pack_into("<HH", data, sides, 10, 10)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    animation = Animation.open(Frame(source="a", read=lambda: bytes(data)))
    assert animation
    with pytest.raises(SourceError, match="after 1 of 2 pictures") as caught:
        list(animation.frames())
    assert "768 pixels are more than the limit of 500" in str(caught.value.__cause__)


@pytest.mark.parametrize("form", FORMATS)
def test_elsewhere_the_first_is_taken_and_that_is_said(form, caplog):
    caplog.set_level("INFO", "runner")
    np.testing.assert_array_equal(np.abs(Frame.from_bytes(animated(form)).pixels.astype(int) - COLOURS[0]) <= 12, True)
    assert "of an animation the first picture is looked at here; `runner run FILE` looks at all" in caplog.text


def test_of_several_pages_the_first_is_taken_and_that_is_said(tmp_path, caplog):
    caplog.set_level("INFO", "runner")
    PICTURES[0].save(tmp_path / "a.tif", save_all=True, append_images=PICTURES[1:])
    assert Frame.from_path(tmp_path / "a.tif").size == (32, 24)
    assert "of a file with several pages the first is looked at" in caplog.text
