"""Safety: what an untrusted model may do, which is to compute.

A TensorFlow graph is a program: its ops can read, write and list files, start threads and run Python code. So every op
that it can reach must be on a list of pure ones, ``pure_ops.txt``, made by ``tools/allow_lists.py``.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from runner_core.errors import UntrustedError
from runner_tensorflow.graph_defs import list_ops

REMEDY = "if you know who made it, trust it: `--trust` on the command line, `trust=True` in open_brain"


def demand_pure(graph_def: Any, file: Path, may_run: frozenset[str] = frozenset()) -> None:
    """Raises UntrustedError for a graph that runs an op which is neither pure nor in ``may_run``, naming both."""
    for op, node in list_ops(graph_def).items():
        if op not in read_list("pure_ops.txt") and op not in may_run:
            raise make_untrusted_error(file, f"node {node!r} runs the op {op!r}")


def make_untrusted_error(file: Path, what: str) -> UntrustedError:
    """The error for a model that could read and write files or run code."""
    return UntrustedError(f"{file}: {what}, which could read and write files or run code", remedy=REMEDY)


@cache
def read_list(name: str) -> frozenset[str]:
    """The lines of a list in this package."""
    lines = files("runner_tensorflow").joinpath(name).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
