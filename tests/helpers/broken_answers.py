"""JSON lines of a run, broken as hands, disks and other programs break them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

Path = tuple[Any, ...]  # keys and places from the line down to a value

NUMBERS = (
    float("nan"), float("inf"), float("-inf"), -1, 0, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, 0.5, -0.0, 1 << 20,
)  # fmt: skip
TEXTS = ("", "x" * 5000, "\0", "\ud800", "\x1b[2J", "../../etc/passwd", "1", "NaN", "\n", "é" * 300, "=1+1")
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    [1, 2],
    {"a": 1},
    "text",
    7,
    0.5,
    [[[[]]]],
    ["a", 1],
)
BYTES = (b"\xff\xfe", b"\xc3", b"\0", b"\xed\xa0\x80", b"}", b"{", b'"', b"\\", b",", b"\r", b"\n", b"]")


def break_answers(lines: Sequence[bytes], seed: int) -> tuple[list[bytes], int, str]:
    """The lines with one of them broken; its number, from 1, and how. The same seed breaks them alike."""
    random = Random(seed)
    place = random.randrange(len(lines))
    how = random.choices(list(_WAYS), weights=list(_WAYS.values()))[0]
    broken = how(lines[place].rstrip(b"\n"), random)
    return [*lines[:place], broken + b"\n", *lines[place + 1 :]], place + 1, how.__name__.strip("_")


def _change_a_value(line: bytes, random: Random) -> bytes:
    return _edit(line, random, lambda _: random.choice(OTHERS))


def _change_a_number(line: bytes, random: Random) -> bytes:
    return _edit(line, random, lambda _: random.choice(NUMBERS), (int, float))


def _change_a_text(line: bytes, random: Random) -> bytes:
    return _edit(line, random, lambda _: random.choice(TEXTS), (str,))


def _change_a_length(line: bytes, random: Random) -> bytes:
    """Of a list: one entry more, twice, or fewer."""
    return _edit(line, random, lambda value: random.choice([value[1:], value[:-1], value * 2, [*value, 1]]), (list,))


def _change_a_key(line: bytes, random: Random) -> bytes:
    def change(value: Any) -> Any:
        key = random.choice(list(value) or ["none"])
        rest = {name: entry for name, entry in value.items() if name != key}
        return random.choice([rest, rest, {**rest, f"{key}s": value.get(key)}, {**value, "more": 1}])

    return _edit(line, random, change, (dict,))


def _swap_two_values(line: bytes, random: Random) -> bytes:
    data = json.loads(line)
    one, other = (random.choice(_list_paths(data)) for _ in range(2))
    first, second = _get(data, one), json.loads(json.dumps(_get(data, other)))
    return _write(_put(_put(data, one, second), other, first))


def _nest_deeply(line: bytes, random: Random) -> bytes:
    depth = random.choice([50, 2000, 200_000])
    begin, end = random.choice([(b"[", b"]"), (b'{"a":', b"}")])
    deep = begin * depth + (b"1" + end * depth if random.random() < 0.7 else b"")
    return _edit(line, random, lambda _: "\1DEEP").replace(b'"\\u0001DEEP"', deep) if random.random() < 0.7 else deep


def _break_a_byte(line: bytes, random: Random) -> bytes:
    place = random.randrange(len(line))
    return line[:place] + random.choice(BYTES) + line[place + random.randrange(2) :]


def _cut_short(line: bytes, random: Random) -> bytes:
    return line[: random.randrange(len(line))]


def _write_something_else(_: bytes, random: Random) -> bytes:
    return random.choice(
        [b"[]", b"7", b'"text"', b"null", b"{}", b"NaN", b"true", b"\xff\xfe", b'{"summary": 1}', b"-"]
    )


_WAYS: dict[Callable[[bytes, Random], bytes], int] = {
    _change_a_value: 30, _change_a_number: 25, _change_a_text: 12, _change_a_length: 8, _change_a_key: 15,
    _swap_two_values: 6, _nest_deeply: 2, _break_a_byte: 5, _cut_short: 2, _write_something_else: 2,
}  # fmt: skip


def _edit(line: bytes, random: Random, change: Callable[[Any], Any], kinds: tuple[type, ...] = (object,)) -> bytes:
    data = json.loads(line)
    paths = [path for path in _list_paths(data) if isinstance(_get(data, path), kinds)] or [()]
    path = random.choice(paths)
    value = _get(data, path)
    return _write(_put(data, path, change(value) if isinstance(value, kinds) else None))


def _list_paths(data: Any, above: Path = ()) -> list[Path]:
    keys = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [above, *(path for key, value in keys for path in _list_paths(value, (*above, key)))]


def _get(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def _put(data: Any, path: Path, value: Any) -> Any:
    """The data with another value there; as it is, where there is no such place any more."""
    if not path:
        return value
    with suppress(KeyError, IndexError, TypeError):
        _get(data, path[:-1])[path[-1]] = value
    return data


def _write(data: Any) -> bytes:
    return json.dumps(data).encode()
