"""Errors that say what, where and what to do, also on the other side of a process border."""

import inspect
import pickle

import pytest

from runner_core import errors
from runner_core.errors import ImageError, NotInstalled, RunnerError, UsageError

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_is_a_runner_error_and_crosses_a_process_border(cls):
    assert issubclass(cls, RunnerError)
    assert cls.__name__ in (errors.__doc__ or "")
    error = pickle.loads(pickle.dumps(cls("a.jpg: cut short", remedy="copy it again")))
    assert type(error) is cls
    assert (error.message, error.remedy, error.kind) == ("a.jpg: cut short", "copy it again", cls.__name__)
    assert str(error) == "a.jpg: cut short; copy it again"


def test_without_a_remedy():
    assert str(ImageError("a.jpg: cut short")) == "a.jpg: cut short"
    assert issubclass(NotInstalled, UsageError), "both are wrong use: exit code 2"
