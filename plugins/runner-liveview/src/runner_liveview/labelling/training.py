"""Training: a new brain from what has been drawn, in a child process, so that the page lives on whatever it does."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import Any, cast

import attrs

CHILD = (sys.executable, "-m", "runner_liveview.labelling.train_child")
_SAID = 2000  # characters of a child's last words
_PATIENCE = 60.0  # seconds in which a child that is told to end may write what it has


@attrs.frozen
class Progress:
    """``state``: ``running``, ``done``, ``failed`` or ``stopped``; ``brain`` is the reference of the new one."""

    state: str
    stage: str = ""
    share: float = 0.0
    figures: Mapping[str, float] = attrs.field(factory=dict)
    error: str = ""
    brain: str = ""


class Training:
    """One at a time. ``tell`` is called from a thread, with each step, and at last with the end."""

    def __init__(self, tell: Callable[[Progress], None], child: Sequence[str] = CHILD) -> None:
        self._tell, self._command = tell, child
        self._child: subprocess.Popen[bytes] | None = None
        self._following: Thread | None = None
        self._stopped = False

    @property
    def is_running(self) -> bool:
        """Whether a child is at work."""
        return self._child is not None and self._child.poll() is None

    def start(self, **asked: Any) -> None:
        """Begins: ``data``, ``name``, ``minutes``, as ``train_child`` takes them. Raises OSError."""
        self._stopped = False
        self._child = subprocess.Popen(
            [*self._command, json.dumps(asked)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,  # a Ctrl-C in the terminal would be its second one
        )  # fmt: skip
        self._following = Thread(target=self._follow, args=(self._child,), name="runner-label-training", daemon=True)
        self._following.start()

    def stop(self) -> None:
        """Has it end with the best so far."""
        self._stopped = True
        if self.is_running:
            cast(subprocess.Popen[bytes], self._child).send_signal(signal.SIGINT)

    def close(self) -> None:
        """Ends it, at once if it does not by itself."""
        if self.is_running:
            child = cast(subprocess.Popen[bytes], self._child)
            self.stop()
            with suppress(subprocess.TimeoutExpired):
                child.wait(_PATIENCE)
            child.kill()
        if self._following:
            self._following.join()

    def _follow(self, child: subprocess.Popen[bytes]) -> None:
        """Tells what the child says, a line of JSON each; what it prints on standard error is why it failed."""
        said: list[bytes] = []
        with child:
            listening = Thread(target=lambda: said.append(cast(Any, child.stderr).read()[-_SAID:]), daemon=True)
            listening.start()
            brain = ""
            for line in cast(Any, child.stdout):
                with suppress(AttributeError, TypeError, ValueError):
                    step = json.loads(line)
                    brain = step.pop("brain", brain)
                    self._tell(Progress("running", **step))
            listening.join()
        self._tell(self._conclude(brain, cast(int, child.returncode), said[0] if said else b""))

    def _conclude(self, brain: str, code: int, said: bytes) -> Progress:
        """How it ended."""
        if brain and not code:
            return Progress("done", share=1.0, brain=brain)
        if self._stopped:
            return Progress("stopped")
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        return Progress("failed", error=last[0] if last else f"the training ended with exit code {code}")
