"""One picture by http(s), with a limit on its size."""

from __future__ import annotations

from collections.abc import Iterable

from runner_core.errors import ImageError
from runner_core.util.home import describe_offline
from runner_core.util.location import explain_unencoded, redact_url
from runner_core.util.network import describe_cause

MAX_PICTURE_BYTES = 256 * 1024 * 1024
STREAM_TYPES = ("multipart/x-mixed-replace", "video/", "application/vnd.apple.mpegurl", "application/x-mpegurl")
TIMEOUT = (5.0, 30.0)  # seconds: to connect, between two reads


def fetch_bytes(url: str) -> bytes:
    """The body at ``url``.

    Raises ImageError where the server does not send it, or sends a stream or more than ``MAX_PICTURE_BYTES``, and where
    RUNNER_OFFLINE forbids to ask it.
    """
    import requests

    name = redact_url(url)
    if unencoded := explain_unencoded(url):
        raise ImageError(unencoded[0], remedy=unencoded[1])
    if offline := describe_offline():
        raise ImageError(f"{name}: {offline}", remedy="unset it, or give a file")
    try:
        with requests.get(url, timeout=TIMEOUT, stream=True) as response:
            response.raise_for_status()
            if response.headers.get("Content-Type", "").lower().startswith(STREAM_TYPES):
                raise ImageError(f"{name}: a stream, not a picture", remedy=f"write stream:{name}")
            return _read_body(response.iter_content(1 << 16), name)
    except (requests.RequestException, ValueError) as error:  # ValueError: the host cannot be a name
        raise ImageError(f"{name}: cannot be fetched ({describe_cause(error)})", remedy="check the address") from None


def _read_body(chunks: Iterable[bytes], name: str) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_PICTURE_BYTES:
            raise ImageError(f"{name}: more than {MAX_PICTURE_BYTES} bytes")
    return bytes(body)
