"""Values that are computed once, and how long each took by itself."""

import time

import numpy as np
import pytest

from runner_core.errors import ImageError
from runner_core.frames.memo import Memo

NAP = 0.02


def slept(value):
    time.sleep(NAP)
    return value


def test_each_is_computed_once_and_logged_once():
    memo = Memo()
    for _ in range(3):
        assert memo.get_or_compute("pixels", lambda: np.zeros((2, 3))).shape == (2, 3)
    assert [(each.key, each.shape) for each in memo.log] == [("pixels", (2, 3))]


def test_the_time_of_a_part_is_not_that_of_the_whole():
    memo = Memo()

    def whole():
        memo.get_or_compute("part", lambda: slept(1))
        memo.get_or_compute("other", lambda: memo.get_or_compute("part of it", lambda: slept(2)))
        return slept(3)

    memo.get_or_compute("whole", whole)
    spent = {each.key: each.ms for each in memo.log}
    assert list(spent) == ["part", "part of it", "other", "whole"]
    nap = NAP * 1e3
    for key in ("part", "part of it", "whole"):
        assert nap <= spent[key] < 2 * nap
    assert spent["other"] < nap / 2


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
