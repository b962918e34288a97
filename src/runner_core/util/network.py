"""Why a request failed, in a few words."""

from __future__ import annotations

import re

from runner_core.util.location import redact_url

_POOL = re.compile(r"^\w*Connection(Pool)?\(.*?\): ")  # what urllib3 begins its messages with
_URL = re.compile(r"\S+://\S+")


def describe_cause(error: Exception) -> str:
    """The innermost cause of what requests or urllib3 raised; URLs in it are redacted.

    The outer errors repeat the path of the request with its query.
    """
    while causes := [cause for cause in (getattr(error, "reason", None), *error.args) if isinstance(cause, Exception)]:
        error = causes[0]
    return _URL.sub(lambda url: redact_url(url[0]), _POOL.sub("", str(error)))
