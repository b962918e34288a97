"""Stores: whatever a server sends, a brain arrives whole, or nothing does and a StoreError says so in a line.

An input is what is asked, a line, and then the whole answer with its head: ``GET /index.json\nHTTP/1.1 200 OK...``.
All else is answered soundly.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import attrs
import urllib3
from commands import Breach, allow_refusal
from faulty_server import FaultyServer
from hub_server import HubServer
from raw_server import RawServer, record
from runner_store_http.store import HttpStore
from runner_store_huggingface.store import HuggingFaceStore
from shelves import publish

from runner_core.cache import Cache
from runner_core.contracts import Store

NAMED = True  # an input begins with the name of its seed
TOKENS = (
    b"\r\n", b"\r\n\r\n", b"Content-Length: 99999999999\r\n", b"Content-Length: -1\r\n", b"Retry-After: 1e9\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Content-Encoding: br\r\n", b"206 Partial",
    b"Location: http://127.0.0.1:9/\r\n", b"Location: file:///etc/passwd\r\n", b"302 Found", b"500 No", b"100 Go on",
    b"Content-Range: bytes 5-4/3\r\n", b"Content-Range: bytes 9-99999999999/*\r\n", b"ETag: \xff\r\n", b"null", b"[]",
    b"-1", b"1e999", b"NaN", b"99999999999999999999", b'"../../x"', b'"/etc/passwd"', b"[[[[[[[[", b"\\u0000", b"{}",
    b"429 Wait", b"416 No", b"204 None", b"304 Same", b"\\ud800", b'"a\\\\b"', b"text/html", b"<!DOCTYPE html>",
)  # fmt: skip
_ASKED = (
    "GET /index.json", "GET /page/1/brain.json", "GET /page/1/weights.bin", "HEAD /tiny.onnx", "GET /tiny.onnx",
    "HEAD /tiny.zip", "GET /tiny.zip", "GET /tiny.tar",
)  # fmt: skip
_HUB_MODEL, _COMMIT = "me/cats", "/api/models/me/cats/revision/main"


def make_seeds() -> Mapping[str, bytes]:
    """Each answer of a store of each kind, while all goes well."""
    return {asked: answer for kind in (_HTTP, _HUB) for asked, answer in kind.make_answers().items()}


def fuzz_one_input(data: bytes) -> None:
    """Raises anything but StoreError, which is a finding; Breach for what is kept of a brain that did not arrive."""
    first, _, answer = data.partition(b"\n")
    asked = first.decode("latin-1")
    kind = _HUB if asked in _HUB.make_answers() else _HTTP
    server = _server()
    server.answers = {**kind.make_answers(), asked: answer}
    with tempfile.TemporaryDirectory() as home:
        os.environ["RUNNER_HOME"] = home
        if kind is _HTTP:
            allow_refusal(lambda: list(kind.open_store(server.url).list()))
        _fetch(lambda cache: kind.open_store(server.url).fetch(kind.name_of(asked), None, cache), Path(home))


def _fetch(fetch: Callable[[Cache], Path], home: Path) -> None:
    cache = Cache(home)
    allow_refusal(lambda: fetch(cache))
    damaged = cache.verify()
    if damaged:
        raise Breach(f"what is kept is damaged: {damaged}")
    outside = [path.name for path in home.parent.iterdir() if path.name in ("x", "passwd")]
    if outside:
        raise Breach(f"written outside of the cache: {outside}")


@lru_cache(maxsize=1)
def _server() -> RawServer:
    """One for the process; retries come at once, and the Hub's library believes that this is the Hub."""
    urllib3.Retry.sleep = lambda *_: None  # type: ignore[method-assign]
    server = RawServer()
    os.environ["HF_ENDPOINT"] = server.url
    return server.__enter__()


@lru_cache(maxsize=1)
def _http_answers() -> Mapping[str, bytes]:
    from onnx_models import write_classifier

    root = Path(tempfile.mkdtemp())
    shelf = root / "shelf"
    shelf.mkdir()
    publish(shelf, size=5000)
    made = write_classifier(shelf / "tiny.onnx")
    with zipfile.ZipFile(shelf / "tiny.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("net/tiny.onnx"), made.read_bytes(), zipfile.ZIP_DEFLATED)
    os.utime(made, (0, 0))
    with tarfile.open(shelf / "tiny.tar", "w") as packed:
        packed.add(made, "tiny.onnx")
    for path in shelf.rglob("*"):
        os.utime(path, (0, 0))  # the bytes of a seed are the same each time
    with FaultyServer(shelf) as server:
        answers = record(server.url, _ASKED)
    shutil.rmtree(root)
    return answers


@lru_cache(maxsize=1)
def _hub_answers() -> Mapping[str, bytes]:
    from onnx_models import write_classifier

    with tempfile.TemporaryDirectory() as folder:
        model = write_classifier(Path(folder) / "model.onnx").read_bytes()
    files = {"model.onnx": model, "config.json": b'{"id2label": {"0": "cat", "1": "dog"}}'}
    with HubServer() as hub:
        commit = hub.commit(_HUB_MODEL, files)
        paths = [f"/{_HUB_MODEL}/resolve/{commit}/{path}" for path in files]
        known = (f"GET {_COMMIT}?blobs=true", f"GET /api/models/{_HUB_MODEL}/tree/{commit}")
        return record(hub.url, [*known, *(f"{method} {path}" for path in paths for method in ("GET", "HEAD"))])


@attrs.frozen
class Kind:
    """A store: its sound answers, what is fetched of it where one of them is damaged, and how it is opened."""

    make_answers: Callable[[], Mapping[str, bytes]]
    name_of: Callable[[str], str]
    open_store: Callable[[str], Store]


_HTTP = Kind(_http_answers, lambda asked: asked.rpartition("/")[2] if "/tiny." in asked else "page", HttpStore)
_HUB = Kind(_hub_answers, lambda _: _HUB_MODEL, lambda _: HuggingFaceStore(""))
