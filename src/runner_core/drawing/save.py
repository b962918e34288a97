"""Saving a drawn picture where a person says."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from runner_core.errors import SinkError, UsageError
from runner_core.util.atomic import write_bytes
from runner_core.util.home import expand_home

_QUALITY = 95  # of formats that lose something


def choose_form(path: Path) -> str:
    """Pillow's name of the format of the path's suffix. Raises UsageError where Pillow writes none so."""
    form = Image.registered_extensions().get(path.suffix.lower(), "")
    if form not in Image.SAVE:
        raise UsageError(f"{path}: no format of pictures is called {path.suffix!r}", remedy="write .jpg or .png")
    return form


def save_image(image: Image.Image, path: Path) -> Path:
    """Writes an RGB image in the format of the path's suffix, whole or not at all; gives the path.

    Raises UsageError for a suffix in which Pillow writes nothing, SinkError where the file cannot be written.
    """
    path = Path(expand_home(path))
    stream, form = io.BytesIO(), choose_form(path)
    try:
        image.save(stream, form, quality=_QUALITY)
        write_bytes(path, stream.getvalue())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SinkError(f"{path}: cannot be written ({reason})", remedy="name another place") from error
    return path
