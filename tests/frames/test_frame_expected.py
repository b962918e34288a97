"""A JPEG decoded only as large as the expected tensors need gives the tensors of the whole picture."""

import io

import numpy as np
import pytest
from PIL import Image

from runner_core.frames import decode
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import find_needed_size, place_picture

SMALL = PictureSpec(size=(100, 80))
ENOUGH = PictureSpec(enough=(100, 80))


def picture(width: int = 803, height: int = 601) -> Image.Image:
    """Smooth, with a bright rectangle at (200, 300) to (400, 400)."""
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([columns * 100 // width, rows * 100 // height, np.full_like(rows, 60)], axis=2).astype(np.uint8)
    pixels[300:400, 200:400] = 255
    return Image.fromarray(pixels)


def encoded(form: str = "JPEG", orientation: int = 1, **options: object) -> bytes:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    picture().save(buffer, form, exif=exif, **({"quality": 95} if form == "JPEG" else {}), **options)
    return buffer.getvalue()


@pytest.fixture
def decoded(monkeypatch) -> list[tuple[int, int]]:
    """The sizes that pictures were decoded at."""
    sizes: list[tuple[int, int]] = []
    to_pixels = decode.to_pixels

    def seen(*asked: object) -> np.ndarray:
        pixels = to_pixels(*asked)
        sizes.append((pixels.shape[1], pixels.shape[0]))
        return pixels

    monkeypatch.setattr(decode, "to_pixels", seen)
    return sizes


def expecting(data: bytes, *specs: PictureSpec) -> Frame:
    frame = Frame.from_bytes(data)
    frame.expect(specs)
    return frame


@pytest.mark.parametrize("form", ["JPEG", "MPO"])
def test_a_jpeg_is_decoded_no_larger_than_needed(decoded, form):
    options = {"save_all": True, "append_images": [picture(64, 64)]} if form == "MPO" else {}
    frame = expecting(encoded(form, **options), SMALL, PictureSpec(size=(200, 50), dtype="float32"))
    tensors = [frame.prepared(spec).tensor for spec in (SMALL, PictureSpec(size=(200, 50), dtype="float32"))]
    assert [tensor.shape for tensor in tensors] == [(1, 80, 100, 3), (1, 50, 200, 3)]
    assert decoded == [(201, 151)], "a quarter, once"


@pytest.mark.parametrize(
    "spec",
    [
        SMALL,
        PictureSpec(size=(100, 80), resample="nearest"),
        PictureSpec(size=(120, 120), resize="letterbox"),
        PictureSpec(size=(90, 90), resize="crop"),
        PictureSpec(size=(120, 120), resize="fit", resample="area"),
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_it_shows_what_the_whole_picture_shows(decoded, spec, orientation):
    data = encoded(orientation=orientation)
    whole, reduced = Frame.from_bytes(data).prepared(spec), expecting(data, spec).prepared(spec)
    assert decoded[1] < decoded[0]
    assert reduced.placement == whole.placement, "points go back to the picture itself"
    assert np.abs(reduced.tensor.astype(int) - whole.tensor).mean() < 2.5


def test_pixels_and_size_stay_whole(decoded):
    frame = expecting(encoded(), SMALL)
    frame.prepared(SMALL)
    assert frame.size == (803, 601)
    assert frame.pixels.shape == (601, 803, 3)
    assert frame.image.size == (803, 601)
    assert decoded == [(201, 151), (803, 601)]


def test_pixels_that_are_there_are_used(decoded):
    frame = expecting(encoded(), SMALL)
    _ = frame.pixels
    frame.prepared(SMALL)
    assert decoded == [(803, 601)]


def test_where_the_model_resizes_by_itself(decoded):
    prepared = expecting(encoded(), ENOUGH).prepared(ENOUGH)
    assert prepared.tensor.shape == (1, 151, 201, 3)
    assert decoded == [(201, 151)]
    corners = np.array([[0, 0, 201, 151], [50, 75, 100, 100]], np.float32)
    np.testing.assert_allclose(prepared.placement.to_picture(corners)[0], [0, 0, 803, 601])
    rows, columns = np.nonzero(prepared.tensor[0, ..., 2] > 160)
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)
    np.testing.assert_allclose(prepared.placement.to_picture(box), [200, 300, 400, 400], atol=4)


@pytest.mark.parametrize("spec", [PictureSpec(), PictureSpec(size=(500, 400)), PictureSpec(size=(803, 601))])
def test_one_that_needs_all_pixels_gets_them(decoded, spec):
    frame = expecting(encoded(), SMALL, spec)
    frame.prepared(SMALL)
    frame.prepared(spec)
    assert decoded == [(803, 601)]


def test_encoded_tensors_need_no_pixels(decoded):
    frame = expecting(encoded(), PictureSpec(encoded=True), SMALL)
    assert frame.prepared(PictureSpec(encoded=True)).tensor.tolist() == [frame.encoded]
    frame.prepared(SMALL)
    assert decoded == [(201, 151)]


def test_other_formats_and_pixels_gain_nothing(decoded):
    frame = expecting(encoded("PNG"), SMALL)
    frame.prepared(SMALL)
    frame.prepared(SMALL)
    assert decoded == [(803, 601)]
    frame = Frame.from_array(np.asarray(picture()))
    frame.expect([SMALL])
    assert frame.prepared(SMALL).tensor.shape == (1, 80, 100, 3)


def test_nothing_expected_is_the_whole_picture(decoded):
    Frame.from_bytes(encoded()).prepared(SMALL)
    assert decoded == [(803, 601)]


def test_what_a_spec_needs():
    assert find_needed_size((800, 600), SMALL) == (100, 80)
    assert find_needed_size((800, 600), PictureSpec(size=(100, 100), resize="letterbox")) == (100, 75)
    assert find_needed_size((800, 600), PictureSpec(size=(90, 90), resize="crop")) == (120, 90)
    assert find_needed_size((800, 600), PictureSpec()) is None
    assert find_needed_size((800, 600), ENOUGH) == (100, 80)


def test_a_placement_for_a_reduced_picture():
    placement = place_picture((803, 601), PictureSpec(size=(100, 100), resize="letterbox"))
    reduced = placement.for_picture_size((201, 151))
    assert reduced.content_box == placement.content_box
    assert (reduced.tensor, reduced.offset) == (placement.tensor, placement.offset)
    np.testing.assert_allclose(reduced.to_picture(np.float32([100, 87])) * (803 / 201, 601 / 151), [803, 599], atol=3)
