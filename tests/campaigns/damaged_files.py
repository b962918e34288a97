"""Which engines die of which damaged files: a model with a few edits, opened and run in a child process.

    python tests/campaigns/damaged_files.py openvino MODEL --count 500 --seed 1

One child opens one file after the other, until one kills it or never ends. The last line counts how they ended, and
the files that did so badly are kept in ``--keep``.
"""

from __future__ import annotations

import argparse
import select
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import attrs
from edits import apply_edits, draw_edits, format_edits

LIMIT = 30.0  # seconds without an answer
_HUNG = "hung"


@attrs.frozen
class Damage:
    """A file of a model, below its folder (empty for a model of one file), and its bytes after the damage."""

    file: str
    data: bytes
    how: str


def list_damages(model: Path, count: int, seed: int) -> Iterator[Damage]:
    """``count`` of them, the same each time, in each of the model's files in turn."""
    chance = Random(seed)
    files = sorted(path for path in model.rglob("*") if path.is_file()) if model.is_dir() else [model]
    if model.suffix == ".xml":
        files.append(model.with_suffix(".bin"))
    whole = {path: path.read_bytes() for path in files}
    for number in range(count):
        path = files[number % len(files)]
        edits = draw_edits(chance, whole[path])
        name = path.relative_to(model.parent).as_posix()
        yield Damage(name, apply_edits(whole[path], edits), format_edits(edits))


class Opener:
    """A child process that opens and runs models, and is replaced when one ends it."""

    def __init__(self, engine: str) -> None:
        self._command = [sys.executable, __file__, engine]
        self._child: subprocess.Popen[bytes] | None = None

    def open(self, model: Path) -> str:
        """``ran``, ``refused``, ``failed`` (when run), or its end: ``signal 11 in load``, ``hung in run``."""
        child = self._child = self._child or self._start()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{model}\n".encode())
        phase = "load"
        while True:
            ready = select.select([child.stdout], [], [], LIMIT)[0]
            line = child.stdout.readline().decode().strip() if ready else _HUNG
            if line == "loaded":
                phase = "run"
            elif line in ("ran", "refused", "failed"):
                return line
            else:
                return f"{self._end(line)} in {phase}"

    def _start(self) -> subprocess.Popen[bytes]:
        """A child that has imported its framework: a busy machine takes a while for it."""
        child = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        assert child.stdout is not None
        child.stdout.readline()
        return child

    def _end(self, line: str) -> str:
        """What became of a child that says no more."""
        assert self._child is not None
        with self._child as child:
            if line == _HUNG:
                child.kill()
        self._child = None
        return line or (f"signal {-child.returncode}" if child.returncode < 0 else f"exit {child.returncode}")

    def close(self) -> None:
        if self._child is not None:
            self._end(_HUNG)


def try_damages(engine: str, model: Path, count: int, seed: int, keep: Path | None = None) -> Counter[str]:
    """How many of the damaged files ended how."""
    found: Counter[str] = Counter()
    opener = Opener(engine)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / model.name
        for number, damage in enumerate(list_damages(model, count, seed)):
            _copy(model, place)
            (Path(folder) / damage.file).write_bytes(damage.data)
            end = opener.open(place)
            found[end] += 1
            if end not in ("ran", "refused", "failed"):
                print(f"{engine} {model.name}/{damage.file}: {damage.how}: {end}", flush=True)
                if keep:
                    _copy(place, keep / f"{engine}-{seed}-{number}" / model.name)
    opener.close()
    return found


def _copy(model: Path, place: Path) -> None:
    if model.is_dir():
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(model, place, copy_function=shutil.copyfile)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, place)
    if model.suffix == ".xml":
        shutil.copyfile(model.with_suffix(".bin"), place.with_suffix(".bin"))


def serve(name: str) -> None:
    """The child: a path a line comes in, what became of it goes out."""
    import os

    answers = os.fdopen(os.dup(1), "wb", buffering=0)  # a library may print
    os.dup2(2, 1)
    from runner_core.contracts import Engine, EngineOptions
    from runner_core.discovery.registry import get_registry
    from runner_core.loading.crash_probe_child import run_once

    engine: Engine = get_registry().make("engines", name)
    engine.describe()
    answers.write(b"ready\n")
    for line in sys.stdin.buffer:
        try:
            session = engine.load(Path(line.decode().strip()), EngineOptions(threads=1))
        except Exception:  # noqa: BLE001  # whatever it is, it is no crash
            answers.write(b"refused\n")
            continue
        answers.write(b"loaded\n")
        try:
            run_once(session)
            session.close()
        except Exception:  # noqa: BLE001
            answers.write(b"failed\n")
        else:
            answers.write(b"ran\n")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        serve(sys.argv[1])
    else:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("engine")
        parser.add_argument("model", type=Path)
        parser.add_argument("--count", type=int, default=500)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--keep", type=Path)
        given = parser.parse_args()
        ends = try_damages(given.engine, given.model, given.count, given.seed, given.keep)
        print(given.engine, given.model.name, dict(ends))
