"""Speaking HTTP to stores: retries, redirects, errors and resumed transfers in one place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from runner_core.cache.home import require_online
from runner_core.cache.release import Body, Opener
from runner_core.errors import StoreError, UnreachableError

TIMEOUT = (10.0, 60.0)  # seconds: to connect, between two reads
CHUNK = 1 << 20
IDEMPOTENT = frozenset({"GET", "HEAD"})


def retries(total: int = 4) -> urllib3.Retry:
    """Back-off with jitter, honouring Retry-After up to two minutes; only what may be asked twice is asked twice."""
    return urllib3.Retry(
        total=total, backoff_factor=0.3, backoff_jitter=0.2, backoff_max=30, retry_after_max=120,
        status_forcelist=(429, 500, 502, 503, 504), allowed_methods=IDEMPOTENT, raise_on_status=False,
    )  # fmt: skip


class Client(requests.Session):
    """A pool of connections that never follows https to http. Proxies and netrc are honoured as requests does."""

    def __init__(self, *, token: str = "", total_retries: int = 4) -> None:
        super().__init__()
        adapter = HTTPAdapter(max_retries=retries(total_retries), pool_maxsize=16)
        self.mount("http://", adapter)
        self.mount("https://", adapter)
        self.max_redirects = 10
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target and resp.url.startswith("https://") and target.startswith("http://"):
            raise StoreError(f"{resp.url}: redirects from https to {target}: refused")
        return target

    def ask(self, method: str, url: str, *, allowed: Sequence[int] = (), **options: Any) -> requests.Response:
        """One answer with a status under 400, or in ``allowed``. Raises OfflineError, UnreachableError, StoreError."""
        require_online(url)
        try:
            answer = self.request(method, url, timeout=TIMEOUT, **options)
        except requests.TooManyRedirects as error:
            raise StoreError(f"{url}: redirects without end") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise UnreachableError(f"{url}: the server cannot be reached ({_reason(error)})") from error
        if answer.status_code >= 400 and answer.status_code not in allowed:
            answer.close()
            raise refused(answer)
        return answer

    def ask_json(self, method: str, url: str, **options: Any) -> Any:
        """The JSON of an answer. Raises StoreError where it is something else."""
        answer = self.ask(method, url, **options)
        try:
            return answer.json()
        except ValueError:
            raise StoreError(f"{url}: the server sent {_kind(answer)} instead of JSON") from None


def refused(answer: requests.Response) -> StoreError:
    """The error for a status of 400 and more, with what to do about it."""
    status, url = answer.status_code, answer.url
    if status in (401, 403):
        return StoreError(f"{url}: the server refuses access ({status})", remedy="check the token or the account")
    if status == 404:
        return StoreError(f"{url}: not found (404)")
    if status == 429:
        wait = answer.headers.get("Retry-After")
        limits = ", ".join(f"{key}: {value}" for key, value in answer.headers.items() if "ratelimit" in key.lower())
        return UnreachableError(
            f"{url}: too many requests (429{', ' + limits if limits else ''})",
            remedy=f"try again in {wait} s" if wait else "try again later",
        )
    if status >= 500:
        return UnreachableError(f"{url}: the server fails ({status})", remedy="try again later")
    return StoreError(f"{url}: the server answers {status}")


def http_opener(client: Client, url: str) -> Opener:
    """Opens a file behind http(s) anywhere in the middle, by Range and If-Range."""

    @contextmanager
    def opened(offset: int, validator: str) -> Iterator[Body]:
        whole = {"Accept-Encoding": "identity"}
        rest = {"Range": f"bytes={offset}-", **({"If-Range": validator} if validator else {})} if offset else {}
        answer = client.ask("GET", url, allowed=(416,), headers=whole | rest, stream=True)
        if answer.status_code == 416:  # there is nothing behind the offset: the file has become shorter
            answer.close()
            answer = client.ask("GET", url, headers=whole, stream=True)
        with answer:
            yield _body(answer, url)

    return opened


def _body(answer: requests.Response, url: str) -> Body:
    if "text/html" in answer.headers.get("Content-Type", "") and not url.endswith((".html", ".htm")):
        raise StoreError(f"{url}: the server sent an HTML page instead of the file", remedy="check the address")
    offset, size = 0, answer.headers.get("Content-Length")
    total = int(size) if size and size.isdigit() else None
    if answer.status_code == 206:
        span, _, whole = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        offset = int(span.partition("-")[0] or 0)
        total = int(whole) if whole.isdigit() else None
    return Body(offset, total, _chunks(answer), _validator(answer))


def _validator(answer: requests.Response) -> str:
    """A strong ETag, else the date of the last change."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _chunks(answer: requests.Response) -> Iterator[bytes]:
    """Reads past requests' own generator: it would copy each chunk once more."""
    while chunk := answer.raw.read(CHUNK):
        yield chunk


def _kind(answer: requests.Response) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0] or "something"


def _reason(error: Exception) -> str:
    """The innermost cause, in a few words."""
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    inner = getattr(error, "reason", None)
    return str(inner or error).partition(": ")[2] or str(inner or error)
