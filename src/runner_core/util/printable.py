"""Text as a terminal may show it, whoever wrote it."""

from __future__ import annotations

import re

# What a terminal acts on: control characters but the newline, C1 ones too (a U+009B begins a command as ESC [ does);
# what turns the direction of a line, so that it reads as another; and halves of pairs, from names that are not UTF-8.
_ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def make_printable(text: str, encoding: str = "utf-8") -> str:
    r"""The text, with ``\u001b`` for each character that a terminal would act on or that ``encoding`` cannot hold.

    JSON has the same escapes: printed JSON keeps its meaning. Newlines stay.
    """
    printable = _ACTING.sub(lambda sign: _escape(sign[0]), text)
    try:
        printable.encode(encoding)
    except UnicodeEncodeError:
        return "".join(sign if sign.isascii() or _fits(sign, encoding) else _escape(sign) for sign in printable)
    return printable


def _fits(sign: str, encoding: str) -> bool:
    try:
        return bool(sign.encode(encoding))
    except UnicodeEncodeError:
        return False


def _escape(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))
