"""One picture by http(s), with a limit on its size."""

from runner_core.errors import ImageError
from runner_core.util.location import public_name

LIMIT = 256 * 1024 * 1024
STREAMS = ("multipart/x-mixed-replace", "video/", "application/vnd.apple.mpegurl", "application/x-mpegurl")
TIMEOUT = (5.0, 30.0)  # seconds: to connect, between two reads


def fetch_bytes(url: str) -> bytes:
    """The body at ``url``. Raises ImageError where the server does not give it, or gives more than ``LIMIT`` bytes."""
    import requests

    name = public_name(url)
    try:
        with requests.get(url, timeout=TIMEOUT, stream=True) as answer:
            answer.raise_for_status()
            if answer.headers.get("Content-Type", "").lower().startswith(STREAMS):
                raise ImageError(f"{name}: a stream, not a picture", remedy=f"write stream:{name}")
            return _read(answer.iter_content(1 << 16), name)
    except (requests.RequestException, ValueError) as error:  # ValueError: a host that can be no name
        raise ImageError(public_name(f"{url}: cannot be fetched ({error})"), remedy="check the address") from error


def _read(chunks: object, name: str) -> bytes:
    body = bytearray()
    for chunk in chunks:  # type: ignore[attr-defined]  # requests is untyped here
        body += chunk
        if len(body) > LIMIT:
            raise ImageError(f"{name}: more than {LIMIT} bytes")
    return bytes(body)
