"""Values that are computed once, and how long each took by itself."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from runner_core.errors import EngineError, ImageError
from runner_core.frames import memo as module
from runner_core.frames.memo import Memo


@pytest.fixture
def work(monkeypatch):
    """Gives a value after 20 ms of a clock that stands in for the machine's, which other work moves too."""
    moments = [0.0]
    monkeypatch.setattr(module, "perf_counter", lambda: moments[0])

    def work(value):
        moments[0] += 0.02
        return value

    return work


def test_each_is_computed_once_and_logged_once():
    memo = Memo()
    for _ in range(3):
        assert memo.get_or_compute("pixels", lambda: np.zeros((2, 3))).shape == (2, 3)
    assert [(each.key, each.shape) for each in memo.log] == [("pixels", (2, 3))]


def test_the_time_of_a_part_is_not_that_of_the_whole(work):
    memo = Memo()

    def whole():
        memo.get_or_compute("part", lambda: work(1))
        memo.get_or_compute("other", lambda: memo.get_or_compute("part of it", lambda: work(2)))
        return work(3)

    memo.get_or_compute("whole", whole)
    assert [each.key for each in memo.log] == ["part", "part of it", "other", "whole"]
    assert [each.ms for each in memo.log] == pytest.approx([20, 20, 0, 20])


def test_what_could_not_be_computed_is_logged_too():
    def cut():
        raise ImageError("cut short")

    memo = Memo()
    for _ in range(2):
        with pytest.raises(ImageError, match="cut short"):
            memo.get_or_compute("pixels", cut)
    assert [(each.key, each.shape) for each in memo.log] == [("pixels", None)]


def test_another_error_is_not_kept():
    memo, errors = Memo(), iter([ZeroDivisionError()])

    def once():
        for error in errors:
            raise error
        return 5

    with pytest.raises(ZeroDivisionError):
        memo.get_or_compute("it", once)
    assert memo.get_or_compute("it", once) == 5


def test_what_is_kept_is_not_computed_again_and_a_new_log_begins():
    memo = Memo()
    memo.put("size", (3, 2))
    memo.get_or_compute("pixels", lambda: 1)
    memo.keep_only(["size"])
    assert memo.log == []
    assert ("size" in memo, "pixels" in memo) == (True, False)
    assert memo.get_or_compute("size", lambda: (9, 9)) == (3, 2)
    assert memo.get_or_compute("pixels", lambda: 2) == 2


def test_what_is_computed_apart_keeps_nobody_from_other_keys():
    memo, begun, go = Memo(), threading.Event(), threading.Event()

    def compute():
        begun.set()
        assert go.wait(60)
        return "slow"

    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(memo.compute_apart, "slow", compute) for _ in range(2)]
        assert begun.wait(60)
        assert memo.get_or_compute("quick", lambda: "quick") == "quick"
        assert memo.compute_apart("other", lambda: "other") == "other"
        go.set()
        assert [each.result() for each in slow] == ["slow", "slow"]
    assert [each.key for each in memo.log] == ["quick", "other", "slow"]
    memo.keep_only(())
    assert memo.compute_apart("slow", lambda: "again") == "again"


def test_an_error_of_what_is_computed_apart_is_kept_with_its_kind_and_remedy():
    memo, asked = Memo(), []

    def fail():
        asked.append(1)
        raise EngineError("broken", remedy="mend it")

    for _ in range(2):
        with pytest.raises(EngineError, match="broken; mend it"):
            memo.compute_apart("key", fail)
    assert asked == [1]
