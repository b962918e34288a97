"""A view that is being served, and its viewers without a browser."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import attrs
import numpy as np
from runner_liveview.sink import ViewSink, ViewWriter
from websockets.sync.client import ClientConnection, connect

from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference
from runner_core.results.result import Result
from runner_core.testing import sample_inference, sample_pixels


@attrs.frozen
class View:
    """A sink that is open."""

    sink: ViewSink
    writer: ViewWriter
    close: Callable[[], None]

    @property
    def url(self) -> str:
        return self.sink.url

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def show(self, index: int = 0, *answers: Inference, **frame: Any) -> None:
        """Writes the result of one sample frame."""
        self.writer.write(result(index, *answers, **frame))

    @contextmanager
    def viewer(self, **options: Any) -> Iterator[ClientConnection]:
        with connect(f"ws://{self.host}/frames", proxy=None, compression=None, close_timeout=0.2, **options) as viewer:
            yield viewer


def result(index: int = 0, *answers: Inference, source: str = "sample.png", **frame: Any) -> Result:
    """Of a frame of ``sample_pixels``."""
    made = Frame(source=source, pixels=sample_pixels(), index=index, **frame)
    return Result(made, answers or (sample_inference(),))


def read(message: bytes) -> tuple[dict[str, Any], bytes, list[bytes]]:
    """The JSON, the picture and the planes of a message."""
    length = struct.unpack(">I", message[8:12])[0]
    head = json.loads(message[12 : 12 + length])
    at, blobs = 12 + length, []
    for size in head["blobs"]:
        blobs.append(message[at : at + size])
        at += size
    assert at == len(message)
    return head, blobs[0], blobs[1:]


def noise(side: int = 320) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Pixels that make a large JPEG."""
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
