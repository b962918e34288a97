"""A camera of 30 frames a second, and two brains that take two frame times: how old is an answer when it is ready?

The camera is FFmpeg's virtual one; the brains are real, and look at each frame as often as it takes them two frame
times on the machine at hand. A frame may wait one interval for the brains, then it takes the brains' time; were there a
queue, every answer would be older than the one before. What is passed over must be counted, and memory must stay flat.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from time import monotonic

import attrs
import numpy as np
from _measure import print_verdict
from _memory import get_resident_bytes
from _testdata import find_testdata

from runner_core import Brain, Frame, Inference, open_brain, stream

RATE, BRAINS = 30, 2
FRAME_TIMES = 2  # that the brains are to take
MODEL, LABELS = "fastestdet_coco.onnx", "coco80.txt"
GROWTH = 0.05


class SlowBrain(Brain):
    """Runs ``times`` times on a frame, and notes when it began and ended."""

    def __init__(self, brain: Brain, times: int) -> None:
        self._brain, self._times = brain, times
        self.name, self.version, self.labels = brain.name, brain.version, brain.labels
        self.task, self.family, self.engine = brain.task, brain.family, brain.engine
        self.spans: list[tuple[float, float]] = []

    def infer(self, frame: Frame) -> Inference:
        begun = monotonic()
        answers = [self._brain.infer(frame) for _ in range(self._times)]
        self.spans.append((begun, monotonic()))
        return answers[-1]


@attrs.frozen
class Observation:
    """What was seen of a run: seconds that answers were old and that the brains took, frames, bytes in memory."""

    ages: list[float]
    work: float
    dropped: int
    last: int
    memory: list[int]

    @property
    def age(self) -> float:
        return float(np.percentile(self.ages, 99))


def watch_run(opened: Sequence[Brain], times: int, seconds: float) -> Observation:
    brains = [SlowBrain(brain, times) for brain in opened]
    ages, memory, dropped, last = [], [], 0, -1
    for result in stream(f"lavfi:testsrc=size=640x480:rate={RATE}:duration={seconds:g},realtime", brains):
        assert len(result.answers) == len(brains), result.failures
        ages.append(monotonic() - result.frame.taken)
        memory.append(get_resident_bytes())
        dropped, last = dropped + result.dropped, result.frame.index
    spans = zip(*(brain.spans for brain in brains), strict=True)
    work = [max(end for _, end in each) - min(start for start, _ in each) for each in spans]
    return Observation(ages, float(np.median(work)), dropped, last, memory)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    asked = parser.parse_args()
    models, interval = find_testdata() / "models", 1 / RATE
    with ExitStack() as stack:
        brains = [
            stack.enter_context(open_brain(models / MODEL, labels=models / LABELS, name=f"b{number}", threads=1))
            for number in range(BRAINS)
        ]
        times = 4
        for _ in range(2):  # what a run costs depends a little on how many there are
            times = max(1, round(times * FRAME_TIMES * interval / watch_run(brains, times, 4).work))
        seen = watch_run(brains, times, asked.seconds)
    frames, produced = len(seen.ages), round(asked.seconds * RATE)
    early, late = seen.memory[frames // 10], seen.memory[-1]
    spent = f"{seen.work * 1e3:.1f} ms a frame, {seen.work / interval:.2f} intervals"
    print(f"{BRAINS} brains that look {times} times: {spent}")
    print(f"{frames} answers and {seen.dropped} dropped of {produced} frames in {asked.seconds:g} s")
    for share in (50, 90, 99, 100):
        print(f"age of an answer, p{share}: {np.percentile(seen.ages, share) * 1e3:.1f} ms")
    print(f"memory after a tenth {early / 1e6:.1f} MB, at the end {late / 1e6:.1f} MB")
    counted = frames + seen.dropped == seen.last + 1 == produced
    print(f"{'ok    ' if counted else 'MISSED'} every frame is answered or counted as dropped")
    kept = print_verdict("memory at the end over that after a tenth", late / early, 1 + GROWTH, "times")
    kept &= print_verdict("p99 of the age", seen.age * 1e3, (interval + 1.5 * seen.work) * 1e3, "ms")
    return 0 if kept and counted else 1


if __name__ == "__main__":
    sys.exit(main())
