"""Protocol buffers as text, read without a schema: TensorFlow's label maps, Triton's ``config.pbtxt``.

Source: https://protobuf.dev/reference/protobuf/textformat-spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<token>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[{}<>\[\]:,;]|[^\s{}<>\[\]:,;"'\#]+)|(?P<bad>.)"""
)
_CLOSING = {"{": "}", "<": ">"}
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|(.))")

Fields = list[tuple[str, Any]]  # a field's name and its value: text, or the Fields of a message


def parse(text: str) -> Fields:
    """The fields of a message in order; one of several values comes several times. Raises ValueError."""
    return _message(_tokens(text))


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        if match["bad"]:
            raise ValueError(f"line {text.count(chr(10), 0, match.start()) + 1} is not readable")
        if match["token"]:
            yield match["token"]


def _message(tokens: Iterator[str], closing: str = "") -> Fields:
    """The fields up to what closes the message."""
    fields: Fields = []
    for name in tokens:
        if name == closing:
            return fields
        if name in (",", ";"):
            continue
        value = next(tokens, "")
        if value == ":":
            value = next(tokens, "")
        fields += [(name, each) for each in (_list(tokens) if value == "[" else [_value(value, tokens)])]
    if closing:
        raise ValueError("an item is not closed")
    return fields


def _list(tokens: Iterator[str]) -> Iterator[Any]:
    for token in tokens:
        if token == "]":
            return
        if token != ",":
            yield _value(token, tokens)


def _value(token: str, tokens: Iterator[str]) -> Any:
    return _message(tokens, _CLOSING[token]) if token in _CLOSING else _unquoted(token)


def _unquoted(value: str) -> str:
    """What a scalar says: protobuf writes letters beyond ASCII as the octal numbers of their UTF-8 bytes."""
    return _ESCAPE.sub(_byte, value[1:-1].encode()).decode(errors="replace") if value[:1] in ("'", '"') else value


def _byte(escape: re.Match[bytes]) -> bytes:
    octal, digits, letter = escape.groups()
    if letter:
        return {b"n": b"\n", b"t": b"\t"}.get(letter, letter)
    return bytes([int(octal, 8) % 256 if octal else int(digits, 16)])
