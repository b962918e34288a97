"""What every test of a run must leave as it was."""

import threading
import time

import pytest


@pytest.fixture(autouse=True)
def threads_are_given_back():
    """No test may end with a thread of runner's that was not there before."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 60
    while left := [thread for thread in threading.enumerate() if thread not in before and "runner" in thread.name]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.01)
