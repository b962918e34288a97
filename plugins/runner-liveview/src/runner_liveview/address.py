"""Address: where the page is served, and the options in the location of a view."""

from __future__ import annotations

import secrets
from ipaddress import ip_address
from urllib.parse import urlencode

import attrs

from runner_core.errors import UsageError
from runner_core.util import OptionType, split_options

LOOPBACK = "127.0.0.1"
LEAST_TOKEN = 8  # characters

_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@attrs.frozen
class Address:
    """``8000``, ``8000?open=1``, ``8000?host=0.0.0.0&token=...``.

    ``port``   0 takes any free one.
    ``host``   the interface to serve on; other machines can reach it only with a ``token`` that every viewer must send.
    ``pace``   the speed of a video, 1 being its own, or pictures a second; None shows frames as they come.
    ``wait``   whether a run over files waits for the first viewer; None: if it is watched in a terminal.
    ``open``   whether to open the page in a browser.
    """

    port: int
    host: str = LOOPBACK
    token: str = ""
    pace: float | None = None
    wait: bool | None = None
    open: bool = False

    @classmethod
    def read(cls, location: str) -> Address:
        """Raises UsageError for what is not a port, an unknown option, a host without a token."""
        port, options = split_options(location, _OPTIONS)
        if not port.isdecimal() or int(port) > 65535:
            raise UsageError(f"view:{location}: {port!r} is not a port", remedy="write view:8000")
        address = cls(int(port), **options)
        address._check()
        return address

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host == "localhost" or is_loopback(self.host)

    def url(self, port: int, host: str = "") -> str:
        """What to type into a browser; ``port`` is the one that was bound, ``host`` a better name than its own."""
        host = host or self.host
        query = f"?{urlencode({'token': self.token})}" if self.token else ""
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/{query}"

    def _check(self) -> None:
        if not self.is_loopback and not self.token:
            advice = f"view:{self.port}?host={self.host}&token={secrets.token_urlsafe(12)}"
            raise UsageError(
                f"view: {self.host} can be reached from other machines",
                remedy=f"give viewers a token: '{advice}'",
            )
        if self.token and len(self.token) < LEAST_TOKEN:
            raise UsageError("view: the token can be guessed", remedy=f"give {LEAST_TOKEN} characters or more")


def is_loopback(host: str) -> bool:
    """Whether it is a numeric address that only this machine can reach."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_OPTIONS = {
    "host": OptionType(".*", str, "a host"),
    "token": OptionType(".*", str, "a token"),
    "pace": OptionType(r"(?=.*[1-9])\d*\.?\d*", float, "a number above 0"),
    "wait": OptionType("|".join(_FLAGS), _FLAGS.__getitem__, "yes or no"),
    "open": OptionType("|".join(_FLAGS), _FLAGS.__getitem__, "yes or no"),
}
