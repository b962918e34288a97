"""What Pillow and libtiff would print about a damaged picture: one sentence with the file's name, or an error."""

import io
import logging
import struct
import threading
import warnings

import numpy as np
import pytest
from PIL import Image

from runner_core.errors import ImageError
from runner_core.frames import Frame, decode
from runner_core.frames.library_warnings import gather_warnings

PICTURE = Image.fromarray(np.arange(20 * 30 * 3, dtype=np.uint16).reshape(20, 30, 3).astype(np.uint8))


def encoded(form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, form, **options)
    return buffer.getvalue()


def with_torn_exif() -> bytes:
    """A JPEG whose EXIF block promises 40 fields and ends after the first."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIHH", 40, 0x0112, 3, 1, 1, 0)
    data = encoded("JPEG")
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


def with_a_tag_outside() -> bytes:
    """A TIFF in which one tag's text is longer than the file."""
    data = bytearray(encoded("TIFF", description="a text that is longer than four bytes"))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    for place in range(first + 2, first + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, place) == (270,):
            struct.pack_into("<I", data, place + 4, 0x00FFFFFF)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(with_torn_exif(), "EXIF"), (with_a_tag_outside(), "tag 270")],
    ids=["jpeg", "tiff"],
)
def test_a_warning_is_a_sentence_with_the_files_name(data, reason, caplog, capfd):
    frame = Frame(source="street.jpg", read=lambda: data)
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # as in a person's terminal
        assert frame.pixels.shape == (20, 30, 3)
    records = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert records
    for record in records:
        assert record.getMessage().startswith("street.jpg: damaged in part (")
        assert reason in record.getMessage()
    assert capfd.readouterr() == ("", "")


def test_a_command_says_it_once(runner, tmp_path, testdata):
    (tmp_path / "street.jpg").write_bytes(with_torn_exif())
    model = testdata / "models" / "fastestdet_coco.onnx"
    done = runner("predict", "street.jpg", "--brain", model, "--labels", testdata / "models" / "coco80.txt")
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "damaged" in line or "Warning" in line] == [
        line for line in done.stderr.splitlines() if line.startswith("runner: street.jpg: damaged in part (")
    ]
    assert done.stderr.count("damaged in part") == 1


def test_more_pixels_than_pillow_likes_are_an_error_and_no_warning(capfd, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 599)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        with pytest.raises(ImageError, match=r"^x: 30 x 20 pixels are more than the limit of 599; set RUNNER_MAX"):
            decode.open_image(encoded("PNG"), "x")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 299)  # twice that is where Pillow itself refuses
    with pytest.raises(ImageError, match=r"^x: 600 pixels are more than the limit of 598; set RUNNER_MAX"):
        decode.open_image(encoded("PNG"), "x")
    assert capfd.readouterr() == ("", "")


def test_libtiff_prints_nothing(capfd):
    """It writes to the process's standard error, past Python."""
    data = bytearray(encoded("TIFF", compression="tiff_lzw"))
    data[8:200] = bytes(192)
    with pytest.raises(ImageError, match=r"^x: the picture is cut short or damaged"):
        Frame(source="x", read=lambda: bytes(data)).pixels  # noqa: B018
    assert capfd.readouterr() == ("", "")


def test_only_this_thread_gathers():
    heard: list[str] = []

    def warn_elsewhere() -> None:
        try:
            warnings.warn("elsewhere", UserWarning, stacklevel=1)
        except UserWarning as error:  # the tests make errors of warnings
            heard.append(str(error))

    with gather_warnings() as texts:
        warnings.warn("in  two\nlines", UserWarning, stacklevel=1)
        thread = threading.Thread(target=warn_elsewhere)
        thread.start()
        thread.join()
    assert (texts, heard) == (["in two lines"], ["elsewhere"])
    with pytest.raises(UserWarning, match="after"):
        warnings.warn("after", UserWarning, stacklevel=1)


def test_what_is_for_developers_is_not_swallowed():
    with gather_warnings() as texts, pytest.raises(DeprecationWarning):
        warnings.warn("draw() is deprecated", DeprecationWarning, stacklevel=1)
    assert texts == []
