"""A run over a live source: the newest frame each time, the others dropped and counted, nothing grows."""

import threading
import time
from collections import Counter

import pytest
from parts import Lockstep, MemorySink, ScriptedBrain, ScriptedSource, frame

from runner_core import run, stream
from runner_core.errors import SourceError
from runner_core.pipeline.live import read_in_thread
from runner_core.pipeline.mailbox import CAMERAS

PAUSE = 0.004  # between two frames of the camera
WORK = 5 * PAUSE


def busy(_):
    time.sleep(WORK)


def test_every_frame_is_looked_at_or_counted_as_dropped():
    step = Lockstep(100, each=5)
    sink, source = MemorySink(), ScriptedSource(100, live=True, step=step)
    summary = run(source, [ScriptedBrain(act=step.look)], [sink])
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
    step = Lockstep(150, each=5)
    source = ScriptedSource(150, live=True, step=step)

    def written(result):
        ages.append(source.given - result.frame.index)
        if slow == "sink":
            step.look()

    brain = ScriptedBrain(act=step.look) if slow == "brain" else ScriptedBrain()
    run(source, [brain], [MemorySink(written)])
    assert len(ages) > 10
    late = sorted(ages[len(ages) // 2 :])
    assert late[len(late) // 2] < 3 * step.each, "in a queue, the later ones would be 15 times as old and more"


def test_a_frame_that_does_not_say_when_it_was_taken_was_taken_when_it_came():
    class Plain(ScriptedSource):
        def frames(self):
            yield frame(0)

    before = time.monotonic()
    (result,) = stream(Plain(1, live=True), [ScriptedBrain()])
    assert before <= result.frame.taken <= time.monotonic()


def test_one_frame_waits_and_no_more():
    newest = read_in_thread(ScriptedSource(500, live=True).frames())
    while newest.take() is not None:
        assert len(newest) <= 1


def test_brains_look_at_a_frame_side_by_side():
    meeting = threading.Barrier(2, timeout=60)  # each waits for the other: one after the other would never end
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
    deadline = time.monotonic() + 60
    while not source.closed:
        assert time.monotonic() < deadline
        time.sleep(PAUSE)
    assert source.given < 10_000


class Frozen:
    """A camera that gives one picture and then none, until it is closed."""

    live = True

    def __init__(self):
        self.closed, self._count = threading.Event(), 0

    def frames(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        self._count += 1
        if self._count > 1:
            assert self.closed.wait(60)
            raise StopIteration
        return frame(0, live=True)

    def close(self):
        self.closed.set()


def test_a_camera_that_is_waited_for_is_closed():
    camera = Frozen()
    results = stream(camera, [ScriptedBrain()])
    next(results)
    results.close()  # that its thread is given back, every test here checks
    assert camera.closed.is_set()


class Cameras:
    """A quick camera, and a slow one that is always a little older."""

    live = True

    def __init__(self, step):
        self.step = step

    def frames(self):
        for index in range(120):
            self.step.tick()
            if index % 12 == 0:
                yield frame(index, source="slow", live=True)
            yield frame(index, source="quick", live=True)


def test_cameras_of_one_source_take_turns():
    step = Lockstep(120, each=10)
    results = list(stream(Cameras(step), [ScriptedBrain(act=step.look)]))
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
    begun = []

    def look(frame):
        begun.append(time.monotonic())
        time.sleep(0.05)

    results = list(stream("lavfi:testsrc=size=64x48:rate=50:duration=2,realtime", [ScriptedBrain(act=look)]))
    dropped = sum(result.dropped for result in results)
    assert results[-1].frame.index == len(results) + dropped - 1
    assert dropped > len(results) / 2  # not of 100: the thread that reads may be kept waiting, and passes frames over
    young = [result.frame.taken > before for result, before in zip(results[1:], begun, strict=False)]
    assert sum(young) > len(young) / 2, "a frame came while the one before it was looked at, and waited in no queue"


class Opened(MemorySink):
    """A sink that says when it is opened."""

    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self.said = said

    def open(self):
        self.said.append("sink")
        return super().open()


def test_what_is_wrong_with_a_camera_is_said_before_a_sink_is_opened():
    said, source = [], ScriptedSource(0, live=True, error=SourceError("camera: not there"))
    with pytest.raises(SourceError, match="camera: not there"):
        run(source, [ScriptedBrain()], [Opened(said)])
    assert said == []
    assert source.closed


def test_sinks_are_opened_once_the_first_frame_is_there():
    said = []

    class Slow(ScriptedSource):
        def frames(self):
            said.append("frame")
            yield from super().frames()

    assert run(Slow(3, live=True), [ScriptedBrain()], [Opened(said)]).frames > 0
    assert said == ["frame", "sink"]


def test_sinks_do_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr("runner_core.pipeline.pipeline.PATIENCE", 0.01)
    opened = threading.Event()

    class Late(ScriptedSource):
        def frames(self):
            assert opened.wait(60)
            yield frame(0, live=True)

    class Waiting(MemorySink):
        def open(self):
            opened.set()
            return super().open()

    assert run(Late(1, live=True), [ScriptedBrain()], [Waiting()]).frames == 1


def test_an_interrupt_before_the_first_frame_opens_no_sink(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("runner_core.pipeline.mailbox.NewestFrames.wait_for_first", interrupt)
    said, source = [], ScriptedSource(0, live=True)
    assert run(source, [ScriptedBrain()], [Opened(said)]).broken == "interrupted"
    assert said == []
