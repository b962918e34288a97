"""What 200 open pages cost the run that they show: pictures a second with them against those without, in turns.

The pages are WebSocket clients in a process of their own, which say at once that they have drawn. The brain is real,
the frames have 1280 x 720 pixels and are in memory already. The clients' own work is no cost of the view, but needs the
same processors here: it is measured, and printed. A run of one thread leaves it a core, if there are two; what a run
loses that wants all cores is printed, not claimed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import attrs
from _measure import alternate, format_table, print_verdict
from _testdata import find_testdata
from runner_liveview.sink import ViewSink
from view import LABELS, MODEL, Memory, Open

from runner_core import open_brain
from runner_core.pipeline.pipeline import run

VIEWERS, FRAMES, ROUNDS = 200, 120, 7
LEAST = 0.95  # of the pictures a second of a run without pages


@attrs.frozen
class Seen:
    """By all viewers: ``fewest`` messages is those of the one that got fewest, ``worked`` their processor time."""

    messages: int
    bytes: int
    fewest: int
    worked: float


class Viewers:
    """The process of the pages."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self) -> Seen:
        """What they have seen since they were last asked."""
        print(file=self._process.stdin, flush=True)
        messages, size, fewest, worked = self._process.stdout.readline().split()
        return Seen(int(messages), int(size), int(fewest), float(worked))


@contextmanager
def open_pages(url: str) -> Iterator[Viewers]:
    script = Path(__file__).with_name("_viewers.py")
    command = [sys.executable, str(script), f"ws://{urlsplit(url).netloc}/frames", str(VIEWERS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield Viewers(process)
        process.stdin.close()


def main() -> int:
    models, source = find_testdata() / "models", Memory(FRAMES)
    seen: list[Seen] = []
    with ExitStack() as stack:
        brain = stack.enter_context(open_brain(models / MODEL, labels=models / LABELS, threads=1))
        sinks = [ViewSink("0?wait=no") for _ in range(2)]
        unseen, shown = (Open(stack.enter_context(sink.open())) for sink in sinks)
        viewers = stack.enter_context(open_pages(sinks[1].url))

        def show(threads: int | None) -> None:
            viewers.ask()
            run(source, [brain], [shown], threads=threads)
            seen.append(viewers.ask())

        rivals: dict[str, Callable[[], object]] = {
            "no page": lambda: run(source, [brain], [unseen], threads=1),
            f"{VIEWERS} pages": lambda: show(1),
            "no page, all cores": lambda: run(source, [brain], [unseen]),
            f"{VIEWERS} pages, all cores": lambda: show(None),
        }
        times = alternate(rivals, rounds=ROUNDS)
    return judge(times, seen)


def judge(times: Mapping[str, float], seen: Sequence[Seen]) -> int:
    alone, watched, alone_all, watched_all = times.values()
    print(format_table({f"{FRAMES} frames, {name}": time for name, time in times.items()}))
    size = sum(each.bytes for each in seen) / sum(each.messages for each in seen) / 1e3
    rate = median(each.messages for each in seen[::2]) / watched * 1e3
    print(f"with one thread: {rate:.0f} messages a second for {VIEWERS} pages, {size:.0f} kB each")
    worked = median(each.worked for each in seen[::2]) / watched * 1e3
    print(f"the pages themselves: {worked:.3f} of a core, in a process of their own")
    print(f"with all cores: {alone_all / watched_all:.3f} of the pictures a second without pages")
    assert sum(each.messages for each in seen) > VIEWERS * len(seen), "too little was seen for a comparison"
    claim = f"what a picture takes with {VIEWERS} pages, at 0.95 of the pictures a second"
    return 0 if print_verdict(claim, watched / alone, 1 / LEAST, "times what it takes without") else 1


if __name__ == "__main__":
    sys.exit(main())
