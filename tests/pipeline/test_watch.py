"""A source that waits for its frames: each answer is given as soon as it is ready, and no frame is lost."""

from __future__ import annotations

import random
import time
from queue import SimpleQueue

import pytest
from parts import MemorySink, ScriptedBrain, ScriptedSource, frame

from runner_core import run, stream
from runner_core.errors import SourceError
from runner_core.pipeline.several_sources import FileSeries

THREADS = 3


class Asked:
    """A source whose next frame comes once its last answer is there."""

    live = False
    watch = True

    def __init__(self, count: int) -> None:
        self.count, self.answered = count, SimpleQueue()

    def frames(self):
        for index in range(self.count):
            if index:
                self.answered.get(timeout=60)
            yield frame(index)


class Watched(ScriptedSource):
    watch = True


@pytest.mark.parametrize("wrap", [lambda source: source, lambda source: FileSeries((source,), ("one",))])
def test_an_answer_does_not_wait_for_the_next_frame(wrap):
    source = Asked(8)
    summary = run(wrap(source), [ScriptedBrain()], threads=THREADS, on_result=source.answered.put)
    assert (summary.frames, summary.broken) == (8, "")


def test_every_frame_is_answered_in_order_several_at_once_and_no_more_than_there_is_room_for():
    chance = random.Random(5)
    delays, sink, ahead = [chance.random() / 100 for _ in range(60)], MemorySink(), []
    source, brain = Watched(60), ScriptedBrain(act=lambda frame: time.sleep(delays[frame.index]))
    run(source, [brain], [sink], threads=THREADS, on_result=lambda result: ahead.append(source.given - len(ahead)))
    assert sink.indices == list(range(60))
    assert 1 < brain.most_at_once <= THREADS
    assert max(ahead) <= 2 * THREADS


def test_what_came_before_a_fault_is_answered_first():
    sink = MemorySink()
    summary = run(Watched(5, error=SourceError("gone")), [ScriptedBrain()], [sink], threads=THREADS)
    assert (sink.indices, summary.broken) == (list(range(5)), "gone")


def test_closed_early_it_begins_nothing_more():
    brain = ScriptedBrain()
    results = stream(Watched(100), [brain], threads=THREADS)
    next(results)
    results.close()
    asked = len(brain.asked)
    assert asked <= 1 + 2 * THREADS
