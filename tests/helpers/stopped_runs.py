"""Runs that are stopped by a signal, and what they leave."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

# Imports what a run needs once, then runs `runner ARGUMENTS` in a child for each line, which so starts in a tenth of a
# second. Says the number of the child; waits for it behind an empty line, when nobody signals it any more.
NURSERY = """
import json, os, signal, sys
import onnxruntime, pyarrow.parquet
import runner_core.cli.run
from runner_core.cli.main import main
from runner_core.discovery.registry import get_registry

def run_child(folder, *arguments):
    os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.dup2(2, 1)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may have it ignored
    code = 130
    try:
        main(arguments)
    except SystemExit as stop:
        code = stop.code
    except KeyboardInterrupt:
        pass
    os._exit(code)  # what a child shares with its parent it must not close

for kind in ("sinks", "sources"):
    for found in get_registry().all(kind).values():
        found.load()
while line := sys.stdin.readline():
    child = os.fork()
    if not child:
        run_child(*json.loads(line))
    print(child, flush=True)
    sys.stdin.readline()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
SINKS = (
    "jsonl:out.jsonl", "csv:out.csv", "parquet:out.parquet", "coco:out.json", "coco:list.json?form=results",
    "yolo:yolo", "voc:voc", "label-studio:tasks.json", "crops:crops", "images:drawn",
)  # fmt: skip


class Nursery:
    """Where runs are started quickly, one after the other; ``said`` is what the last one printed."""

    def __init__(self, home: Path) -> None:
        self._said = home / "said.txt"
        environment = os.environ | {"RUNNER_HOME": str(home)}
        self._process = subprocess.Popen([sys.executable, "-c", NURSERY, str(self._said)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, env=environment)  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    @property
    def said(self) -> str:
        return self._said.read_text()

    def run(self, folder: Path, *arguments: str, stop: signal.Signals | None = None, after: float = 0.0) -> int:
        """The exit code, negative for a signal's; ``stop`` is sent ``after`` so many seconds, if it still runs."""
        self._tell(json.dumps([str(folder), *arguments]))
        child = int(self._process.stdout.readline())
        if stop is not None:
            time.sleep(after)
            os.kill(child, stop)
        self._tell("")
        return int(self._process.stdout.readline())

    def _tell(self, line: str) -> None:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


def write_pictures(folder: Path, count: int) -> Path:
    """Pictures of different colours, JPEGs and PNGs, in two folders with the same names; one cannot be read."""
    draw = random.Random(0)
    for number in range(count):
        place = folder / ("left", "right")[number % 2] / f"{number // 2:04}{('.jpg', '.png')[number % 3 == 0]}"
        place.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.zeros((40, 60, 3), np.uint8) + np.array([draw.randrange(256) for _ in range(3)], np.uint8)
        Image.fromarray(pixels).save(place)
    (folder / "left" / "0001.jpg").write_bytes(b"no picture")
    return folder


def read_outputs(folder: Path) -> dict[str, Any]:
    """All that a run left, by name, without times; nothing half written may be among it."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name == ".out.jsonl.run":
            continue
        match path.suffix:
            case ".jsonl":
                found[name] = [_drop_times(json.loads(line)) for line in path.read_text().splitlines()]
            case ".parquet":
                found[name] = pq.read_table(path).to_pylist()
            case ".json":
                found[name] = json.loads(path.read_bytes())
            case _:
                found[name] = path.read_bytes()
    return found


def count_frames(folder: Path) -> dict[str, int]:
    """How many frames each sink holds that writes one thing for each frame that was read."""
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    return {
        "jsonl": sum("size" in line for line in lines),
        "coco": len(json.loads((folder / "out.json").read_bytes())["images"]),
        "results": len(json.loads((folder / "list.images.json").read_bytes())["images"]),
        "yolo": len(list((folder / "yolo").rglob("labels/*.txt"))),
        "voc": len(list((folder / "voc" / "Annotations").iterdir())),
        "label-studio": len(json.loads((folder / "tasks.json").read_bytes())),
        "images": sum(path.is_file() for path in (folder / "drawn").rglob("*")),
    }


def _drop_times(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _drop_times(value) for key, value in data.items() if key not in ("ms", "interrupted")}
    return [_drop_times(each) for each in data] if isinstance(data, list) else data
