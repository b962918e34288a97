"""The process that trains: ``python -m runner_liveview.labelling.train_child '{"data": ..., "name": ..., ...}'``.

On standard output it says how far it is, and at last ``{"brain": NAME}``, a line of JSON each.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from runner_core.brain import Brain
from runner_core.errors import RunnerError
from runner_core.training import TrainingStep


def main(asked: dict[str, Any]) -> int:
    """Trains a new brain called ``name`` on the data set ``data`` for so many ``minutes``."""
    spoken = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is not what this process says

    def tell(step: TrainingStep) -> None:
        told = {"stage": step.stage, "share": step.share, "figures": dict(step.figures)}
        print(json.dumps(told), file=spoken, flush=True)

    try:
        trained = Brain.new(asked["name"], task="object-detection").train(
            asked["data"], minutes=asked["minutes"], watch=tell
        )
    except RunnerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps({"brain": f"{trained.name}@{trained.version}"}), file=spoken, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
