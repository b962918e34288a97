"""Pictures in one stream are cut apart where each ends, however they are coded and however they arrive."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from runner_video.peekable import Ahead
from runner_video.split_pictures import cut_by_length, cut_jpeg, cut_png, split_pictures

from runner_core.errors import SourceError

NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8))


class Trickle(io.RawIOBase):
    """Gives so many bytes at a time."""

    def __init__(self, data: bytes, block: int) -> None:
        self._data, self._block = io.BytesIO(data), block

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = self._data.read(min(self._block, len(buffer)))
        buffer[: len(data)] = data
        return len(data)


def ahead(data: bytes, block: int = 1 << 16, limit: int = 1 << 24) -> Ahead:
    return Ahead(io.BufferedReader(Trickle(data, block)), limit)


def saved(form: str, **options: object) -> bytes:
    NOISE.save(stream := io.BytesIO(), form, **options)
    return stream.getvalue()


def with_segment(picture: bytes, inside: bytes) -> bytes:
    """A JPEG with an application segment, where cameras keep a thumbnail."""
    return picture[:2] + b"\xff\xe1" + (len(inside) + 2).to_bytes(2, "big") + inside + picture[2:]


KINDS = {
    "plain": saved("JPEG"),
    "best": saved("JPEG", quality=100, subsampling=0),
    "progressive": saved("JPEG", progressive=True),
    "restarting": saved("JPEG", restart_marker_blocks=3),
    "with a thumbnail": with_segment(saved("JPEG"), saved("JPEG", quality=5)),
}


@pytest.mark.parametrize("block", [1, 2, 3, 1 << 16])
@pytest.mark.parametrize("kind", KINDS)
def test_jpegs_are_cut_at_their_ends(kind, block):
    pictures = [KINDS[kind], KINDS["plain"], KINDS[kind]]
    assert list(split_pictures(ahead(b"".join(pictures), block), cut_jpeg, "-")) == pictures


@pytest.mark.parametrize("block", [1, 1 << 16])
def test_pngs_are_cut_at_their_ends(block):
    pictures = [saved("PNG"), saved("PNG", compress_level=0), saved("PNG")]
    assert list(split_pictures(ahead(b"".join(pictures), block), cut_png, "-")) == pictures


@pytest.mark.parametrize(("cutter", "picture"), [(cut_jpeg, KINDS["progressive"]), (cut_png, saved("PNG"))])
def test_wherever_a_picture_is_cut_short_it_is_reported(cutter, picture):
    for size in range(1, len(picture), 97):
        came = split_pictures(ahead(picture + picture[:size]), cutter, "-")
        assert next(came) == picture
        with pytest.raises(SourceError, match="-: cut short in picture 1; those before it are done"):
            next(came)


@pytest.mark.parametrize(
    ("data", "cutter", "message"),
    [
        (KINDS["plain"] + b"hello hello", cut_jpeg, "picture 1 is not a JPEG, as the first one is"),
        (saved("PNG") + KINDS["plain"], cut_png, "picture 1 is not a PNG, as the first one is"),
        (KINDS["plain"][:20] + bytes(4000), cut_jpeg, "picture 0 is damaged: its end cannot be found"),
        (saved("PNG")[:8] + b"\xff" * 99, cut_png, r"picture 0 claims to have 4294967299 bytes, more than 16777216"),
        ((1 << 25).to_bytes(4, "big"), cut_by_length, "picture 0 claims to have 33554432 bytes, more than 16777216"),
    ],
)
def test_what_is_something_else_is_reported(data, cutter, message):
    with pytest.raises(SourceError, match=message):
        list(split_pictures(ahead(data), cutter, "-"))


def test_a_scan_without_end_does_not_fill_the_memory():
    head = KINDS["plain"][: KINDS["plain"].index(b"\xff\xda") + 14]
    with pytest.raises(SourceError, match="picture 0 has more than 100000 bytes"):
        list(split_pictures(ahead(head + bytes(200_000), limit=100_000), cut_jpeg, "-"))
