"""A run over a live source: the newest frame each time, the others dropped and counted, nothing grows."""

import threading
import time
from collections import Counter

import pytest
from parts import MemorySink, ScriptedBrain, ScriptedSource, frame

from runner_core import run, stream
from runner_core.errors import SourceError
from runner_core.pipeline.live import read_in_thread
from runner_core.pipeline.mailbox import CAMERAS

PAUSE = 0.004  # between two frames of the camera
WORK = 5 * PAUSE


def busy(_):
    time.sleep(WORK)


def test_every_frame_is_looked_at_or_counted_as_dropped():
    sink, source = MemorySink(), ScriptedSource(100, live=True, pause=PAUSE)
    summary = run(source, [ScriptedBrain(act=busy)], [sink])
    assert summary.frames + summary.dropped == 100
    assert 10 <= summary.frames <= 60
    assert sink.summary["dropped"] == summary.dropped
    assert sink.indices == sorted(set(sink.indices)), "in order, none twice"
    assert sink.indices[-1] == 99, "the last one is the newest"


def test_dropped_are_those_just_before():
    before = -1
    for result in stream(ScriptedSource(60, live=True, pause=PAUSE), [ScriptedBrain(act=busy)]):
        assert result.frame.index == before + result.dropped + 1
        before = result.frame.index


@pytest.mark.parametrize("slow", ["brain", "sink"])
def test_frames_do_not_age_in_a_queue(slow):
    ages = []

    def written(result):
        ages.append(time.monotonic() - result.frame.taken)
        if slow == "sink":
            busy(result)

    brain = ScriptedBrain(act=busy) if slow == "brain" else ScriptedBrain()
    run(ScriptedSource(150, live=True, pause=PAUSE), [brain], [MemorySink(written)])
    assert len(ages) > 10
    late = sorted(ages[len(ages) // 2 :])
    assert late[len(late) // 2] < 3 * WORK, "in a queue, the later ones would be 15 times as old and more"


def test_one_frame_waits_and_no_more():
    newest = read_in_thread(ScriptedSource(500, live=True).frames())
    while newest.take() is not None:
        assert len(newest) <= 1


def test_brains_look_at_a_frame_side_by_side():
    meeting = threading.Barrier(2, timeout=5)  # each waits for the other: one after the other would never end
    brains = [ScriptedBrain(name, lambda frame: meeting.wait()) for name in ("one", "two")]
    (result,) = stream(ScriptedSource(1, live=True), brains, threads=2)
    assert [answer.brain for answer in result.answers] == ["one", "two"]


def test_the_end_of_a_live_source_ends_the_run_after_its_last_frame():
    assert [result.frame.index for result in stream(ScriptedSource(1, live=True), [ScriptedBrain()])] == [0]
    assert list(stream(ScriptedSource(0, live=True), [ScriptedBrain()])) == []


def test_a_live_source_that_breaks_off():
    sink, source = MemorySink(), ScriptedSource(3, live=True, pause=PAUSE, error=SourceError("camera: pulled out"))
    summary = run(source, [ScriptedBrain()], [sink])
    assert summary.broken == "camera: pulled out"
    assert sink.indices[-1] == 2
    with pytest.raises(SourceError, match="no such camera"):
        run(ScriptedSource(0, live=True, error=SourceError("no such camera")), [ScriptedBrain()])


def test_an_interrupt_ends_a_run_as_its_end_would():
    def interrupted(looked_at):
        if looked_at.index > 5:
            raise KeyboardInterrupt

    sink, source = MemorySink(), ScriptedSource(1000, live=True, pause=PAUSE)
    summary = run(source, [ScriptedBrain(act=interrupted)], [sink])
    assert summary.broken == "interrupted"
    assert not summary.ok
    assert sink.summary["frames"] == len(sink.results)
    assert source.given < 500
    assert sink.closed


def test_an_interrupt_of_a_stream_is_an_interrupt():
    def interrupted(looked_at):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(stream(ScriptedSource(1000, live=True, pause=PAUSE), [ScriptedBrain(act=interrupted)]))


def test_closing_early_closes_the_camera():
    source = ScriptedSource(10_000, live=True, pause=PAUSE)
    results = stream(source, [ScriptedBrain()])
    next(results)
    results.close()
    deadline = time.monotonic() + 5
    while not source.closed:
        assert time.monotonic() < deadline
        time.sleep(PAUSE)
    assert source.given < 100


class Frozen:
    """A camera that gives one picture and then none, until it is closed."""

    live = True

    def __init__(self):
        self._closed, self._count = threading.Event(), 0

    def frames(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        self._count += 1
        if self._count > 1:
            assert self._closed.wait(60)
            raise StopIteration
        return frame(0, live=True)

    def close(self):
        self._closed.set()


def test_a_camera_that_is_waited_for_is_closed():
    results = stream(Frozen(), [ScriptedBrain()])
    next(results)
    begun = time.monotonic()
    results.close()  # that its thread is given back, every test here checks
    assert time.monotonic() - begun < 2


class Cameras:
    """A quick camera, and a slow one that is always a little older."""

    live = True

    def frames(self):
        for index in range(120):
            if index % 12 == 0:
                yield frame(index, source="slow", live=True)
            yield frame(index, source="quick", live=True)
            time.sleep(PAUSE / 2)


def test_cameras_of_one_source_take_turns():
    results = list(stream(Cameras(), [ScriptedBrain(act=busy)]))
    seen = Counter(result.frame.source for result in results)
    assert seen["slow"] >= 4
    assert len(results) + sum(result.dropped for result in results) == 130


def test_a_source_that_names_every_frame_differently_does_not_grow():
    read = threading.Event()

    def frames():
        for index in range(10 * CAMERAS):
            yield frame(index, source=str(index))
        read.set()

    newest = read_in_thread(frames())
    assert read.wait(5)
    assert len(newest) == CAMERAS
    taken = newest.take()
    assert taken
    assert taken[1] == 9 * CAMERAS


def test_a_virtual_camera_keeps_its_time():
    pytest.importorskip("av")
    interval, work = 1 / 50, 0.05
    brain = ScriptedBrain(act=lambda frame: time.sleep(work))
    results = [
        (result.frame.index, result.dropped, time.monotonic() - result.frame.taken)
        for result in stream("lavfi:testsrc=size=64x48:rate=50:duration=2,realtime", [brain])
    ]
    indices, dropped, ages = zip(*results, strict=True)
    assert indices[-1] == len(results) + sum(dropped) - 1 == 99
    assert sum(dropped) > 40
    assert sorted(ages)[len(ages) // 2] < 2 * (interval + work)
