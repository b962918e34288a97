"""How near a run comes to what its engines can do: JPEGs to JSON lines, against a loop that only calls the sessions.

The loop has the tensors of the same pictures ready and does nothing with what comes out; it has as many pictures in
flight, in threads of its own, and calls the same sessions of the same brains one after the other. What lies between the
two is reading, decoding, resizing, making instances of tensors, and writing.

The claim is for TensorFlow graphs that take encoded pictures, as `many.py` has them. The other rows are for
information: the same network in a third of the time leaves less of it to hide the JPEG decoder behind.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import attrs
from _pictures import make_shifted_jpegs
from _testdata import find_testdata

from runner_core import Brain, Frame, open_brain, run
from runner_core.pipeline.executor import FrameExecutor
from runner_core.pipeline.threads import get_thread_budget

BRAINS, BLOCK, LEAST = 4, 50, 0.85
NUMBERS = count()


@attrs.frozen
class Setting:
    """A model in an engine, and the size of the pictures; whether the claim is for it."""

    model: str
    labels: str
    engine: str
    size: tuple[int, int]
    claimed: bool = False

    def __str__(self) -> str:
        return f"{self.engine:10} {self.size[0]:>4} x {self.size[1]:<4}"


GRAPH = ("fastestdet_coco_tf1_encoded_image_string_tensor.pb", "coco80.pbtxt", "tensorflow")
RAW_HEAD = ("fastestdet_coco.onnx", "coco80.txt")
SETTINGS = (
    Setting(*GRAPH, (640, 480), claimed=True),
    Setting(*GRAPH, (1920, 1080), claimed=True),
    Setting(*RAW_HEAD, "onnx", (640, 480)),
    Setting(*RAW_HEAD, "openvino", (640, 480)),
)


def warm_up(brains: Sequence[Brain], path: Path) -> list[Any]:
    """The brains as a run has them after a first picture: those that decode by themselves may then be fed pixels."""
    executor = FrameExecutor(brains, exact=False)
    executor.run_frame(Frame.from_path(path))
    return [getattr(brain, "_pixels", brain) for brain in executor.brains]


def prepare_tensors(brains: Sequence[Any], paths: Sequence[Path]) -> list[list[Callable[[], object]]]:
    """For each picture, the brains' sessions on the tensors that a run feeds them."""
    return [[bare(brain, frame) for brain in brains] for frame in map(expected(brains), paths)]


def expected(brains: Sequence[Any]) -> Callable[[Path], Frame]:
    def frame(path: Path) -> Frame:
        made = Frame.from_path(path)
        made.expect([brain.picture for brain in brains])
        return made

    return frame


def bare(brain: Any, frame: Frame) -> Callable[[], object]:
    feeds = {brain._inputs[role]: tensor for role, tensor in brain._codec.encode(frame).items()}
    fetches = tuple(brain._outputs.values())
    return lambda: brain.session.run(feeds, fetches)


def loop_seconds(pictures: Sequence[Sequence[Callable[[], object]]], at_once: int) -> float:
    def picture(calls: Sequence[Callable[[], object]]) -> None:
        for call in calls:
            call()

    begun = perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(picture, pictures))
    return perf_counter() - begun


def run_seconds(brains: Sequence[Brain], listing: Path) -> float:
    answers = listing.with_name(f"{next(NUMBERS)}.jsonl")  # a file of its own: none is replaced
    begun = perf_counter()
    summary = run(f"file:{listing}", brains, [f"jsonl:{answers}"])
    assert summary.ok
    assert all(tally.found for tally in summary.brains.values()), "nothing is found: too little would be written"
    return perf_counter() - begun


def blocks(paths: Sequence[Path]) -> Iterable[Sequence[Path]]:
    return (paths[start : start + BLOCK] for start in range(0, len(paths), BLOCK))


def share(setting: Setting, data: Path, pictures: int, folder: Path) -> float:
    """The run's pictures a second over the loop's: of neighbouring turns, and each comes first in every other one."""
    paths = make_shifted_jpegs(folder, data / "pictures" / "cat_1080p.jpg", setting.size, pictures)
    models = data / "models"
    with ExitStack() as stack:
        brains = [
            stack.enter_context(open_brain(models / setting.model, name=f"b{number}", threads=1, conf=0.5,
                                           engine=setting.engine, labels=models / setting.labels))
            for number in range(BRAINS)
        ]  # fmt: skip
        asked = warm_up(brains, paths[0])
        listing, at_once = folder / "turn.txt", get_thread_budget(None)
        turns: list[tuple[float, float]] = []
        for number, block in enumerate([paths[:BLOCK], *blocks(paths)]):
            listing.write_text("".join(f"{path}\n" for path in block))
            calls = prepare_tensors(asked, block)
            rivals = [partial(loop_seconds, calls, at_once), partial(run_seconds, brains, listing)]
            loop, ours = _in_turn(rivals, backwards=bool(number % 2))
            if number:  # the first turn warms up
                turns.append((len(block) / loop, len(block) / ours))
    loop, ours = (median(each) for each in zip(*turns, strict=True))
    found = median(mine / theirs for theirs, mine in turns)
    print(f"{setting} {loop:8.1f} {ours:8.1f} {found:6.2f}", flush=True)
    return found


def _in_turn(rivals: Sequence[Callable[[], float]], *, backwards: bool) -> list[float]:
    seconds = [rival() for rival in (reversed(rivals) if backwards else rivals)]
    return seconds[::-1] if backwards else seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=500)
    asked = parser.parse_args()
    data, least = find_testdata(), 1.0
    print(f"{BRAINS} brains  {'pictures':>14} {'loop/s':>8} {'run/s':>8} {'share':>6}")
    for setting in SETTINGS:
        with tempfile.TemporaryDirectory() as folder:
            found = share(setting, data, asked.pictures, Path(folder))
        least = min(least, found) if setting.claimed else least
    kept = least >= LEAST
    print(
        f"{'ok' if kept else 'MISSED'}: on TensorFlow at least {LEAST} of the sessions alone; the least is {least:.2f}"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
