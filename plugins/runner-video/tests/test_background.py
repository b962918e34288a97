"""Items from a background thread, which ends when nobody wants more."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from runner_video.background import ITEMS_AHEAD, iterate_in_background

from runner_core.errors import SourceError


def counted(made: list[int], ended: threading.Event) -> Iterator[int]:
    try:
        for number in range(10):
            made.append(number)
            yield number
        raise SourceError("no more")
    finally:
        ended.set()


def test_the_items_in_order_then_what_they_raise():
    ended = threading.Event()
    items = iterate_in_background(counted([], ended))
    assert [next(items) for _ in range(10)] == list(range(10))
    with pytest.raises(SourceError, match="no more"):
        next(items)
    assert ended.is_set()
    assert list(iterate_in_background(iter(()))) == []


def test_who_wants_no_more_has_it_end():
    made, ended = [], threading.Event()
    items = iterate_in_background(counted(made, ended))
    assert [next(items), next(items)] == [0, 1]
    items.close()
    assert ended.wait(10)
    assert len(made) <= 2 + ITEMS_AHEAD + 1
