"""Web: an address that does not show whether it is a stream, a video or a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from mimetypes import guess_type

from runner_core.contracts import Source
from runner_core.frames import Frame
from runner_core.pipeline import open_source
from runner_core.util import describe_offline, without_account
from runner_video import live, video
from runner_video.network_stream import Stream
from runner_video.options import split_options
from runner_video.video import VideoSource

TIMEOUT = (5.0, 10.0)  # seconds: to connect, to the answer
_STREAMS = ("multipart/x-mixed-replace", "application/dash+xml")
_FILES = ("video/mp4", "video/quicktime", "video/x-m4v")  # servers that send these know their length
_UNAUTHORIZED = 401


class Web:
    """``http://``, ``https://``: the source for what the server says is there.

    The server is asked only for its headers, at the first use; not if the name is that of a picture. What is neither a
    stream nor a video is left to the source ``file``, and so is an address from which no answer comes.

    ``names_picture``  whether the address itself shows that it is a picture.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._address, _ = split_options(location, {**live.OPTIONS, **video.OPTIONS}, foreign=True)
        name = self._address.partition("?")[0].rpartition("/")[2]
        self.names_picture = (guess_type(name)[0] or "").startswith("image/")

    @property
    def live(self) -> bool:
        return self._source.live

    @property
    def total(self) -> int | None:
        """How many frames there will be, if that is known. Raises SourceError."""
        return getattr(self._source, "total", None)

    @property
    def gaps(self) -> int:
        """How often a stream was lost and came back."""
        return getattr(self._source, "gaps", 0)

    def frames(self) -> Iterator[Frame]:
        """Raises SourceError, NotInstalled."""
        return self._source.frames()

    @cached_property
    def _source(self) -> Source:
        unasked = self.names_picture or describe_offline()  # the source that fetches it reports this
        kind = None if unasked else _kind(self._address)
        return kind(self._location) if kind else open_source(f"file:{self._location}")


def _kind(address: str) -> type[Stream | VideoSource] | None:
    """The source for what the server says is there; None for anything else."""
    import requests

    try:
        code, headers = _fetch_headers(without_account(address))
        challenge = headers.get("WWW-Authenticate", "").lower()
        if code == _UNAUTHORIZED and "basic" in challenge and "digest" not in challenge:  # else it stays unsent
            code, headers = _fetch_headers(address)
    except (requests.RequestException, ValueError):  # ValueError: an impossible host name
        return None  # the source that fetches it reports this
    return Stream if code == _UNAUTHORIZED else _kind_of(headers)  # FFmpeg knows more ways to log in


def _fetch_headers(address: str) -> tuple[int, Mapping[str, str]]:
    """The status and the headers of the answer. Raises RequestException."""
    import requests

    with requests.get(address, timeout=TIMEOUT, stream=True) as answer:
        return answer.status_code, answer.headers


def _kind_of(headers: Mapping[str, str]) -> type[Stream | VideoSource] | None:
    name = headers.get("Content-Type", "").lower()
    if name.startswith(_STREAMS) or "mpegurl" in name:
        return Stream
    if not name.startswith("video/"):
        return None
    ends = "Content-Length" in headers or headers.get("Accept-Ranges") == "bytes" or name.startswith(_FILES)
    return VideoSource if ends else Stream
