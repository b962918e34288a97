"""Things made once, and how long each took by itself."""

import time

import numpy as np
import pytest

from runner_core.errors import ImageError
from runner_core.frames.memo import Memo

NAP = 0.02


def slept(value):
    time.sleep(NAP)
    return value


def test_each_is_made_once_and_logged_once():
    makings = Memo()
    for _ in range(3):
        assert makings.once("pixels", lambda: np.zeros((2, 3))).shape == (2, 3)
    assert [(making.key, making.shape) for making in makings.log] == [("pixels", (2, 3))]


def test_the_time_of_a_part_is_not_that_of_the_whole():
    makings = Memo()

    def whole():
        makings.once("part", lambda: slept(1))
        makings.once("other", lambda: makings.once("part of it", lambda: slept(2)))
        return slept(3)

    makings.once("whole", whole)
    spent = {making.key: making.ms for making in makings.log}
    assert list(spent) == ["part", "part of it", "other", "whole"]
    nap = NAP * 1e3
    for key in ("part", "part of it", "whole"):
        assert nap <= spent[key] < 2 * nap
    assert spent["other"] < nap / 2


def test_what_could_not_be_made_is_logged_too():
    def cut():
        raise ImageError("cut short")

    makings = Memo()
    for _ in range(2):
        with pytest.raises(ImageError, match="cut short"):
            makings.once("pixels", cut)
    assert [(making.key, making.shape) for making in makings.log] == [("pixels", None)]


def test_another_error_is_not_kept():
    makings, errors = Memo(), iter([ZeroDivisionError()])

    def once():
        for error in errors:
            raise error
        return 5

    with pytest.raises(ZeroDivisionError):
        makings.once("it", once)
    assert makings.once("it", once) == 5


def test_what_is_kept_is_not_made_again_and_the_log_begins_anew():
    makings = Memo()
    makings.put("size", (3, 2))
    makings.once("pixels", lambda: 1)
    makings.keep(["size"])
    assert makings.log == []
    assert ("size" in makings, "pixels" in makings) == (True, False)
    assert makings.once("size", lambda: (9, 9)) == (3, 2)
    assert makings.once("pixels", lambda: 2) == 2
