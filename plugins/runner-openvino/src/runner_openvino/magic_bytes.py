"""Marks: how a file of each format begins. OpenVINO would try all its readers, and each prints its complaints."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from runner_core.engines import read_header
from runner_core.errors import EngineError

_SAVED_MODEL = "saved_model.pb"
_IR_VERSION = re.compile(rb"""<net\b[^>]*\sversion=["'](\d{1,3})["']""")
_OLDEST_IR = 10  # since OpenVINO 2020.4
_FROM_ZOO = "; of Open Model Zoo, fetch the model from a release since 2021"
_MARKS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    ".xml": ("an OpenVINO model", lambda head: head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")),
    ".tflite": ("a TensorFlow Lite model", lambda head: head[4:8] == b"TFL3"),
    # The tags of the first fields that their schemas (onnx.proto, graph.proto, saved_model.proto) let them begin with.
    ".onnx": ("an ONNX model", lambda head: head[:1] == b"\x08"),
    ".pb": ("a frozen TensorFlow graph", lambda head: head[:1] in (b"\x0a", b"\x12", b"\x1a", b"\x22")),
    _SAVED_MODEL: ("a SavedModel", lambda head: head[:1] in (b"\x08", b"\x12")),
}


def check_mark(path: Path) -> None:
    """Raises EngineError for a file that cannot be of the format in its name."""
    if path.is_dir() and not (path / _SAVED_MODEL).is_file():
        raise EngineError(f"{path}: a folder without a {_SAVED_MODEL}", remedy="name the model's own file or folder")
    file = path / _SAVED_MODEL if path.is_dir() else path
    what, fits = _MARKS.get(file.name) or _MARKS.get(file.suffix.lower()) or ("", bool)
    header = read_header(file)
    if not fits(header):
        raise EngineError(f"{file}: not {what}", remedy="fetch it again, or see what it is")
    version = _IR_VERSION.search(header) if file.suffix.lower() == ".xml" else None
    if version and int(version[1]) < _OLDEST_IR:
        raise EngineError(
            f"{file}: OpenVINO IR of version {int(version[1])}, and OpenVINO reads {_OLDEST_IR} and later",
            remedy=f"convert the model that it was made from again: `ovc MODEL` writes version 11{_FROM_ZOO}",
        )
