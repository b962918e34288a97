"""Addresses as people may see them."""

from __future__ import annotations

import re

_SECRET = re.compile(r"(?<=//)[^/?#]*@|[?#].*", re.DOTALL)


def shown(url: str) -> str:
    """The address without what may be secret in it: an account before the host, a signature behind the path.

    For messages and receipts.
    """
    return _SECRET.sub("", url)
