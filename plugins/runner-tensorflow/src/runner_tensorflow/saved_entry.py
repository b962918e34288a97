"""Entry: where the graph of a SavedModel is entered and left."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from runner_tensorflow.program import Step


@attrs.frozen
class Entry:
    """What a caller feeds and fetches.

    ``name``     of the signature or function; empty where the graph has neither.
    ``inputs``, ``outputs``  the names that a task sees -> the names of tensors in the graph.
    ``restore``  fills the variables; None leaves that to the saver of the graph.
    """

    name: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    restore: tuple[Step, ...] | None = None
