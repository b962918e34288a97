"""Children: one process takes mutants until one of them ends it, lets it hang, or takes too much of its memory."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Self

import attrs

PATIENCE = 60.0  # seconds for one input, as people wait
_START = 300.0  # seconds in which the seeds must be made and taken
MOST_MEMORY = 1 << 30  # bytes above what the whole files took
_GROWTH = 512 << 20  # bytes that a process may keep from input to input before it is replaced
_LOOK = 0.1  # seconds between two looks at a process that is busy
_MOST_TOLD = 3000


@attrs.frozen
class Fault:
    """``what`` is wrong, in a line; ``where`` tells it from other faults; ``more`` is to look into it."""

    what: str
    where: str
    more: str = attrs.field(default="", eq=False)


class Broken(Exception):
    """The campaign itself does not start."""


class Child:
    """Takes inputs of a campaign, and is started again when one of them has ended it.

    ``patience``, ``memory``  the seconds and the bytes that one input may take.
    ``seeds``   the whole files, by name.
    ``tokens``  words of their format.
    ``named``   whether an input begins with the name of its seed.
    """

    def __init__(self, name: str, *, patience: float = PATIENCE, memory: int = MOST_MEMORY) -> None:
        self._name, self._patience, self._memory = name, patience, memory
        self._made = tempfile.TemporaryDirectory(prefix="campaign-")
        self._folder = Path(self._made.name)
        self.seeds: Mapping[str, bytes] = {}
        self.tokens: tuple[bytes, ...] = ()
        self.named = False
        self._process: subprocess.Popen[str] | None = None
        self._ceiling = 0

    def __enter__(self) -> Self:
        """Raises Broken."""
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._made.cleanup()

    def ask(self, data: bytes) -> Fault | None:
        """What the input does wrong; None if all is well."""
        if self._process is None:
            self._start()
        path = self._folder / "input"
        path.write_bytes(data)
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        answer = self._wait(self._patience)
        if isinstance(answer, Fault):
            self._stop()
            return answer
        if answer["rests"] > self._ceiling - self._memory + _GROWTH:
            self._stop()  # a leak, or what an allocator keeps: not of this input
        if answer["found"]:
            return Fault(**answer["found"])
        return self._check_memory(answer["most"])

    def _start(self) -> None:
        here = Path(__file__)
        self._process = subprocess.Popen(
            [sys.executable, here.with_name("child.py"), self._name, self._folder],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self._folder,
        )  # fmt: skip
        ready = self._wait(_START)
        if isinstance(ready, Fault) or "broken" in ready:
            self._stop()
            raise Broken(f"{self._name}: {ready.what + ready.more if isinstance(ready, Fault) else ready['broken']}")
        self._ceiling = max(self._ceiling, ready["most"] + self._memory)
        self.seeds = {seed: (self._folder / f"seed-{n}").read_bytes() for n, seed in enumerate(ready["seeds"])}
        self.tokens, self.named = tuple(map(bytes.fromhex, ready["tokens"])), ready["named"]

    def _wait(self, patience: float) -> dict[str, Any] | Fault:
        """Its answer, or why there is none."""
        assert self._process
        assert self._process.stdout
        until = monotonic() + patience
        while not select.select([self._process.stdout], [], [], _LOOK)[0]:
            if monotonic() > until:
                self._process.send_signal(signal.SIGABRT)  # which has it say where it is
                self._process.wait()
                return Fault(f"no end within {patience:.0f} s", f"hangs {self._last_frame()}", self._told())
            fault = self._check_memory(_read_memory(self._process.pid)) if self._ceiling else None
            if fault:
                return fault
        line = self._process.stdout.readline()
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        code = self._process.wait()
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Fault(f"the process ended with {how}", f"{how} {self._last_frame()}", self._told())

    def _check_memory(self, most: int) -> Fault | None:
        above = most - self._ceiling
        if above <= 0:
            return None
        return Fault(f"{(above + self._memory) >> 20} MB above what whole files take", "memory")

    def _told(self) -> str:
        return (self._folder / "told").read_bytes()[-_MOST_TOLD:].decode(errors="replace")

    def _last_frame(self) -> str:
        """The innermost line of Python, as the fault handler writes it."""
        frames = [line.strip() for line in self._told().splitlines() if line.startswith('  File "')]
        return frames[0].rpartition("/")[2] if frames else ""

    def _stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _read_memory(pid: int) -> int:
    """Bytes that a process takes now; 0 where the system does not say, or it is gone."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if len(pages) > 1 else 0
