"""The newest frame of each camera: taken in turns, the others counted, until the readers end or it is closed."""

import threading

import pytest
from parts import frame

from runner_core.errors import SourceError
from runner_core.pipeline import NewestFrames, close_frames


def put(newest, *cameras):
    for index, camera in enumerate(cameras):
        newest.put(camera, frame(index, source=camera))


def taken(newest):
    found = newest.take()
    assert found
    return found[0].source, found[0].index, found[1]


def test_cameras_take_turns_and_what_they_overtake_is_counted():
    newest = NewestFrames()
    put(newest, "quick", "slow", "quick", "quick")
    assert len(newest) == 2
    assert taken(newest) == ("quick", 3, 2)
    put(newest, "quick")
    assert taken(newest) == ("slow", 1, 0)
    assert taken(newest) == ("quick", 0, 0)


def test_more_cameras_than_the_limit_are_dropped():
    newest = NewestFrames(cameras=2)
    put(newest, "a", "b", "c", "a")
    assert len(newest) == 2
    assert taken(newest) == ("a", 3, 2)


def test_it_ends_with_its_last_reader_and_after_the_last_frame():
    newest = NewestFrames(2)
    newest.end()
    put(newest, "a")
    newest.end()
    assert taken(newest) == ("a", 0, 0)
    assert newest.take() is None


def test_the_error_of_a_reader_is_raised_at_the_end():
    newest = NewestFrames(2)
    put(newest, "a")
    newest.end(SourceError("camera 1: gone"))
    assert taken(newest) == ("a", 0, 0)
    newest.end()
    with pytest.raises(SourceError, match="camera 1: gone"):
        newest.take()


def test_once_closed_it_gives_nothing_and_raises_nothing():
    newest = NewestFrames()
    put(newest, "a")
    newest.end(SourceError("camera 1: gone"))
    newest.close()
    assert newest.closed
    assert newest.take() is None


@pytest.mark.parametrize("waking", ["put", "end", "close"])
def test_who_waits_is_woken(waking):
    newest, found = NewestFrames(), []
    waiting = threading.Thread(target=lambda: found.append(newest.take()))
    waiting.start()
    newest.put("a", frame(0)) if waking == "put" else getattr(newest, waking)()
    waiting.join(5)
    assert not waiting.is_alive()
    assert (found[0] is not None) == (waking == "put")


def test_frames_are_closed_where_they_can_be():
    def frames():
        yield close_frames(running)  # a generator that is in use cannot be closed

    running = frames()
    next(running)
    close_frames(running)
    assert list(running) == []
    close_frames(iter([]))
