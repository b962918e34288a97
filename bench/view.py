"""What a live view costs the run that it shows: a run with it against the same run without, in turns.

Nobody watches; a viewer never draws what it is sent; a viewer draws it at once. The brain is real, the frames have
1280 x 720 pixels and are in memory already. The run has one thread, so that a core is free to make the pictures of the
page, as when a camera is watched. What a quick viewer costs is printed, not claimed: it is in this process, and is sent
every frame, which no screen would show.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from urllib.parse import urlsplit

import numpy as np
from _measure import alternate, format_table, print_verdict
from _testdata import find_testdata
from runner_liveview.sink import ViewSink
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from runner_core import Frame, open_brain
from runner_core.contracts import Writer
from runner_core.pipeline.pipeline import run

FRAMES, ROUNDS = 60, 21
BARS = {"nobody looks": 1.05, "never draws": 1.05}  # times the run without a view, at most
LOOKS = {"nobody looks": None, "never draws": False, "draws": True}
MODEL, LABELS = "fastestdet_coco.onnx", "coco80.txt"


class Memory:
    """A source of pictures that are there already."""

    live = False

    def __init__(self, frames: int) -> None:
        self._frames = frames
        coarse = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)
        self._pixels = coarse.repeat(8, axis=0).repeat(8, axis=1)

    def frames(self) -> Iterator[Frame]:
        for index in range(self._frames):
            yield Frame.from_array(self._pixels, source="camera", index=index, time=index / 25)


class Open:
    """A sink that is open before the run and stays so: a server's start is not what is measured."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    @contextmanager
    def open(self) -> Iterator[Writer]:
        yield self.writer


def take_messages(socket: ClientConnection, draws: bool, got: list[int]) -> None:
    """Takes what comes; notes its bytes."""
    try:
        for message in socket:
            got.append(len(message))
            if draws:
                socket.send("drawn")
    except ConnectionClosed:
        pass


def open_view(stack: ExitStack, draws: bool | None, got: list[int]) -> Open:
    """A view that is open; None: nobody watches."""
    sink = ViewSink("0")
    writer = stack.enter_context(sink.open())
    if draws is not None:
        url = f"ws://{urlsplit(sink.url).netloc}/frames"
        socket = stack.enter_context(connect(url, proxy=None, compression=None, close_timeout=0.1))
        Thread(target=take_messages, args=(socket, draws, got), daemon=True).start()
    return Open(writer)


def main() -> int:
    models, source = find_testdata() / "models", Memory(FRAMES)
    got: dict[str, list[int]] = {name: [] for name in LOOKS}
    with ExitStack() as stack:
        brain = stack.enter_context(open_brain(models / MODEL, labels=models / LABELS, threads=1))
        views = {name: open_view(stack, draws, got[name]) for name, draws in LOOKS.items()}
        rivals: dict[str, Callable[[], object]] = {"no view": lambda: run(source, [brain], threads=1)}
        for name, view in views.items():
            rivals[name] = lambda view=view: run(source, [brain], [view], threads=1)
        times = alternate(rivals, rounds=ROUNDS)
    print(format_table({f"{FRAMES} frames, {name}": time for name, time in times.items()}))
    for name, messages in got.items():
        size = f", {np.median(messages) / 1e3:.0f} kB each" if messages else ""
        print(f"{name}: {len(messages)} messages in {ROUNDS + 2} runs{size}")
    print(f"draws: {times['draws'] / times['no view']:.3f} times the run without")
    assert len(got["draws"]) > FRAMES, "too little was seen for a comparison"
    assert len(got["never draws"]) < FRAMES / 10, "it was sent what it did not draw"
    kept = [
        print_verdict(name, times[name] / times["no view"], bar, "times the run without") for name, bar in BARS.items()
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
