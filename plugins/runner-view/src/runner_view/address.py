"""Address: where the page is served, and what the location of a view may say besides."""

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

    ``port``   0 takes any that is free.
    ``host``   the interface to serve on; beyond this machine with a ``token`` alone, which every viewer must bring.
    ``pace``   times its own speed a video is shown at, pictures so many a second; None shows what comes.
    ``open``   whether to open the page in a browser.
    """

    port: int
    host: str = LOOPBACK
    token: str = ""
    pace: float | None = None
    open: bool = False

    @classmethod
    def read(cls, location: str) -> Address:
        """Raises UsageError for what is no port, an option there is not, a host without a token."""
        port, options = split_options(location, _OPTIONS)
        if not port.isdecimal() or int(port) > 65535:
            raise UsageError(f"view:{location}: {port!r} is no port", remedy="write view:8000")
        address = cls(int(port), **options)
        address._check()
        return address

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone can reach it."""
        return self.host == "localhost" or is_loopback(self.host)

    def url(self, port: int, host: str = "") -> str:
        """What to type into a browser; ``port`` is the one that was taken, ``host`` a better name than its own."""
        host = host or self.host
        query = f"?{urlencode({'token': self.token})}" if self.token else ""
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/{query}"

    def _check(self) -> None:
        if not self.is_loopback and not self.token:
            advice = f"view:{self.port}?host={self.host}&token={secrets.token_urlsafe(12)}"
            raise UsageError(
                f"view: {self.host} can be reached from other machines", remedy=f"say who may look: '{advice}'"
            )
        if self.token and len(self.token) < LEAST_TOKEN:
            raise UsageError("view: the token can be guessed", remedy=f"give {LEAST_TOKEN} characters or more")


def is_loopback(host: str) -> bool:
    """Whether it is an address of this machine alone, in numbers."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_OPTIONS = {
    "host": OptionType(".*", str, "a host"),
    "token": OptionType(".*", str, "a token"),
    "pace": OptionType(r"(?=.*[1-9])\d*\.?\d*", float, "a number above 0"),
    "open": OptionType("|".join(_FLAGS), _FLAGS.__getitem__, "yes or no"),
}
