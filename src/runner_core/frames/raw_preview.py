"""The JPEG in a camera's raw file: what the camera made of the sensor's values, which are no picture yet.

DNG, NEF, NRW, CR2, ARW and PEF are TIFFs. Source of the tags: TIFF 6.0; TIFF/EP (ISO 12234-2) for the sensor's values;
DNG 1.7.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from runner_core.errors import ImageError
from runner_core.frames.jpeg_header import read_jpeg_size, with_orientation

_COMPRESSION, _PHOTOMETRIC, _STRIPS, _ORIENTATION, _STRIP_BYTES = 259, 262, 273, 274, 279
_SUB_IFDS, _TABLES, _JPEG, _JPEG_BYTES, _DNG_VERSION = 330, 347, 513, 514, 50706
_SENSOR = (32803, 34892)  # photometric interpretations: a colour filter array, and what is made of it, still linear
_JPEG_COMPRESSIONS = (6, 7)
_FORMATS = {1: "B", 3: "H", 4: "I", 13: "I"}  # of the field types that are read: BYTE, SHORT, LONG, IFD
_MOST_IFDS, _MOST_VALUES = 64, 256  # so that a hostile file costs nothing

Ifd = Mapping[int, Sequence[int]]  # an image file directory: values by tag

log = logging.getLogger("runner")


def unwrap_preview(data: bytes, source: str) -> bytes:
    """The largest JPEG in a camera's raw file, with the file's orientation; other bytes as they are.

    Raises ImageError for a raw file without a JPEG.
    """
    if not data.startswith((b"II*\0", b"MM\0*")):
        return data
    try:
        ifds = list(_read_ifds(data))
    except struct.error:  # it is cut short: whoever decodes it says so
        return data
    if not (data[8:10] == b"CR" or any(map(_is_of_sensor, ifds))):
        return data
    previews = [jpeg for ifd in ifds for jpeg in _find_jpegs(ifd, data)]
    if not previews:
        raise ImageError(f"{source}: a camera's raw file without a JPEG in it", remedy="convert it to JPEG or TIFF")
    log.info("of a camera's raw file the JPEG is looked at that the camera put into it")
    orientation = next(iter(ifds[0].get(_ORIENTATION, ())), 1)
    return with_orientation(max(previews, key=_count_pixels), orientation)


def _count_pixels(jpeg: bytes) -> int:
    width, height = read_jpeg_size(jpeg) or (0, 0)
    return width * height


def _is_of_sensor(ifd: Ifd) -> bool:
    return _DNG_VERSION in ifd or bool(set(ifd.get(_PHOTOMETRIC, ())) & set(_SENSOR))


def _find_jpegs(ifd: Ifd, data: bytes) -> Iterator[bytes]:
    """The JPEGs that can be decoded by themselves; sensors' values are JPEGs too, but lossless ones."""
    pairs = [(_JPEG, _JPEG_BYTES)]
    if set(ifd.get(_COMPRESSION, ())) & set(_JPEG_COMPRESSIONS) and _TABLES not in ifd:
        pairs.append((_STRIPS, _STRIP_BYTES))
    for place, length in pairs:
        starts, counts = ifd.get(place, ()), ifd.get(length, ())
        if len(starts) == len(counts) == 1:
            jpeg = data[starts[0] : starts[0] + counts[0]]
            if read_jpeg_size(jpeg):
                yield jpeg


def _read_ifds(data: bytes) -> Iterator[Ifd]:
    """The main directories, each followed by those below it. Raises struct.error if one is outside the file."""
    order = "<" if data.startswith(b"II") else ">"
    unpack = partial(_unpack, data, order)
    waiting, seen = list(unpack("I", 4)), set[int]()
    while waiting and len(seen) < _MOST_IFDS:
        offset = waiting.pop(0)
        if not offset or offset in seen:
            continue
        seen.add(offset)
        (count,) = unpack("H", offset)
        end = offset + 2 + 12 * count
        ifd = dict(_read_field(data, order, place) for place in range(offset + 2, end, 12))
        yield ifd
        waiting = [*ifd.get(_SUB_IFDS, ()), *waiting, *unpack("I", end)]


def _unpack(data: bytes, order: str, form: str, offset: int) -> tuple[int, ...]:
    return struct.unpack_from(order + form, data, offset)


def _read_field(data: bytes, order: str, offset: int) -> tuple[int, Sequence[int]]:
    """(tag, its values); no values of types that are not read here, nor of long lists."""
    tag, kind, count = struct.unpack_from(f"{order}HHI", data, offset)
    if kind not in _FORMATS or count > _MOST_VALUES:
        return tag, ()
    form = f"{order}{count}{_FORMATS[kind]}"
    inside = struct.calcsize(form) <= 4
    place = offset + 8 if inside else struct.unpack_from(f"{order}I", data, offset + 8)[0]
    return tag, struct.unpack_from(form, data, place)
