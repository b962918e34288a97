"""Formats: which files count as pictures, and the libraries that Pillow learns formats from."""

import contextlib
import io
import struct
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from runner_core.errors import ImageError
from runner_core.frames import Frame, find_missing_package, formats, is_picture_name

SIZE = (24, 16)
PICTURE = Image.fromarray(np.repeat(np.linspace(0, 240, 24, dtype=np.uint8)[None, :, None], 16, 0).repeat(3, 2))

Image.init()
WRITTEN = sorted(suffix for suffix in formats._PILLOW if Image.registered_extensions()[suffix] in Image.SAVE)


def encoded(form: str, image: Image.Image = PICTURE, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def encode_as(form: str) -> bytes:
    """In the first mode that the format's writer takes."""
    for mode in ("RGB", "P"):
        with contextlib.suppress(OSError, ValueError):
            return encoded(form, PICTURE.convert(mode))
    return encoded(form, PICTURE.convert("1"))


@pytest.fixture
def without_libraries(monkeypatch) -> Iterator[None]:
    """As if only Pillow were installed, which has learned nothing yet."""
    modules = [name for name in sys.modules if name.partition(".")[0] in ("pillow_heif", "pillow_jxl")]
    for name in {*modules, "pillow_heif", "pillow_heif.HeifImagePlugin", "pillow_jxl"}:
        monkeypatch.setitem(sys.modules, name, None)
    known = [form for form in Image.ID if form not in ("HEIF", "JXL")]
    monkeypatch.setattr(Image, "ID", known)
    formats.list_picture_suffixes.cache_clear()
    yield
    formats.list_picture_suffixes.cache_clear()


def test_every_suffix_of_pillow_is_decided():
    stubs_and_programs = {".bufr", ".emf", ".eps", ".grib", ".h5", ".hdf", ".mpeg", ".mpg", ".pdf", ".ps", ".wmf"}
    without_a_reader = {".iim", ".palm"}
    of_unknown_range, ending = {".pfm"}, {".im"}
    theirs = {suffix for suffix, form in Image.registered_extensions().items() if form not in ("HEIF", "JXL")}
    assert theirs - set(formats._PILLOW) <= stubs_and_programs | without_a_reader | of_unknown_range | ending


@pytest.mark.parametrize("suffix", WRITTEN)
def test_what_counts_as_a_picture_is_read(suffix):
    data = encode_as(Image.registered_extensions()[suffix])
    frame = Frame.from_bytes(data)
    pixels = frame.pixels
    assert (frame.size, pixels.shape) == ((pixels.shape[1], pixels.shape[0]), (*pixels.shape[:2], 3))
    assert suffix in (".icns", ".ico") or frame.size == SIZE


def psd() -> bytes:
    """Adobe Photoshop File Formats Specification: a header, three empty sections, planes without compression."""
    planes = np.asarray(PICTURE).transpose(2, 0, 1).tobytes()
    return struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 16, 24, 8, 3) + bytes(12) + b"\0\0" + planes


def fits() -> bytes:
    """FITS standard 4.0: cards of 80 characters in blocks of 2880 bytes, then the values, the lowest line first."""
    cards = ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 24", "NAXIS2  = 16", "END"]
    cards = [f"{card[:10]:10}{card[10:]:>20}" for card in cards]
    values = np.asarray(PICTURE)[::-1, :, 0].tobytes()
    return b"".join(card.ljust(80).encode() for card in cards).ljust(2880) + values.ljust(2880, b"\0")


@pytest.mark.parametrize("data", [psd(), fits()], ids=["psd", "fits"])
def test_formats_that_pillow_does_not_write(data):
    np.testing.assert_array_equal(Frame.from_bytes(data).pixels, np.asarray(PICTURE))


@pytest.mark.parametrize("name", ["a.HEIC", "b/IMG.heif", "a.JPG", "scan.j2k", "x.dng", "x.NEF", "a.psd", "a.avif"])
def test_a_pictures_name(name):
    assert is_picture_name(name)


@pytest.mark.parametrize("name", ["a.txt", "clip.mp4", "heic", "a.heic.json", "a.eps", "a.pfm", "a.h5"])
def test_a_name_that_is_not_a_pictures(name):
    assert not is_picture_name(name)


@pytest.mark.parametrize(("orientation", "corner"), [(1, 0), (3, 240), (6, 0), (8, 240)])
def test_heic_is_upright(orientation, corner):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Frame.from_bytes(encoded_heic()).size  # noqa: B018  # teaches Pillow the format
    frame = Frame.from_bytes(encoded("HEIF", exif=exif.tobytes(), quality=95))
    assert frame.size == (SIZE if orientation < 5 else SIZE[::-1])
    assert abs(int(frame.pixels[0, 0, 0]) - corner) < 12
    assert frame.encoded_upright.startswith(b"\x89PNG")


def encoded_heic() -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(PICTURE).save(buffer, quality=95)
    return buffer.getvalue()


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_heic_is_read_without_being_asked_for(brand):
    data = encoded_heic()
    frame = Frame.from_bytes(data[:8] + brand + data[12:])
    assert np.abs(frame.pixels.astype(int) - np.asarray(PICTURE)).max() < 12


def test_avif_stays_pillows_whatever_its_brand():
    Frame.from_bytes(encoded_heic()).size  # noqa: B018  # both are known from now on
    data = encoded("AVIF", quality=95)
    for brand in (b"avif", b"mif1"):
        frame = Frame.from_bytes(data[:8] + brand + data[12:])
        assert np.abs(frame.pixels.astype(int) - np.asarray(PICTURE)).max() < 12


def test_jpeg_xl_where_its_plugin_is_installed():
    pytest.importorskip("pillow_jxl", reason="pillow-jxl-plugin is not installed")
    frame = Frame.from_bytes(encoded("JXL", lossless=True))
    np.testing.assert_array_equal(frame.pixels, np.asarray(PICTURE))


@pytest.mark.parametrize(
    ("begin", "package"),
    [
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "pillow-heif"),
        (b"\xff\x0a\xfa\x17", "pillow-jxl-plugin"),
        (b"\0\0\0\x0cJXL \r\n\x87\n\0\0", "pillow-jxl-plugin"),
    ],
)
def test_a_library_that_is_missing_is_named(without_libraries, begin, package):
    with pytest.raises(ImageError, match=rf"^x: a .* picture, which {package} reads; `pip install {package}`$"):
        Frame(source="x", read=lambda: begin + bytes(64)).size  # noqa: B018
    assert not is_picture_name("IMG_1.HEIC")
    assert find_missing_package(".heic") == "pillow-heif"
    assert find_missing_package(".jpg") is None


def test_a_library_that_is_there_is_not_missing():
    pytest.importorskip("pillow_heif")
    assert find_missing_package(".heic") is None


@pytest.mark.parametrize("keep", [0.3, 0.7])
def test_a_heic_that_is_cut_short_is_an_image_error(keep):
    data = encoded_heic()
    with pytest.raises(ImageError, match=r"^x: .*cut short or damaged"):
        Frame(source="x", read=lambda: data[: int(len(data) * keep)]).pixels  # noqa: B018


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xd7\xcd\xc6\x9a" + bytes(18) + b"\1\0\t\0" + bytes(40), "WMF|unreadable"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "HDF5 is not read here"),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0" + bytes(40), r"unreadable picture \(TIFF, damaged or of an unknown kind\)"),
    ],
)
def test_what_only_looks_like_a_picture_is_called_by_its_name(data, message):
    with pytest.raises(ImageError, match=message):
        Frame.from_bytes(data).size  # noqa: B018
