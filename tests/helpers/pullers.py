"""Processes that pull one release, light enough to be killed by the dozen: forked by one that has imported the cache.

with Pullers() as pullers:
    pid = pullers.start(home, files)    # files: what ``shelves.make_remote_file`` takes, one dictionary a file
    os.kill(pid, signal.SIGKILL)
    pullers.wait()                      # {pid: exit code, negative for a signal}
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any, Self

# Python's audit events for what a pull does to the disk, raised before it is done.
STEPS = {"open", "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.utime"}


class Pullers:
    def __enter__(self) -> Self:
        self._parent = subprocess.Popen([sys.executable, __file__], text=True, stdin=-1, stdout=-1)
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate()

    def start(self, home: Path, files: list[dict[str, Any]], *, steps: int | None = None) -> int:
        """The pid; with ``steps`` the process kills itself before it does more of them than that."""
        return int(self._ask({"home": str(home), "files": files, "steps": steps}))

    def wait(self) -> dict[int, int]:
        """The exit codes of all that were started."""
        return {int(pid): code for pid, code in self._ask(None).items()}

    def _ask(self, what: object) -> Any:
        self._parent.stdin.write(json.dumps(what) + "\n")
        self._parent.stdin.flush()
        return json.loads(self._parent.stdout.readline())


def serve() -> None:
    import shelves  # noqa: F401  # imported once, for all

    running: list[int] = []
    for line in sys.stdin:
        asked = json.loads(line)
        if asked is None:
            answer: object = {pid: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in running}
            running.clear()
        else:
            answer = forked(asked)
            running.append(answer)
        print(json.dumps(answer), flush=True)


def forked(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        pull(**asked)
    except BaseException:  # noqa: BLE001  # a fork must not go on as its parent, whatever the error
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def pull(home: str, files: list[dict[str, Any]], steps: int | None) -> None:
    from shelves import make_release, make_remote_file

    from runner_core.cache.cache import Cache

    release = make_release(*(make_remote_file(**file) for file in files))
    if steps is not None:
        sys.addaudithook(Stop(steps))
    Cache(Path(home)).install(release)


class Stop:
    """An audit hook that ends the process before one step more."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self, event: str, _: object) -> None:
        if event not in STEPS:  # the kill itself is not a step
            return
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve()
