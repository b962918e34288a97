"""Frame: one picture, shared by every brain that looks at it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.errors import ImageError, UsageError
from runner_core.frames import decode
from runner_core.frames.download import fetch_bytes
from runner_core.frames.memo import Computed, Memo
from runner_core.frames.preprocess import PictureSpec, Placement, Prepared, as_tensor, needed, place
from runner_core.frames.resize import resample
from runner_core.util.location import redact_url

S = TypeVar("S", bound=np.generic)

# What a frame makes by itself, and the stage of a run that it belongs to; a tensor and its parts are prepared.
DECODED = ("pixels", "reduced")
_STAGES = {"encoded": "read", **dict.fromkeys(("opened", "size", "image", "enough", *DECODED), "decode")}


def stage_of(making: Computed) -> str:
    """``read``, ``decode`` or ``prepare``."""
    return _STAGES.get(str(making.key), "prepare")


class Frame:
    """One picture. Read, decoded and resized lazily, each at most once, whichever thread asks first.

    ``source``  what the person named, or what was found below it; errors and records carry it.
    ``index``   its place in the run, from 0.
    ``time``    seconds from the start of a video or stream, None for a picture.
    ``taken``   ``time.monotonic()`` when a live source got it, so that its age can be told; else None.

    Make one by ``from_path``, ``from_bytes``, ``from_url``, ``from_array``, ``from_function``, ``from_image``, or by
    ``of`` for any of these.
    """

    def __init__(
        self,
        *,
        source: str,
        read: Callable[[], bytes] | None = None,
        pixels: NDArray[np.uint8] | Callable[[], NDArray[Any]] | None = None,
        index: int = 0,
        time: float | None = None,
        taken: float | None = None,
    ) -> None:
        if (read is None) == (pixels is None):
            raise UsageError("a Frame is made of either encoded bytes or pixels")
        self.source, self.index, self.time, self.taken = source, index, time, taken
        self._read = read
        self._render = pixels if callable(pixels) else None
        self._expected: tuple[PictureSpec, ...] = ()
        self._made = Memo()
        if pixels is not None and not self._render:
            self._made.put("pixels", pixels)

    @classmethod
    def from_path(cls, path: str | os.PathLike[str], *, source: str | None = None, index: int = 0) -> Frame:
        """A picture file. It is read when somebody needs it."""
        return cls(source=source or os.fspath(path), read=lambda: _read_file(Path(path)), index=index)

    @classmethod
    def from_bytes(cls, data: bytes, *, source: str = "bytes", index: int = 0) -> Frame:
        """An encoded picture: JPEG, PNG, ... whatever Pillow opens."""
        return cls(source=source, read=lambda: data, index=index)

    @classmethod
    def from_url(cls, url: str, *, index: int = 0) -> Frame:
        """A picture behind http(s), fetched when somebody needs it; its source is the URL without a password."""
        return cls(source=redact_url(url), read=lambda: fetch_bytes(url), index=index)

    @classmethod
    def from_array(
        cls, array: NDArray[Any], *, source: str = "array", index: int = 0, time: float | None = None
    ) -> Frame:
        """Pixels H x W x 3 uint8 RGB; H x W (x 1) is grey, a fourth channel is dropped. Colour is not copied."""
        return cls(source=source, pixels=_as_rgb(array, source), index=index, time=time)

    @classmethod
    def from_function(
        cls,
        render: Callable[[], NDArray[Any]],
        size: tuple[int, int],
        *,
        source: str,
        index: int = 0,
        time: float | None = None,
        taken: float | None = None,
    ) -> Frame:
        """Pixels of that (width, height), made when somebody needs them: what a live source drops costs nothing."""
        frame = cls(source=source, pixels=render, index=index, time=time, taken=taken)
        frame._made.put("size", size)
        return frame

    @classmethod
    def from_image(cls, image: Image.Image, *, source: str = "image", index: int = 0) -> Frame:
        """A Pillow image of any mode; its EXIF orientation is applied."""
        return cls.from_array(np.asarray(decode.to_rgb(image, source)), source=source, index=index)

    @classmethod
    def of(cls, picture: Any) -> Frame:
        """A Frame from a path, a URL, encoded bytes, an array, a Pillow image or a Frame."""
        match picture:
            case Frame():
                return picture
            case str() if picture[:8].lower().startswith(("http://", "https://")):
                return cls.from_url(picture)
            case str() | os.PathLike():
                return cls.from_path(picture)
            case bytes() | bytearray() | memoryview():
                return cls.from_bytes(bytes(picture))
            case np.ndarray():
                return cls.from_array(picture)
            case Image.Image():
                return cls.from_image(picture)
        raise UsageError(
            f"cannot make a picture of {type(picture).__name__}",
            remedy="give a path, a URL, bytes, an array, a Pillow image or a Frame",
        )

    def __repr__(self) -> str:
        return f"Frame({self.source!r}, index={self.index})"

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, upright; an encoded picture is not decoded for it."""
        return self._made.once("size", self._measure)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """H x W x 3 uint8 RGB, upright, read-only."""
        return self._made.once("pixels", self._decode)

    @property
    def image(self) -> Image.Image:
        """The same as an RGB Pillow image; draw on a copy."""
        return self._made.once("image", lambda: Image.fromarray(self.pixels))

    @property
    def encoded(self) -> bytes | None:
        """The bytes as they came, or None for a frame made of pixels."""
        return self._made.once("encoded", self._read) if self._read else None

    @property
    def encoded_upright(self) -> bytes:
        """Bytes that a plain decoder reads to ``pixels``: the original ones where it can, else a PNG of the pixels."""
        return self._made.once("encoded upright", self._encode_upright)

    def expect(self, specs: Sequence[PictureSpec]) -> None:
        """Says that nobody will ask for tensors of other specs: a JPEG is then decoded only as large as they need.

        ``pixels`` and ``image`` stay whole; who asks for them has the picture decoded once more.
        """
        self._expected = tuple(specs)

    def prepared(self, spec: PictureSpec) -> Prepared:
        """The tensor that ``spec`` asks for, made once however many brains ask."""
        return self._made.once(spec, lambda: self._prepare(spec))

    def forget(self) -> None:
        """Drops what can be made again: prepared tensors, pixels that were decoded or made by a function."""
        self._made.keep(("size",) if self._read or self._render else ("size", "pixels"))

    @property
    def makings(self) -> Sequence[Computed]:
        """What was made of it since it last forgot. Their keys: a PictureSpec, one of ``DECODED``, the frame's own."""
        return tuple(self._made.log)

    def _opened(self) -> Image.Image:
        return self._made.once("opened", lambda: decode.open_image(self.encoded or b"", self.source))

    def _measure(self) -> tuple[int, int]:
        if self._read is None:
            return _size_of(self.pixels)
        return decode.upright_size(self._opened())

    def _decode(self) -> NDArray[np.uint8]:
        if self._render:
            return _as_rgb(self._render(), self.source)
        pixels = decode.to_pixels(self._opened(), self.encoded or b"", self.source)
        _ = self.size  # needs the header, which goes with the decoded image: the pixels are enough
        self._made.drop("opened")
        return _frozen(pixels)

    def _encode_upright(self) -> bytes:
        if self.encoded is not None and decode.is_plain(self._opened()):
            return self.encoded
        return decode.to_png(self.image)

    def _prepare(self, spec: PictureSpec) -> Prepared:
        placement = place(self.size, spec)
        if spec.encoded:
            data = np.array([self.encoded_upright], dtype=object)
            return Prepared(_frozen(data if spec.batched else data.reshape(())), placement)
        if placement.identity:
            return self._prepare_whole(spec, placement)
        pixels = self._enough
        seen = placement.seen_from(_size_of(pixels))
        return Prepared(
            as_tensor(self._made.once(spec.resize_key, lambda: resample(pixels, seen, spec)), spec), placement
        )

    def _prepare_whole(self, spec: PictureSpec, placement: Placement) -> Prepared:
        """A tensor of the picture's own size, or of the size it was decoded at where that is enough."""
        pixels = self._enough if spec.enough else self.pixels
        size = _size_of(pixels)
        if size != self.size:
            scale = (size[0] / self.size[0], size[1] / self.size[1])
            placement = Placement(self.size, size, scale, (0.0, 0.0))
        return Prepared(as_tensor(pixels, spec), placement)

    @property
    def _enough(self) -> NDArray[np.uint8]:
        """The pixels as far as the expected specs need them; the whole picture where that is no less work."""
        least = [needed(self.size, spec) for spec in self._expected if not spec.encoded]
        if not least or None in least or self._read is None or "pixels" in self._made:
            return self.pixels
        sides = tuple(max(side) for side in zip(*(size for size in least if size), strict=True))
        return self._made.once("enough", lambda: self._reduced_or_whole((sides[0], sides[1])))

    def _reduced_or_whole(self, least: tuple[int, int]) -> NDArray[np.uint8]:
        image = self._opened()
        size = decode.reduced_size(image, least)
        if size == image.size:
            return self.pixels
        return self._made.once(
            "reduced", lambda: _frozen(decode.to_pixels(image, self.encoded or b"", self.source, size))
        )


def _size_of(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    """(width, height)."""
    return pixels.shape[1], pixels.shape[0]


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # a NUL in a path is a ValueError
        raise ImageError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def _as_rgb(array: NDArray[Any], source: str) -> NDArray[np.uint8]:
    if array.dtype != np.uint8:
        raise ImageError(f"{source}: pixels of type {array.dtype}", remedy="convert them to uint8, 0 to 255")
    if array.ndim == 2 or array.shape[2:] == (1,):
        array = np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or 0 in array.shape:
        raise ImageError(f"{source}: an array of shape {array.shape}", remedy="give H x W x 3, RGB")
    return _frozen(array[..., :3])


def _frozen(array: NDArray[S]) -> NDArray[S]:
    view = array.view()
    view.flags.writeable = False
    return view
