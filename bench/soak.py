"""A long run in half an hour: does its process grow?

A camera of a real RTSP server that is gone for some seconds now and then, two brains, JSON lines, and a view whose
viewers come, go and misbehave. Once a minute all have left, and memory, descriptors and threads of the run's process
are read. After the first five minutes memory may grow by five percent, descriptors and threads not at all.

It takes long: `make bench` leaves it out, `make soak` runs it. Only on Linux, with the RTSP server of the tests.
"""

from __future__ import annotations

import argparse
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import attrs
from _guests import guests
from _measure import print_verdict
from _memory import get_resident_bytes
from _testdata import find_testdata

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))
from rtsp_server import RtspServer, missing, rtsp_server

WARM, GROWTH = 5, 0.05  # minutes, and the part by which memory may grow after them
BUSY, REST = 54.0, 6.0  # seconds of a minute
EVERY, AWAY = 3, 4.0  # minutes between two times that the camera is gone, and seconds that it stays away
DESCRIPTORS = 256  # that the run's process may have: guests come who want more
BRAINS = (
    "fastestdet_coco.onnx?labels={}/coco80.txt",
    "mobilenet_v2_1.0_224_quant.tflite?labels={}/imagenet_labels.txt",
)


@attrs.frozen
class Sample:
    """Of a process at rest: bytes in memory, open descriptors, threads."""

    memory: int
    descriptors: int
    threads: int

    @classmethod
    def take(cls, process: int) -> Sample:
        descriptors, threads = (len([*Path(f"/proc/{process}/{name}").iterdir()]) for name in ("fd", "task"))
        return cls(get_resident_bytes(process), descriptors, threads)


@contextmanager
def start_run(url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], tuple[str, int]]]:
    """The process of the run, and where its page is."""
    models = find_testdata() / "models"
    brains = [part for brain in BRAINS for part in ("--brain", f"{models / brain.format(models)}&threads=1")]
    command = [sys.executable, "-m", "runner_core.cli.main", "run", f"{url}?name=yard", *brains, "--quiet"]
    sinks = ["--sink", f"jsonl:{folder / 'out.jsonl'}", "--sink", "view:0"]
    with (folder / "said").open("w") as said, subprocess.Popen([*command, *sinks], stderr=said, text=True) as process:
        try:
            while not (found := re.search(r"view: http://(.+?):(\d+)/", (folder / "said").read_text())):
                assert process.poll() is None, (folder / "said").read_text()
                sleep(0.1)
            yield process, (found[1], int(found[2]))
        finally:
            process.terminate()


def live_a_minute(camera: RtspServer, server: tuple[str, int], minute: int) -> int:
    """Guests come and go, and have left at its end; gives how many there were."""
    with guests(server, minute) as came:
        if minute % EVERY == 2:
            camera.kill()
            sleep(AWAY)
            camera.start()
            sleep(BUSY - AWAY)
        else:
            sleep(BUSY)
    sleep(REST)
    return sum(len(guest.visits) for guest in came)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    asked = parser.parse_args()
    if why := missing():
        sys.exit(f"no camera: {why}")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, most))
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as temporary, rtsp_server(size=(640, 480), fps=15) as camera:
        folder = Path(temporary)
        with start_run(camera.url, folder) as (process, server):
            for minute in range(asked.minutes):
                visits = live_a_minute(camera, server, minute)
                samples.append(seen := Sample.take(process.pid))
                answers = sum(1 for _ in (folder / "out.jsonl").open())
                numbers = f"{seen.memory / 1e6:8.1f} MB {seen.descriptors:4} descriptors {seen.threads:3} threads"
                print(f"{minute + 1:3} min {numbers} {answers:6} answers, {visits} guests", flush=True)
        said = (folder / "said").read_text()
    return judge(samples, said)


def judge(samples: list[Sample], said: str) -> int:
    early, late = samples[:WARM], samples[WARM:]
    assert late, f"it needs more than {WARM} minutes"
    print(said)
    kept = print_verdict(
        "descriptors", max(each.descriptors for each in late), max(each.descriptors for each in early), ""
    )
    kept &= print_verdict("threads", max(each.threads for each in late), max(each.threads for each in early), "")
    quiet = "Traceback" not in said
    print(f"{'ok    ' if quiet else 'MISSED'} no traceback is printed")
    grown = max(each.memory for each in late) / early[-1].memory
    kept &= print_verdict(f"memory at most over that after {WARM} minutes", grown, 1 + GROWTH, "times")
    return 0 if kept and quiet else 1


if __name__ == "__main__":
    sys.exit(main())
