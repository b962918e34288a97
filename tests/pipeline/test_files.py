"""A run over files: every frame, in order, several in flight, never more than there is room for."""

import gc
import random
import threading
import time

import pytest
from parts import MemorySink, ScriptedBrain, ScriptedSource

from runner_core import run, stream
from runner_core.errors import SinkError, SourceError

THREADS = 3


def test_order_is_kept_whichever_frame_is_quicker():
    chance = random.Random(5)
    delays = [chance.random() / 100 for _ in range(60)]
    brain = ScriptedBrain(act=lambda frame: time.sleep(delays[frame.index]))
    sink = MemorySink()
    summary = run(ScriptedSource(60), [brain], [sink], threads=THREADS)
    assert sink.indices == list(range(60))
    assert [round(result.answers[0].scores[0] * 1000) for result in sink.results] == list(range(60))
    assert brain.asked != sorted(brain.asked) or brain.most_at_once > 1, "they ran side by side"
    assert summary.ok
    assert sink.summary["frames"] == 60


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_so_many_frames_are_in_work_at_a_time(threads):
    brain = ScriptedBrain(act=lambda frame: time.sleep(0.005))
    run(ScriptedSource(30), [brain], threads=threads)
    assert brain.most_at_once == threads


def test_a_slow_sink_slows_the_source_down():
    source, ahead = ScriptedSource(40), []

    def slow(result):
        time.sleep(0.005)
        ahead.append(source.given - result.frame.index)

    run(source, [ScriptedBrain()], [MemorySink(slow)], threads=THREADS)
    assert len(ahead) == 40
    assert max(ahead) <= 2 * THREADS


def test_nothing_is_read_before_it_is_asked_for():
    source = ScriptedSource(100)
    results = stream(source, [ScriptedBrain()], threads=THREADS)
    assert source.given == 0
    next(results)
    assert source.given == 2 * THREADS
    results.close()


def test_closing_early_closes_the_source_and_begins_nothing_more():
    source, brain = ScriptedSource(100), ScriptedBrain(act=lambda frame: time.sleep(0.2 if frame.index else 0))
    results = stream(source, [brain], threads=THREADS)
    next(results)
    results.close()
    assert source.closed
    # the first, and those in work: fewer where a thread had not begun yet
    assert sorted(brain.asked) == list(range(len(brain.asked)))
    assert 1 <= len(brain.asked) <= 1 + THREADS


def test_an_interrupt_in_a_stream_gives_everything_back():
    source = ScriptedSource(100)

    def loop():
        for frame, (inference,) in stream(source, [ScriptedBrain()], threads=THREADS):
            assert len(inference) == 1
            if frame.index == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loop()
    gc.collect()  # the traceback held the stream
    assert source.closed


def test_a_source_that_breaks_off_costs_nothing_that_came_before():
    sink = MemorySink()
    source = ScriptedSource(10, error=SourceError("clip.mp4: cut short after 10 frames"))
    summary = run(source, [ScriptedBrain(act=lambda frame: time.sleep(0.01))], [sink], threads=THREADS)
    assert sink.indices == list(range(10))
    assert summary.broken == "clip.mp4: cut short after 10 frames"
    assert sink.summary["broken"] == summary.broken
    assert not summary.ok
    assert sink.closed


def test_a_source_that_gives_nothing_is_an_error():
    sink = MemorySink()
    with pytest.raises(SourceError, match="no such file"):
        run(ScriptedSource(0, error=SourceError("clip.mp4: no such file")), [ScriptedBrain()], [sink])
    assert sink.closed
    assert sink.summary is None


def test_another_error_of_a_source_comes_through_after_what_was_begun():
    sink = MemorySink()
    with pytest.raises(ZeroDivisionError):
        run(ScriptedSource(7, error=ZeroDivisionError()), [ScriptedBrain()], [sink], threads=THREADS)
    assert sink.indices == list(range(7))
    assert sink.closed


def test_an_empty_source_is_a_run_of_nothing():
    sink = MemorySink()
    assert run(ScriptedSource(0), [ScriptedBrain()], [sink]).frames == 0
    assert sink.summary["frames"] == 0


def test_a_sink_that_fails_ends_the_run_and_every_sink_is_closed():
    def full(result):
        if result.frame.index == 3:
            raise SinkError("out.jsonl: no space left")

    first, second, source = MemorySink(), MemorySink(full), ScriptedSource(50)
    with pytest.raises(SinkError, match="no space left"):
        run(source, [ScriptedBrain()], [first, second], threads=THREADS)
    assert first.indices == [0, 1, 2, 3]
    assert second.indices == [0, 1, 2]
    assert (first.closed, second.closed, source.closed) == (True, True, True)
    assert first.summary is None, "it did not come to its end"


def test_a_sink_that_cannot_be_opened_asks_no_brain():
    class Shut(MemorySink):
        def open(self):
            raise SinkError("out.jsonl: permission denied")

    brain, other = ScriptedBrain(), MemorySink()
    with pytest.raises(SinkError):
        run(ScriptedSource(5), [brain], [other, Shut()])
    assert brain.asked == []
    assert other.closed


def test_sinks_are_closed_before_a_slow_brain_is_waited_for():
    ended, shut = [], threading.Event()

    def slow(frame):
        if frame.index:
            ended.append(shut.wait(60))

    class Noting(MemorySink):
        def write(self, result):
            raise KeyboardInterrupt

    class Timed(Noting):
        def open(self):
            context = super().open()

            class Closing:
                def __enter__(self):
                    return context.__enter__()

                def __exit__(self, *error):
                    shut.set()
                    return context.__exit__(*error)

            return Closing()

    sink = Timed()
    with pytest.raises(KeyboardInterrupt):
        run(ScriptedSource(10), [ScriptedBrain(act=slow)], [sink], threads=2)
    assert sink.summary["interrupted"]
    assert ended, "a brain was at work"
    assert all(ended), "it was waited for"


def test_frames_are_let_go_once_they_are_written(tmp_path):
    held = []
    run(ScriptedSource(5), [ScriptedBrain()], on_result=lambda result: held.append(result.frame))
    assert all(not frame.computed for frame in held)
