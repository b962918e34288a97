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

Fields = list[tuple[str, Any]]  # each field's name and value: text, or the Fields of a message


def parse_textproto(text: str) -> Fields:
    """The fields of a message in order; a field with several values appears several times. Raises ValueError."""
    return _parse_message(_split_tokens(text))


def _split_tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        if match["bad"]:
            raise ValueError(f"line {text.count(chr(10), 0, match.start()) + 1} is not readable")
        if match["token"]:
            yield match["token"]


def _parse_message(tokens: Iterator[str], closing: str = "") -> Fields:
    """The fields up to the token that closes the message."""
    fields: Fields = []
    for name in tokens:
        if name == closing:
            return fields
        if name in (",", ";"):
            continue
        value = next(tokens, "")
        if value == ":":
            value = next(tokens, "")
        fields += [(name, each) for each in (_parse_list(tokens) if value == "[" else [_parse_value(value, tokens)])]
    if closing:
        raise ValueError("an item is not closed")
    return fields


def _parse_list(tokens: Iterator[str]) -> Iterator[Any]:
    for token in tokens:
        if token == "]":
            return
        if token != ",":
            yield _parse_value(token, tokens)


def _parse_value(token: str, tokens: Iterator[str]) -> Any:
    return _parse_message(tokens, _CLOSING[token]) if token in _CLOSING else _unquote(token)


def _unquote(value: str) -> str:
    """A scalar's text without quotes; protobuf writes letters beyond ASCII as octal numbers of their UTF-8 bytes."""
    if value[:1] not in ("'", '"'):
        return value
    return _ESCAPE.sub(_unescape_byte, value[1:-1].encode()).decode(errors="replace")


def _unescape_byte(escape: re.Match[bytes]) -> bytes:
    octal, digits, letter = escape.groups()
    if letter:
        return {b"n": b"\n", b"t": b"\t"}.get(letter, letter)
    return bytes([int(octal, 8) % 256 if octal else int(digits, 16)])
