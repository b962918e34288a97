"""Values that a line of JSON holds, each of the kind that it must be: anything else is a ValueError that says what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_PIXELS = 1 << 31  # of a picture or a mask: a few bytes may claim any size
_MOST = 2**63 - 1
_MOST_TIME = 1e15


def to_text(value: Any, what: str) -> str:
    """A text. Bytes of a file name that are not UTF-8 may be in it, as Python has them in names."""
    if not isinstance(value, str):
        raise ValueError(f"{what} is {_describe(value)}, not a text")
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ValueError(f"{what} holds half a character") from None
    return value


def to_whole(value: Any, what: str, least: int = 0) -> int:
    """A whole number from ``least`` on, of 64 bits."""
    if type(value) is not int or not least <= value <= _MOST:
        raise ValueError(f"{what} is {_describe(value)}, not a whole number from {least}")
    return value


def to_number(value: Any, what: str) -> float:
    """A number of seconds or milliseconds, as it is: neither NaN nor so large that a sum of them is not exact."""
    if type(value) not in (int, float) or not -_MOST_TIME <= value <= _MOST_TIME:
        raise ValueError(f"{what} is {_describe(value)}, not a number of a run")
    return value  # type: ignore[no-any-return]


def to_list(value: Any, what: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise ValueError(f"{what} is {_describe(value)}, not a list")
    return value


def to_object(value: Any, what: str) -> Mapping[str, Any]:
    """An object: keys and their values."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} is {_describe(value)}, not an object")
    return value


def to_size(value: Any, what: str) -> tuple[int, int]:
    """Two whole numbers from 1, of a picture that may be: (width, height), or the other way round."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise ValueError(f"{what} is {_describe(value)}, not two numbers")
    one, other = (to_whole(int(side) if isinstance(side, np.integer) else side, what, least=1) for side in value)
    if one * other > MOST_PIXELS:
        raise ValueError(f"{what} is {one} x {other}, more than any picture's")
    return one, other


def to_floats(values: Sequence[Any], what: str) -> NDArray[np.float32]:
    """Nested lists of numbers, all of them finite in float32."""
    array = _to_array(values, what)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{what} holds what is not a number")
    with np.errstate(over="ignore"):
        column = array.astype(np.float32)
    if not np.isfinite(column).all():
        raise ValueError(f"{what} holds NaN, or a number that is too large")
    return column


def to_wholes(values: Iterable[Any], what: str, least: int = 0) -> NDArray[np.int64]:
    """A list of whole numbers."""
    return np.array([to_whole(value, what, least) for value in values], np.int64)


def _to_array(values: Sequence[Any], what: str) -> NDArray[Any]:
    try:
        return np.array(values) if len(values) else np.zeros(0)
    except (ValueError, OverflowError):  # lists of several lengths
        raise ValueError(f"{what} holds lists of several lengths") from None


def _describe(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
