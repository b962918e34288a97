"""Formats: what the files of pictures are named, and the libraries that read what Pillow itself does not."""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from importlib.util import find_spec

import attrs

from runner_core.errors import ImageError

# Of all formats that Pillow unpacks. Left out are EPS and PDF, which are programs, the stubs of formats that need
# another library (WMF, HDF5, GRIB, BUFR), PFM, whose floating-point pixels have no known range, and IM, which ends.
_PILLOW = (
    ".apng", ".avif", ".avifs", ".blp", ".bmp", ".bw", ".cur", ".dcx", ".dds", ".dib", ".fit", ".fits", ".flc", ".fli",
    ".ftc", ".ftu", ".gbr", ".gif", ".icb", ".icns", ".ico", ".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe",
    ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo", ".msp", ".pbm", ".pcd", ".pcx", ".pgm", ".png", ".pnm", ".ppm", ".psd",
    ".pxr", ".qoi", ".ras", ".rgb", ".rgba", ".sgi", ".tga", ".tif", ".tiff", ".vda", ".vst", ".webp", ".xbm", ".xpm",
)  # fmt: skip

# Of cameras' raw files that are TIFFs, in which the camera puts a JPEG (``raw_preview``).
_RAW = (".arw", ".cr2", ".dng", ".nef", ".nrw", ".pef")


@attrs.frozen
class Library:
    """A library that teaches Pillow a format.

    ``module``   registers it with Pillow when it is imported.
    ``package``  the distribution to install.
    ``begins``   matches the first bytes of such a picture.
    """

    form: str
    module: str
    package: str
    suffixes: tuple[str, ...]
    begins: re.Pattern[bytes]

    @property
    def installed(self) -> bool:
        """Whether it can be imported; it is not."""
        return find_spec(self.module.partition(".")[0]) is not None

    def register(self, source: str) -> None:
        """Makes Pillow read the format from now on. Raises ImageError if it is not installed or broken."""
        try:
            importlib.import_module(self.module)
        except ImportError as error:
            if self.installed:
                raise ImageError(f"{source}: {self.package} does not work ({error})", remedy="reinstall it") from error
            problem = f"{source}: a {self.form} picture, which {self.package} reads"
            raise ImageError(problem, remedy=f"`pip install {self.package}`") from None


LIBRARIES = (
    Library(
        form="HEIC",
        module="pillow_heif.HeifImagePlugin",
        package="pillow-heif",
        suffixes=(".heic", ".heics", ".heif", ".heifs", ".hif"),
        # the brands of HEVC in ISO/IEC 23008-12, annex B; mif1 and msf1 may be AVIF, which Pillow tries first
        begins=re.compile(rb".{4}ftyp(he[iv][cxms]|mif1|msf1)", re.DOTALL),
    ),
    Library(
        form="JPEG XL",
        module="pillow_jxl",
        package="pillow-jxl-plugin",
        suffixes=(".jxl",),
        begins=re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),  # ISO/IEC 18181-2
    ),
)


@lru_cache(maxsize=1)
def list_picture_suffixes() -> tuple[str, ...]:
    """The suffixes, in small letters, of all that is read here, with the libraries that are installed."""
    more = (suffix for library in LIBRARIES if library.installed for suffix in library.suffixes)
    return tuple(sorted((*_PILLOW, *_RAW, *more)))


def is_picture_name(name: str) -> bool:
    """Whether a file name has the suffix of a picture that is read here."""
    return name.lower().endswith(list_picture_suffixes())


def find_missing_package(suffix: str) -> str | None:
    """The distribution to install for pictures with that suffix; None if there is none, or it is installed."""
    missing = (each.package for each in LIBRARIES if suffix.lower() in each.suffixes and not each.installed)
    return next(missing, None)


def find_library(data: bytes) -> Library | None:
    """The library for a picture that begins with these bytes; None if Pillow needs none for it."""
    return next((each for each in LIBRARIES if each.begins.match(data)), None)
