"""The child process of ``crash_probe``: opens and runs one model, and says so. What kills it kills nothing else.

    python -m runner_core.loading.crash_probe_child TARGET PATH OPTIONS SECONDS

Without a command line of its own, and with hardly an import besides the engine's: that is what a first opening costs.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from runner_core.contracts import Engine, EngineOptions, Session


def main(target: str, path: str, options: str, seconds: str) -> None:
    """Opens the model at ``path`` by the engine ``target``, with the fields of ``EngineOptions`` as JSON."""
    answers = os.dup(1)  # what libraries print goes elsewhere
    os.dup2(2, 1)
    _limit_harm(int(seconds))
    module, _, name = target.partition(":")
    engine: Engine = getattr(import_module(module), name)()
    with suppress(Exception):
        engine.describe()  # imports the framework, which must not count as a fault of the file
    os.write(answers, b"ready\n")
    with suppress(Exception):  # what can be said, the parent says as it opens the model itself
        session = engine.load(Path(path), EngineOptions(**json.loads(options)))
        run_once(session)
        session.close()
    os.write(answers, b"done\n")
    os._exit(0)


def _limit_harm(seconds: int) -> None:
    """No file with all the memory of a process that dies, and no process that runs on when nobody waits any more."""
    with suppress(ImportError, OSError, ValueError):  # of Unix alone
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(seconds)


def run_once(session: Session) -> None:
    """With zeros, free sides as short as can be: some damage shows only then. Raises what there is to raise."""
    import numpy as np

    feeds = {spec.name: np.zeros([side or 1 for side in spec.shape or ()], spec.dtype) for spec in session.inputs}
    session.run(feeds, [spec.name for spec in session.outputs])


if __name__ == "__main__":
    main(*sys.argv[1:])
