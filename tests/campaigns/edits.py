"""Edits: how a mutant differs from a whole file, short enough to be typed and kept.

    40-4+ffffffff 120+0000 7-1    # 4 bytes from 40 on replaced, 2 put in at 120, 1 taken out at 7

Places are those in the file before that edit, and edits are applied from left to right. A place behind the end is the
end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

import attrs

_MOST_EDITS = 4
_EDIT = re.compile(r"(\d+)(?:-(\d+))?(?:\+((?:[0-9a-f]{2})+))?")
_TEXT = re.compile(rb"[ -~]{3,}")  # near what looks like text lies a file's structure; elsewhere its numbers
_ODD = (0, 1, -1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1)
_VALUE = re.compile(  # of JSON, and what is alike elsewhere; objects and lists with nothing like them inside
    rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null|\[[^\[\]]*\]|\{[^{}]*\}|(?<=[{,])\s*"[^"]*"\s*:[^,{}\[\]]*,'
)
_VALUES = (
    b"null", b"true", b"-1", b"0", b"0.5", b"1e999", b"NaN", b"99999999999999999999", b'""', b'"x"', b"[]", b"[1]",
    b"[[1,2],[3]]", b"[null]", b"{}", b'{"a":1}', b'"\\ud800"', b'"\\u0000"', b"1e308", b"", b'["a"]', b"[true]",
)  # fmt: skip
_HEAD = 256  # bytes in which most formats say what they are


@attrs.frozen
class Edit:
    """At ``place``, ``cut`` bytes go and ``put`` comes."""

    place: int
    cut: int = 0
    put: bytes = b""

    def __str__(self) -> str:
        return f"{self.place}{f'-{self.cut}' if self.cut else ''}{f'+{self.put.hex()}' if self.put else ''}"


def parse_edits(text: str) -> tuple[Edit, ...]:
    """Raises ValueError for what is not written as above."""
    found = [_EDIT.fullmatch(word) for word in text.split()]
    if None in found:
        raise ValueError(f"not edits: {text}")
    return tuple(Edit(int(each[1]), int(each[2] or 0), bytes.fromhex(each[3] or "")) for each in found if each)


def format_edits(edits: Sequence[Edit]) -> str:
    return " ".join(map(str, edits))


def apply_edits(data: bytes, edits: Sequence[Edit]) -> bytes:
    for edit in edits:
        data = data[: edit.place] + edit.put + data[edit.place + edit.cut :]
    return data


def draw_edits(random: Random, data: bytes, tokens: Sequence[bytes] = ()) -> tuple[Edit, ...]:
    """A few edits; ``tokens`` are words of the format, which some of them put in."""
    texts = [found.span() for found in _TEXT.finditer(data)]
    return tuple(_draw_edit(random, data, texts, tokens) for _ in range(random.randint(1, _MOST_EDITS)))


def minimise(edits: Sequence[Edit], still_fails: Callable[[Sequence[Edit]], bool]) -> tuple[Edit, ...]:
    """As few of the edits, each as short, as ``still_fails`` needs."""
    kept = list(edits)
    for edit in list(kept):
        fewer = [each for each in kept if each is not edit]
        if fewer and still_fails(fewer):
            kept = fewer
    for number in range(len(kept)):
        while len(put := kept[number].put) > 1:
            shorter = attrs.evolve(kept[number], put=put[: len(put) // 2])
            if not still_fails([*kept[:number], shorter, *kept[number + 1 :]]):
                break
            kept[number] = shorter
    return tuple(kept)


def _draw_edit(random: Random, data: bytes, texts: Sequence[tuple[int, int]], tokens: Sequence[bytes]) -> Edit:
    place = _draw_place(random, data, texts)
    if b"\0" not in data and random.random() < 0.5 and (values := list(_VALUE.finditer(data))):
        begin, end = random.choice(values).span()
        return Edit(begin, end - begin, random.choice((*_VALUES, random.choice(values)[0])))
    kind = random.choice(("bit", "odd", "odd", "random", "cut", "again", "token", "end"))
    if kind == "token" and tokens:
        return Edit(place, random.choice((0, 0, 4, 16)), random.choice(tokens))
    if kind == "bit" and place < len(data):
        return Edit(place, 1, bytes([data[place] ^ 1 << random.randrange(8)]))
    if kind == "odd":
        width = random.choice((1, 2, 4, 4, 8))
        number = random.choice(_ODD) % (1 << 8 * width)
        return Edit(place, width, number.to_bytes(width, random.choice(("little", "big"))))
    if kind == "cut":
        return Edit(place, random.choice((1, 2, 4, 8, 64, 1024)))
    if kind == "again":  # a piece of the file itself
        other = _draw_place(random, data, texts)
        length = random.choice((1, 4, 16, 64))
        return Edit(place, random.choice((0, length)), data[other : other + length])
    if kind == "end":  # the file is cut short
        return Edit(place, max(1, len(data) - place))
    return Edit(place, random.choice((0, 4)), random.randbytes(random.choice((1, 2, 4, 8))))


def _draw_place(random: Random, data: bytes, texts: Sequence[tuple[int, int]]) -> int:
    most = max(0, len(data) - 1)
    way = random.random()
    if texts and way < 0.6:
        begin, end = random.choice(texts)
        return min(max(0, random.randint(begin - 12, end + 4)), most)
    return random.randint(0, min(_HEAD, most) if way < 0.75 else most)
