"""One rule for what a picture's pixels are: the same on each way to them, and for a graph that unpacks it itself."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from faulty_server import FaultyServer, serve
from parts import ScriptedBrain
from PIL import Image
from runner_files.source import FileSource

from runner_core import run
from runner_core.frames import Frame
from runner_core.pipeline.sources_sinks import open_source

SIZE = (32, 24)
RGB = np.random.default_rng(5).integers(0, 256, (24, 32, 3), np.uint8)
PICTURE = Image.fromarray(RGB)
ALPHA = Image.fromarray(np.linspace(0, 255, 24 * 32, dtype=np.uint8).reshape(24, 32))


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def lying() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


def with_alpha(mode: str) -> Image.Image:
    image = PICTURE.convert(mode)
    image.putalpha(ALPHA)
    return image


def deep(pixels: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, which Pillow does not write."""
    return cv2.imencode(".png", pixels.astype(np.uint16) * 199)[1].tobytes()


def heic() -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(PICTURE).save(buffer, exif=lying())
    return buffer.getvalue()


KINDS = {
    "jpeg.jpg": lambda: encoded(PICTURE, "JPEG", quality=90),
    "progressive.jpg": lambda: encoded(PICTURE, "JPEG", progressive=True),
    "lying.jpg": lambda: encoded(PICTURE, "JPEG", exif=lying()),
    "cmyk.jpg": lambda: encoded(PICTURE.convert("CMYK"), "JPEG"),
    "grey.jpg": lambda: encoded(PICTURE.convert("L"), "JPEG"),
    "lying.png": lambda: encoded(PICTURE, "PNG", exif=lying()),
    "deep_grey.png": lambda: encoded(Image.fromarray(RGB[..., 0].astype(np.uint16) * 257), "PNG"),
    "deep.png": lambda: deep(RGB),
    "deep_alpha.png": lambda: deep(np.dstack([RGB, RGB[..., 0]])),
    "palette.png": lambda: encoded(PICTURE.quantize(200), "PNG"),
    "clear_palette.png": lambda: encoded(PICTURE.quantize(200), "PNG", transparency=bytes(range(200))),
    "one_clear.png": lambda: encoded(PICTURE.quantize(200), "PNG", transparency=7),
    "clear_colour.png": lambda: encoded(PICTURE, "PNG", transparency=(1, 2, 3)),
    "la.png": lambda: encoded(with_alpha("L"), "PNG"),
    "rgba.png": lambda: encoded(with_alpha("RGB"), "PNG"),
    "bits.png": lambda: encoded(PICTURE.convert("1"), "PNG"),
    "cmyk.tif": lambda: encoded(PICTURE.convert("CMYK"), "TIFF"),
    "lab.tif": lambda: encoded(PICTURE.convert("LAB"), "TIFF"),
    "clear.gif": lambda: encoded(PICTURE.quantize(200), "GIF", transparency=7),
    "rgba.webp": lambda: encoded(with_alpha("RGB"), "WEBP", lossless=True, exact=True),
    "lying.avif": lambda: encoded(PICTURE, "AVIF", exif=lying()),
    "lying.heic": heic,
}


@pytest.fixture(params=KINDS)
def picture(request, tmp_path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / request.param).write_bytes(KINDS[request.param]())
    return folder / request.param


def test_every_way_gives_the_same_pixels(picture, tmp_path):
    wanted = Frame.from_path(picture).pixels
    data = picture.read_bytes()
    assert wanted.shape == ((*SIZE, 3) if "lying" in picture.name else (*SIZE[::-1], 3))
    (tmp_path / "list.txt").write_text(f"{picture}\n")
    locations = [picture, picture.parent, picture.parent / "*", tmp_path / "list.txt", f"file:{picture}"]
    frames = [Frame.of(data), Frame.of(picture), Frame.of(Image.open(io.BytesIO(data)))]
    for location in map(str, locations):
        frames += [*FileSource(location).frames(), *open_source(location).frames()]
    assert len(frames) == 3 + 2 * len(locations)
    for frame in frames:
        np.testing.assert_array_equal(frame.pixels, wanted)
        assert frame.size == (wanted.shape[1], wanted.shape[0])


def test_the_web_gives_the_same_pixels(picture, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FaultyServer(picture.parent) as server:
        server.always(f"/{picture.name}", serve(picture.read_bytes()))
        for source in (FileSource(f"{server.url}/{picture.name}"), open_source(f"{server.url}/{picture.name}")):
            (frame,) = source.frames()
            np.testing.assert_array_equal(frame.pixels, Frame.from_path(picture).pixels)


def test_a_decoder_that_knows_no_colour_spaces_reads_the_same(picture):
    frame = Frame.from_path(picture)
    theirs = cv2.imdecode(np.frombuffer(frame.encoded_upright, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(theirs, frame.pixels)


@pytest.mark.parametrize("exact", [True, False])
def test_a_run_gives_the_same_pixels(picture, exact):
    seen = []
    brain = ScriptedBrain(act=lambda frame: seen.append(frame.pixels))
    assert run(str(picture), [brain], exact=exact).ok
    np.testing.assert_array_equal(seen[0], Frame.from_path(picture).pixels)
