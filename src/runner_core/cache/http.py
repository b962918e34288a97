"""The HTTP client of stores: retries, redirects, errors and resumed transfers in one place."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from runner_core.cache.release import Body, Opener
from runner_core.errors import StoreError, UnreachableError
from runner_core.util.home import require_online
from runner_core.util.location import redact_url
from runner_core.util.network import describe_cause, to_line

log = logging.getLogger("runner")
TIMEOUT = (10.0, 60.0)  # seconds: to connect, between two reads
CHUNK = 1 << 20
MAX_WAIT = 120.0  # seconds that a server may ask a client to wait; longer waits are for people to decide
MAX_JSON_BYTES = 64 << 20
IDEMPOTENT_METHODS = ("GET", "HEAD")  # change nothing at the server, however often they are repeated
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class RetryPolicy(urllib3.Retry):
    """Back-off with jitter that honours Retry-After with a warning, and gives up at once if that is too long."""

    def increment(self, method: str | None = None, url: str | None = None, *args: Any, **options: Any) -> RetryPolicy:
        answer = options.get("response")
        if answer is not None and (self.get_retry_after(answer) or 0) > MAX_WAIT:
            raise urllib3.exceptions.MaxRetryError(options["_pool"], url or "")
        return super().increment(method, url, *args, **options)

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        """In seconds; None if the server does not say, or says something that is not a time."""
        try:
            return super().get_retry_after(response)
        except urllib3.exceptions.InvalidHeader:
            return None

    def sleep_for_retry(self, response: urllib3.BaseHTTPResponse) -> bool:
        wait = self.get_retry_after(response)
        if wait:
            log.warning("the server answers %d and asks to wait %d s", response.status, math.ceil(wait))
        return super().sleep_for_retry(response)


def make_retry_policy(total: int = 4, methods: Collection[str] = IDEMPOTENT_METHODS) -> RetryPolicy:
    """The policy of all requests: after an answer that may be temporary, only ``methods`` are repeated."""
    return RetryPolicy(
        total=total, backoff_factor=0.3, backoff_jitter=0.2, backoff_max=30,
        status_forcelist=(429, 500, 502, 503, 504), allowed_methods=methods, raise_on_status=False,
    )  # fmt: skip


def spend_retry(policy: RetryPolicy, url: str, error: Exception, *, remedy: str = "") -> RetryPolicy:
    """The policy with one retry less, after a connection was cut. Raises UnreachableError if none is left."""
    cut = urllib3.exceptions.ProtocolError(str(error))
    try:
        return policy.increment("GET", url, error=cut)
    except urllib3.exceptions.HTTPError:
        cause = describe_cause(error)
        raise UnreachableError(f"{redact_url(url)}: the connection was cut ({cause})", remedy=remedy) from None


class Bearer(AuthBase):
    """A token. As an auth object, not a plain header, it takes precedence over netrc."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Client(requests.Session):
    """A pool of connections that never follows a redirect from https to http. Proxies and netrc work as in requests.

    ``token``          sent as a bearer token, but not to other servers to which an answer redirects; empty for none.
    ``total_retries``  how often a request is repeated when the server is busy or out of reach.
    ``methods``        those that change nothing at the server and may be repeated.
    """

    def __init__(
        self, *, token: str = "", total_retries: int = 4, methods: Collection[str] = IDEMPOTENT_METHODS
    ) -> None:
        super().__init__()
        self._methods = methods
        adapter = HTTPAdapter(max_retries=make_retry_policy(total_retries, methods), pool_maxsize=16)
        self.mount("http://", adapter)
        self.mount("https://", adapter)
        self.max_redirects = 10
        if token:
            self.auth = Bearer(token)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        try:
            if target:
                _check_redirect(resp.url, target)
        except StoreError:
            resp.close()
            raise
        return target

    def ask(self, method: str, url: str, *, allowed: Sequence[int] = (), **options: Any) -> requests.Response:
        """Sends a request; ``options`` are those of ``requests.Session.request``.

        Returns an answer with a status below 400, or one of ``allowed``. Raises OfflineError, UnreachableError,
        StoreError.
        """
        require_online(redact_url(url))
        try:
            answer = self.request(method, url, timeout=TIMEOUT, **options)
        except requests.TooManyRedirects as error:
            raise StoreError(f"{redact_url(url)}: redirects without end") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            cause = describe_cause(error)
            raise UnreachableError(f"{redact_url(url)}: the server cannot be reached ({cause})") from None
        if answer.status_code >= 400 and answer.status_code not in allowed:
            answer.close()
            raise make_status_error(answer)
        return answer

    def ask_json(self, method: str, url: str, **options: Any) -> Any:
        """The JSON of an answer, asked for again if it was cut. Raises as ``ask``, and StoreError if it is not JSON."""
        policy = make_retry_policy(2 if method in self._methods else 0)
        while True:
            with self.ask(method, url, stream=True, **options) as answer:
                try:
                    return _parse_json(_read_all(answer), answer)
                except (urllib3.exceptions.HTTPError, OSError) as error:
                    policy = spend_retry(policy, url, error)
            policy.sleep()


def _check_redirect(url: str, target: str) -> None:
    """Raises StoreError where ``url`` redirects to no address, such as ``http://[``, or to one that is not followed."""
    try:
        whole = urljoin(url, target)
        parts = urlsplit(whole)
        _ = parts.hostname, parts.port
    except ValueError as error:
        raise StoreError(f"{redact_url(url)}: redirects to what is no address ({error}): refused") from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or (scheme == "http" and url.lower().startswith("https:")):
        raise StoreError(f"{redact_url(url)}: redirects to {redact_url(whole)!r}: refused")


def make_status_error(answer: requests.Response) -> StoreError:
    """The error for a status of 400 or more, with what to do about it and the ``status``."""
    error = _explain_status(answer)
    error.status = answer.status_code
    return error


def _explain_status(answer: requests.Response) -> StoreError:
    status, url = answer.status_code, redact_url(answer.url)
    if status in (401, 403):
        return StoreError(f"{url}: the server refuses access ({status})", remedy="check the token or the account")
    if status == 404:
        return StoreError(f"{url}: not found (404)")
    if status == 429:
        wait = make_retry_policy().get_retry_after(answer.raw)
        limits = ", ".join(f"{key}: {value}" for key, value in answer.headers.items() if "ratelimit" in key.lower())
        return UnreachableError(
            f"{url}: too many requests (429{', ' + to_line(limits) if limits else ''})",
            remedy=f"try again in {math.ceil(wait)} s" if wait else "try again later",
        )
    if status >= 500:
        return UnreachableError(f"{url}: the server fails ({status})", remedy="try again later")
    return StoreError(f"{url}: the server answers {status}")


def http_opener(client: Client, url: str) -> Opener:
    """An Opener for a file behind ``http`` or ``https``; it resumes by Range and If-Range (RFC 9110)."""

    @contextmanager
    def open_at(offset: int, validator: str) -> Iterator[Body]:
        whole = {"Accept-Encoding": "identity"}
        rest = {"Range": f"bytes={offset}-", **({"If-Range": validator} if validator else {})} if offset else {}
        answer = client.ask("GET", url, allowed=(416,), headers=whole | rest, stream=True)
        if answer.status_code == 416:  # nothing after the offset: the file has become shorter
            answer.close()
            answer = client.ask("GET", url, headers=whole, stream=True)
        with answer:
            yield _to_body(answer, url)

    return open_at


def _to_body(answer: requests.Response, url: str) -> Body:
    headers, name = answer.headers, redact_url(url)
    if "text/html" in headers.get("Content-Type", "") and not url.endswith((".html", ".htm")):
        raise StoreError(f"{name}: the server sent an HTML page instead of the file", remedy="check the address")
    if headers.get("Content-Encoding", "identity") not in ("", "identity"):
        raise StoreError(f"{name}: the server sent {headers['Content-Encoding']!r} although asked not to encode")
    offset, total = _parse_range(answer, url)
    framed = "Content-Length" in headers or "Transfer-Encoding" in headers
    return Body(offset, total, _read_chunks(answer), _validator_of(answer), framed)


def _parse_range(answer: requests.Response, url: str) -> tuple[int, int | None]:
    """(the first byte that comes, bytes of the whole file if known)."""
    if answer.status_code != 206:
        size = answer.headers.get("Content-Length", "")
        return 0, int(size) if size.isdecimal() else None
    header = answer.headers.get("Content-Range", "")
    match = _CONTENT_RANGE.fullmatch(header)
    if match is None:
        raise StoreError(f"{redact_url(url)}: the server sent a part of the file, but not which ({header!r})")
    return int(match[1]), None if match[2] == "*" else int(match[2])


def _validator_of(answer: requests.Response) -> str:
    """A strong ETag, otherwise the date of the last change."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _read_chunks(answer: requests.Response) -> Iterator[bytes]:
    """The bytes as they arrive; past the generator of requests, which would copy each chunk once more."""
    while chunk := answer.raw.read1(CHUNK):
        yield chunk


def _read_all(answer: requests.Response) -> bytes:
    """Raises HTTPError if the connection was cut, StoreError for more than ``MAX_JSON_BYTES``."""
    body = bytearray()
    while chunk := answer.raw.read(CHUNK, decode_content=True):  # only the read after the last byte shows a cut
        body += chunk
        if len(body) > MAX_JSON_BYTES:
            raise StoreError(f"{redact_url(answer.url)}: the server sent more than {MAX_JSON_BYTES} bytes of JSON")
    return bytes(body)


def _parse_json(body: bytes, answer: requests.Response) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        kind = to_line(answer.headers.get("Content-Type", "").partition(";")[0]) or "something"
        sent = "broken JSON" if "json" in kind else f"{kind} instead of JSON"
        raise StoreError(f"{redact_url(answer.url)}: the server sent {sent}") from None
