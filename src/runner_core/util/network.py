"""Why a request failed, in a few words."""

from __future__ import annotations

import re

from runner_core.util.location import redact_url

_POOL = re.compile(r"^\w*Connection(Pool)?\(.*?\): ")  # what urllib3 begins its messages with
_URL = re.compile(r"\S+://\S+")
_MOST_TOLD = 200


def describe_cause(error: Exception) -> str:
    """The innermost cause of what requests or urllib3 raised, in one line; URLs in it are redacted.

    The outer errors repeat the path of the request with its query: raise ``from None``, so that no traceback shows it.
    Where the answer is no HTTP, they quote it.
    """
    while causes := [cause for cause in (getattr(error, "reason", None), *error.args) if isinstance(cause, Exception)]:
        error = causes[0]
    return to_line(_URL.sub(lambda url: redact_url(url[0]), _POOL.sub("", str(error))))


def to_line(text: str) -> str:
    """What a server sent, to be quoted: in one line of no more than 200 signs, all of them printable."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= _MOST_TOLD else line[:_MOST_TOLD] + " ..."
