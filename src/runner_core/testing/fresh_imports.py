"""What a fresh interpreter imports when it runs a statement."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence

from runner_core.testing.check import demand

# Frameworks and libraries whose import takes tenths of a second, or gigabytes.
HEAVY = frozenset({
    "ai_edge_litert", "av", "cv2", "jax", "keras", "matplotlib", "onnx", "onnxruntime", "openvino", "pandas", "ray",
    "scipy", "sklearn", "supervision", "tensorflow", "tensorrt", "tflite_runtime", "torch", "torchvision",
    "transformers", "ultralytics",
})  # fmt: skip

_SHOWN = 3
_SCRIPT = (
    "import sys; before = set(sys.modules); {statement}; "
    "print('\\n' + ' '.join(filter(lambda name: name not in before, sys.modules)))"
)


def find_imports(statement: str) -> tuple[str, ...]:
    """The modules that a new Python process, with this one's path, holds after ``statement`` and not before.

    In the order in which their import began: what was asked for comes before what that imports itself.

    Raises BrokenPromise with the last line of standard error if the statement fails.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", _SCRIPT.format(statement=statement)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = done.stderr.strip().splitlines() or [""]
    demand(done.returncode == 0, f"`{statement}` fails in a fresh interpreter: {lines[-1]}")
    return tuple(done.stdout.splitlines()[-1].split())


def top_level_names(modules: Iterable[str]) -> tuple[str, ...]:
    """The top-level names of modules, each once, in their order."""
    return tuple(dict.fromkeys(module.partition(".")[0] for module in modules))


def list_imports(names: Sequence[str]) -> str:
    """Names for a message: the first few, which a person wrote as a rule, and how many these brought."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
