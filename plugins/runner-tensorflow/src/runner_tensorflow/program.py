"""Program: a graph in TensorFlow, and the names of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from runner_core.contracts import DecodedInput, TensorSpec
from runner_core.errors import EngineError
from runner_tensorflow.engine_errors import raise_engine_errors
from runner_tensorflow.runtime import dismantle_graph, tf
from runner_tensorflow.tensors import spec_of

VARIABLES = frozenset({"VarHandleOp", "Variable", "VariableV2"})  # the ops that make them


@attrs.frozen
class Step:
    """An operation to run before the first call, and what it is fed, by tensor name."""

    operation: str
    feeds: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Program:
    """A model file as TensorFlow has it.

    ``file``     where it came from, for messages.
    ``graph``    the ``tf.Graph``, from ``graphs.import_graph``.
    ``inputs``, ``outputs``  the names that a task sees -> the names of tensors in the graph.
    ``start``    the steps that fill variables and tables in a new session.
    ``decoded``  where inputs of encoded pictures become pixels.
    """

    file: Path
    graph: Any
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    metadata: Mapping[str, str]
    start: tuple[Step, ...] = ()
    decoded: Mapping[str, DecodedInput] = attrs.field(factory=dict)

    def specs(self, names: Mapping[str, str]) -> tuple[TensorSpec, ...]:
        """The specs of ``inputs`` or ``outputs``."""
        return tuple(spec_of(name, self.tensor(name, names)) for name in names)

    def tensor(self, name: str, names: Mapping[str, str]) -> Any:
        """The ``tf.Tensor`` of a name in ``names``, or of any tensor in the graph. Raises EngineError."""
        try:
            return self.graph.get_tensor_by_name(names.get(name, name))
        except (KeyError, ValueError):
            known = ", ".join(names) or "none"
            raise EngineError(f"{self.file}: it has no tensor {name!r}", remedy=f"there are: {known}") from None

    def session(self, config: Any) -> Any:
        """A ``tf.compat.v1.Session`` of its own, its variables and tables filled. Raises EngineError."""
        session = tf.compat.v1.Session(graph=self.graph, config=config)
        with raise_engine_errors(self.file, remedy="the model is damaged or incomplete: fetch it again"):
            for step in self.start:
                session.run(self.graph.get_operation_by_name(step.operation), dict(step.feeds))
        return session

    def discard(self) -> None:
        """Releases the graph's memory at once: a graph and its operations refer to each other."""
        dismantle_graph(self.graph)
