"""Which files an ONNX model names for the weights of its tensors, wherever in it they are.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, https://onnx.ai/onnx/repo-docs/ExternalData.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from mmap import mmap
from pathlib import Path

import attrs

from runner_core.graphs.mapped_file import map_file
from runner_core.graphs.wire import Message
from runner_core.util.file_stamps import was_just_changed

_KEY = b"location"  # without it in the file, no tensor names another

# Where a message of each kind holds others that may hold a tensor: field -> kind.
_HOLDS: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_EXTERNAL = 13  # of a tensor: pairs of a key and a value


@attrs.frozen
class ExternalData:
    """Where a tensor's numbers are said to lie: ``location`` as the model writes it, and the bytes it needs of it."""

    location: str
    offset: int = 0
    length: int = 0


def list_external_data(path: Path) -> tuple[ExternalData, ...]:
    """Of all tensors of an ``.onnx`` file: initializers, attributes, subgraphs, functions, sparse ones.

    Nothing is read of a file without the word that such tensors have, and none is searched twice. Raises ValueError
    where a file with it is no ONNX model, or not one that can be followed to its end; OSError.
    """
    stat = path.stat()
    if was_just_changed(stat.st_ctime_ns):
        return tuple(_find_external(map_file(path)))
    return _search(path, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


@lru_cache(maxsize=8)
def _search(path: Path, *_identity: int) -> tuple[ExternalData, ...]:
    return tuple(_find_external(map_file(path)))


def _find_external(data: mmap) -> Iterator[ExternalData]:
    if data.find(_KEY) < 0:
        return
    waiting = [("model", Message(data))]
    while waiting:
        kind, message = waiting.pop()
        for number, value in message.fields():
            if isinstance(value, int):
                continue
            if kind == "tensor" and number == _EXTERNAL:
                yield _read_external(message)
                break
            held = _HOLDS.get(kind, {}).get(number)
            if held:
                waiting.append((held, value))


def _read_external(tensor: Message) -> ExternalData:
    says = {each.message(1).text(): each.message(2).text() for each in tensor.messages(_EXTERNAL)}
    return ExternalData(says.get("location", ""), int(says.get("offset", 0)), int(says.get("length", 0)))
