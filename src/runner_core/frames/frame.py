"""Frame: one picture, shared by every brain that looks at it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.errors import ImageError, UsageError
from runner_core.frames import decode
from runner_core.frames.download import fetch_bytes
from runner_core.frames.memo import Computed, FeaturesKey, Memo
from runner_core.frames.orientation import read_upright_size
from runner_core.frames.pickled import reduce_frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import Placement, find_needed_size, place_picture
from runner_core.frames.preprocess import Prepared, to_tensor
from runner_core.frames.raw_preview import unwrap_preview
from runner_core.frames.resize import resample
from runner_core.util.home import expand_home
from runner_core.util.location import redact_url
from runner_core.util.notebook import shrink
from runner_core.util.plain_file import read_plain_file

S = TypeVar("S", bound=np.generic)
T = TypeVar("T")
log = logging.getLogger("runner")

_ORDERS = ("rgb", "bgr")  # of an array's channels

MAX_FILE_BYTES = 1024 * 1024 * 1024  # of a picture


class Frame:
    """One picture. Read, decoded and resized lazily, each at most once, whichever thread asks first.

    ``source``     the name that was typed, or that was found below it; errors and records carry it.
    ``file_name``  its path below the folder that was searched, with ``/``, by which what is written for it is named;
                   None where no folder is known.
    ``index``      its place in the run, from 0.
    ``time``       seconds from the start of a video or stream; None for a picture.
    ``taken``      ``time.monotonic()`` when a live source received it, from which its age follows; otherwise None.

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
        self.file_name: str | None = None
        self._read, self._given = (lambda: unwrap_preview(read(), source)) if read else None, read
        self._render = pixels if callable(pixels) else None
        self._expected: tuple[PictureSpec, ...] = ()
        self._memo = Memo()
        if pixels is not None and not self._render:
            self._memo.put("pixels", pixels)

    @classmethod
    def from_path(cls, path: str | os.PathLike[str], *, source: str | None = None, index: int = 0) -> Frame:
        """A picture file, read when it is first needed."""
        return cls(source=source or os.fspath(path), read=partial(_read_file, Path(expand_home(path))), index=index)

    @classmethod
    def from_bytes(cls, data: bytes, *, source: str = "bytes", index: int = 0) -> Frame:
        """An encoded picture in any format that Pillow opens: JPEG, PNG, ..."""
        return cls(source=source, read=partial(bytes, data), index=index)

    @classmethod
    def from_url(cls, url: str, *, index: int = 0) -> Frame:
        """A picture behind http(s), fetched when it is first needed; its source is the URL without its secrets."""
        return cls(source=redact_url(url), read=partial(fetch_bytes, url), index=index)

    @classmethod
    def from_array(
        cls,
        array: NDArray[Any],
        *,
        colour: str = "rgb",
        source: str = "array",
        index: int = 0,
        time: float | None = None,
    ) -> Frame:
        """H x W x 3 uint8 pixels, RGB ones not copied; H x W (x 1) is grey; a fourth channel is dropped.

        ``colour`` is the order of the channels, ``rgb`` or ``bgr``: what ``cv2.imread`` and OpenCV's cameras give is
        ``bgr``. Raises UsageError for another, ImageError for an array that is no picture.
        """
        if colour not in _ORDERS:
            raise UsageError(f"an array has no colour {colour!r}", remedy=f"it is one of {', '.join(_ORDERS)}")
        pixels = _to_rgb(array, source)
        if colour == "bgr":
            pixels = _freeze(np.ascontiguousarray(pixels[..., ::-1]))
        return cls(source=source, pixels=pixels, index=index, time=time)

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
        """Pixels of that (width, height), rendered when they are first needed: a dropped live frame costs nothing."""
        frame = cls(source=source, pixels=render, index=index, time=time, taken=taken)
        frame._memo.put("size", size)
        return frame

    @classmethod
    def from_image(cls, image: Image.Image, *, source: str = "image", index: int = 0) -> Frame:
        """A Pillow image of any mode; its EXIF orientation is applied."""
        return cls.from_array(np.asarray(decode.to_rgb(image, source)), source=source, index=index)

    @classmethod
    def of(cls, picture: Any, *, colour: str = "rgb") -> Frame:
        """A Frame from a path, a URL, encoded bytes, an array, a Pillow image or a Frame.

        ``colour`` is the order of an array's channels, as in ``from_array``; everything else knows its own.
        """
        if colour != "rgb" and not isinstance(picture, np.ndarray):
            raise UsageError(f"colour={colour!r} is for an array", remedy="leave it out: other pictures know their own")
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
                return cls.from_array(picture, colour=colour)
            case Image.Image():
                return cls.from_image(picture)
        several = isinstance(picture, Iterable)
        raise UsageError(
            f"cannot make a picture of {type(picture).__name__}",
            remedy="give one picture; `brain.predict_many` takes several"
            if several
            else "give a path, a URL, bytes, an array, a Pillow image or a Frame",
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Pickles as the path, the address, the bytes or the pixels that it was made of, with what is said of it."""
        return reduce_frame(self, self._given)

    def __repr__(self) -> str:
        return f"Frame({self.source!r}, index={self.index})"

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        return decode.to_png(shrink(self.image))

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, upright, without decoding an encoded picture."""
        return self._memo.get_or_compute("size", self._measure)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """H x W x 3 uint8 RGB, upright, read-only."""
        return self._memo.get_or_compute("pixels", self._decode)

    @property
    def image(self) -> Image.Image:
        """``pixels`` as an RGB Pillow image; draw on a copy."""
        return self._memo.get_or_compute("image", lambda: Image.fromarray(self.pixels))

    @property
    def encoded(self) -> bytes | None:
        """The original bytes, of a camera's raw file the JPEG in it; None for a frame that was made of pixels."""
        return self._memo.get_or_compute("encoded", self._read) if self._read else None

    @property
    def encoded_upright(self) -> bytes:
        """Bytes that a decoder without EXIF or colour spaces reads to ``pixels``: the original ones, else a PNG."""
        return self._memo.get_or_compute("encoded upright", self._encode_upright)

    def expect(self, specs: Sequence[PictureSpec]) -> None:
        """Promises that tensors of no other specs will be asked for: a JPEG is then decoded only as large as needed.

        ``pixels`` and ``image`` stay whole: asking for them decodes the picture once more.
        """
        self._expected = tuple(specs)

    def prepared(self, spec: PictureSpec) -> Prepared:
        """The tensor that ``spec`` asks for, made once for all brains."""
        return self._memo.get_or_compute(spec, lambda: self._prepare(spec))

    def features(self, key: FeaturesKey, compute: Callable[[], T]) -> T:
        """What a trunk computes of such a tensor, by ``compute`` once for all brains that share the trunk."""
        return self._memo.compute_apart(key, compute)

    def forget(self) -> None:
        """Drops what can be computed again: features, tensors, pixels that were decoded or rendered by a function."""
        self._memo.keep_only(("size",) if self._read or self._render else ("size", "pixels"))

    @property
    def computed(self) -> Sequence[Computed]:
        """What was computed since the last ``forget``. A key is a PictureSpec, FeaturesKey or one of its own texts."""
        return tuple(self._memo.log)

    def _open(self) -> Image.Image:
        return self._memo.get_or_compute("opened", self._open_encoded)

    def _open_encoded(self) -> Image.Image:
        image = decode.open_image(self.encoded or b"", self.source)
        with decode.guard_reading(self.source, "damaged"):
            if decode.is_animated(image):
                log.info("of an animation the first picture is looked at here; `runner run FILE` looks at all of it")
            elif decode.has_pages(image):
                log.info("of a file with several pages the first is looked at")
        return image

    def _measure(self) -> tuple[int, int]:
        if self._read is None:
            return _size_of(self.pixels)
        return read_upright_size(self._open())

    def _decode(self) -> NDArray[np.uint8]:
        if self._render:
            return _to_rgb(self._render(), self.source)
        pixels = decode.to_pixels(self._open(), self.encoded or b"", self.source)
        _ = self.size  # is read from the header, which is dropped here with Pillow's decoded image
        self._memo.drop("opened")
        return _freeze(pixels)

    def _encode_upright(self) -> bytes:
        if self.encoded is not None and decode.is_plain(self._open()):
            return self.encoded
        return decode.to_png(self.image)

    def _prepare(self, spec: PictureSpec) -> Prepared:
        placement = place_picture(self.size, spec)
        if spec.encoded:
            data = np.array([self.encoded_upright], dtype=object)
            return Prepared(_freeze(data if spec.batched else data.reshape(())), placement)
        if placement.is_identity:
            return self._prepare_whole(spec, placement)
        pixels = self._sufficient_pixels
        reduced = placement.for_picture_size(_size_of(pixels))
        resized = self._memo.get_or_compute(spec.resize_key, lambda: resample(pixels, reduced, spec))
        return Prepared(to_tensor(resized, spec), placement)

    def _prepare_whole(self, spec: PictureSpec, placement: Placement) -> Prepared:
        """A tensor of the picture's own size, or of the size at which it was decoded if ``spec.enough`` allows that."""
        pixels = self._sufficient_pixels if spec.enough else self.pixels
        size = _size_of(pixels)
        if size != self.size:
            scale = (size[0] / self.size[0], size[1] / self.size[1])
            placement = Placement(self.size, size, scale, (0.0, 0.0))
        return Prepared(to_tensor(pixels, spec), placement)

    @property
    def _sufficient_pixels(self) -> NDArray[np.uint8]:
        """Pixels as large as the expected specs need; those of the whole picture unless fewer are less work."""
        least = [find_needed_size(self.size, spec) for spec in self._expected if not spec.encoded]
        if not least or None in least or self._read is None or "pixels" in self._memo:
            return self.pixels
        sides = tuple(max(side) for side in zip(*(size for size in least if size), strict=True))
        return self._memo.get_or_compute("sufficient", lambda: self._decode_reduced((sides[0], sides[1])))

    def _decode_reduced(self, least: tuple[int, int]) -> NDArray[np.uint8]:
        image = self._open()
        size = decode.choose_reduced_size(image, least)
        if size == image.size:
            return self.pixels
        return self._memo.get_or_compute(
            "reduced", lambda: _freeze(decode.to_pixels(image, self.encoded or b"", self.source, size))
        )


def _size_of(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    """(width, height)."""
    return pixels.shape[1], pixels.shape[0]


def _read_file(path: Path) -> bytes:
    try:
        return read_plain_file(path, MAX_FILE_BYTES)
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file") from None
    except MemoryError:
        raise ImageError(f"{path}: larger than the memory that is left") from None
    except (OSError, ValueError) as error:  # a NUL in a path is a ValueError
        raise ImageError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def _to_rgb(array: NDArray[Any], source: str) -> NDArray[np.uint8]:
    if hasattr(array, "filled"):  # numpy.ma is not imported to ask it
        raise ImageError(
            f"{source}: a masked array", remedy="give array.filled(0), or another colour for what is masked"
        )
    if array.dtype != np.uint8:
        raise ImageError(f"{source}: pixels of type {array.dtype}", remedy="convert them to uint8, 0 to 255")
    if array.ndim == 2 or array.shape[2:] == (1,):
        array = np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or 0 in array.shape:
        raise ImageError(f"{source}: an array of shape {array.shape}", remedy="give one picture, H x W x 3")
    return _freeze(array[..., :3])


def _freeze(array: NDArray[S]) -> NDArray[S]:
    view = array.view()
    view.flags.writeable = False
    return view
