"""The sources of a Frame: files, bytes, URLs, arrays, Pillow images; and the bytes it gives to a decoder."""

import io
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from encoded import PNG, RGB, encoded
from PIL import Image

from runner_core.errors import ImageError, UsageError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec


def test_an_array_that_fits_is_not_copied():
    picture = Frame.from_array(RGB)
    spec = PictureSpec(size=(60, 40), resize="letterbox")
    assert np.shares_memory(picture.pixels, RGB)
    assert np.shares_memory(picture.prepared(spec).tensor, RGB)
    assert np.shares_memory(picture.prepared(PictureSpec()).tensor, RGB)


def test_pixels_and_tensors_are_read_only():
    for picture in (Frame.from_array(RGB), Frame.from_bytes(PNG)):
        kept = [
            picture.pixels,
            picture.prepared(PictureSpec()).tensor,
            picture.prepared(PictureSpec(size=(8, 8))).tensor,
        ]
        assert not any(array.flags.writeable for array in kept)
    assert RGB.flags.writeable


def test_pixels_image_and_size_are_the_same_picture():
    for picture in (Frame.from_array(RGB), Frame.from_bytes(PNG), Frame.from_image(Image.fromarray(RGB))):
        np.testing.assert_array_equal(picture.pixels, RGB)
        np.testing.assert_array_equal(np.asarray(picture.image), RGB)
        assert picture.size == picture.image.size == (60, 40)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_plain_pictures_keep_their_bytes(form):
    data = encoded(form)
    picture = Frame.from_bytes(data)
    assert picture.encoded is data
    assert picture.encoded_upright is data
    assert picture.prepared(PictureSpec(encoded=True)).tensor.tolist() == [data]


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded("JPEG", exif=exif)


@pytest.mark.parametrize(
    "data",
    [
        rotated(),
        encoded("JPEG", Image.fromarray(RGB).convert("CMYK")),
        encoded("PNG", Image.fromarray(RGB[..., 0].astype(np.uint16) * 200)),
        encoded("PNG", Image.fromarray(RGB).convert("1")),
        *[encoded(form) for form in ("BMP", "GIF", "WEBP", "TIFF")],
    ],
)
def test_other_pictures_become_png(data):
    picture = Frame.from_bytes(data)
    assert picture.encoded is data
    assert picture.encoded_upright.startswith(b"\x89PNG")
    plain = cv2.imdecode(np.frombuffer(picture.encoded_upright, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(plain, picture.pixels)


def test_pixels_become_png():
    picture = Frame.from_array(RGB)
    assert picture.encoded is None
    np.testing.assert_array_equal(Frame.from_bytes(picture.encoded_upright).pixels, RGB)
    tensor = picture.prepared(PictureSpec(encoded=True, batched=False)).tensor
    assert (tensor.shape, tensor.dtype, tensor[()]) == ((), object, picture.encoded_upright)


def test_the_bytes_are_still_known_after_decoding():
    picture = Frame.from_bytes(PNG)
    _ = picture.pixels
    assert picture.encoded_upright is PNG


def test_a_rotated_picture_is_upright_everywhere():
    picture = Frame.from_bytes(rotated())
    assert picture.size == (40, 60)
    assert picture.pixels.shape == (60, 40, 3)
    exif = Image.Exif()
    exif[0x0112] = 8
    lying = Image.open(io.BytesIO(encoded("PNG", exif=exif)))
    np.testing.assert_array_equal(Frame.from_image(lying).pixels, np.rot90(RGB))


@pytest.mark.parametrize("array", [RGB[..., 0], RGB[..., :1]])
def test_grey_arrays(array):
    np.testing.assert_array_equal(Frame.from_array(array).pixels, np.repeat(RGB[..., :1], 3, axis=2))


def test_a_fourth_channel_is_dropped():
    with_alpha = np.dstack([RGB, RGB[..., 0]])
    picture = Frame.from_array(with_alpha)
    np.testing.assert_array_equal(picture.pixels, RGB)
    np.testing.assert_array_equal(
        picture.prepared(PictureSpec(size=(8, 8))).tensor,
        Frame.from_array(RGB).prepared(PictureSpec(size=(8, 8))).tensor,
    )


@pytest.mark.parametrize(
    "array",
    [RGB.astype(np.float32), RGB.astype(np.int64), RGB > 9, RGB[:0], RGB[..., :2], RGB[None], np.zeros(5, np.uint8),
     np.zeros((3, 4, 5), np.uint8), np.uint8(1)],
)  # fmt: skip
def test_an_array_that_is_not_a_picture(array):
    with pytest.raises(ImageError, match=r"^array: .*(uint8|H x W x 3)"):
        Frame.from_array(np.asarray(array))


def test_of_takes_every_kind_of_picture(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    given = [path, str(path), PNG, bytearray(PNG), memoryview(PNG), RGB, Image.fromarray(RGB)]
    for picture in given:
        np.testing.assert_array_equal(Frame.of(picture).pixels, RGB)
    picture = Frame.of(RGB)
    assert Frame.of(picture) is picture


@pytest.mark.parametrize("nothing", [None, 5, [[1, 2], [3, 4]], {"a": 1}])
def test_of_refuses_the_rest(nothing):
    with pytest.raises(UsageError, match="cannot make a picture of"):
        Frame.of(nothing)


def test_a_frame_is_made_of_bytes_or_pixels():
    with pytest.raises(UsageError):
        Frame(source="it")
    with pytest.raises(UsageError):
        Frame(source="it", read=lambda: PNG, pixels=RGB)


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "none.png", tmp_path, Path("a\0b")):
        with pytest.raises(ImageError):
            _ = Frame.from_path(path).pixels
    with pytest.raises(ImageError, match="no such file"):
        _ = Frame.from_path(tmp_path / "none.png").size


def test_source_index_and_time():
    picture = Frame.from_path("a/b.png", source="b.png", index=4)
    assert (picture.source, picture.index, picture.time) == ("b.png", 4, None)
    assert Frame.from_path(Path("a/b.png")).source == str(Path("a/b.png"))
    assert Frame.from_array(RGB, source="clip.mp4", index=7, time=0.28).time == 0.28


class Pictures(BaseHTTPRequestHandler):
    """A server of one picture that counts how often it is asked."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        found = self.path == "/a.png"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(PNG if found else b"<html>not here</html>")

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def server(monkeypatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Pictures.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Pictures) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_url_is_fetched_once(server):
    for picture in (Frame.of(f"{server}/a.png"), Frame.of(f"{server}/a.png".replace("http", "HTTP"))):
        Pictures.asked = 0
        assert picture.size == (60, 40)
        np.testing.assert_array_equal(picture.pixels, RGB)
        assert picture.encoded_upright == PNG
        assert Pictures.asked == 1


def test_a_url_that_gives_nothing_is_asked_once(server):
    picture = Frame.from_url(f"{server}/b.png")
    for _ in range(2):
        with pytest.raises(ImageError, match=f"{server}/b.png.*404"):
            _ = picture.pixels
    assert Pictures.asked == 1


def test_a_server_that_is_not_there():
    with pytest.raises(ImageError, match=r"http://127\.0\.0\.1:9/a\.png"):
        _ = Frame.from_url("http://127.0.0.1:9/a.png").size


def test_a_url_that_fails_is_reported_without_the_password(server):
    address = server.replace("http://", "http://me:s3@cret@")
    with pytest.raises(ImageError, match=f"^{server}/b.png: cannot be fetched .*404") as raised:
        _ = Frame.from_url(f"{address}/b.png").size
    assert "cret" not in str(raised.value)


@pytest.mark.parametrize("host", ["", "http://127.0.0.1:9", "http://no host"])
def test_no_failure_of_a_url_shows_its_query(server, host):
    picture = Frame.from_url(f"{host or server}/b.png?signature=s3cret&more=s3cret#s3cret")
    assert picture.source == f"{host or server}/b.png"
    with pytest.raises(ImageError, match=f"^{host or server}/b.png: cannot be fetched") as raised:
        _ = picture.size
    assert "s3cret" not in "".join(traceback.format_exception(raised.value)), "nor does the error's traceback"


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_grey_values_are_scaled_by_what_they_hold(bits, caplog):
    values = np.linspace(0, (1 << bits) - 1, 48, dtype=np.int32).reshape(6, 8)
    seen = Frame.from_image(Image.fromarray(values)).pixels
    assert np.array_equal(seen[..., 0], values >> bits - 8)
    assert seen.max() == 255, "not black in silence"
    assert [f"taken for {bits} bits" in text for text in caplog.messages] == ([] if bits == 16 else [True])


@pytest.mark.parametrize("value", [-1, 1 << 16])
def test_grey_values_outside_16_bits_are_refused(value):
    with pytest.raises(ImageError, match="have no known range"):
        _ = Frame.from_image(Image.fromarray(np.full((2, 2), value, np.int32))).pixels


def test_a_masked_array_is_refused():
    with pytest.raises(ImageError, match=r"a masked array; give array\.filled\(0\)"):
        Frame.from_array(np.ma.masked_array(np.zeros((2, 2, 3), np.uint8)))


def test_offline_no_picture_is_fetched(monkeypatch):
    monkeypatch.setenv("RUNNER_OFFLINE", "1")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.timeout = 0
        picture = Frame.from_url(f"http://127.0.0.1:{server.server_port}/a.png")
        with pytest.raises(ImageError, match=r"/a\.png: RUNNER_OFFLINE forbids every connection; unset it, or give"):
            _ = picture.size
        server.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.socket.accept()


def test_a_password_that_breaks_an_address_is_told_to_be_encoded():
    with pytest.raises(ImageError, match=r"^http://host/a\.jpg: its user or password has a '#'; write it as %23$"):
        _ = Frame.from_url("http://bob:S3cret#1@host/a.jpg").size
