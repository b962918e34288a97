"""The only function through which a graph gets into TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_tensorflow.devices import find_device_name
from runner_tensorflow.engine_errors import raise_engine_errors
from runner_tensorflow.graph_defs import all_nodes, function_names, functions_named, list_ops
from runner_tensorflow.runtime import op_def_registry, tf
from runner_tensorflow.safety import demand_pure

_DAMAGED = "the model is damaged, or made for another version of TensorFlow"


def import_graph(graph_def: Any, file: Path, options: EngineOptions, *, may_run: frozenset[str] = frozenset()) -> Any:
    """A ``tf.Graph`` of a pruned GraphDef, placed on the device asked for.

    All of it must be harmless, for TensorFlow runs parts of a graph while it imports it, to infer shapes. ``may_run``
    are ops that the caller has made harmless. Raises EngineError; UntrustedError for other ops than ``safety`` knows.
    """
    device = find_device_name(options.device)
    _demand_whole(graph_def, file)
    if not options.trusted:
        demand_pure(graph_def, file, may_run)
    graph = tf.Graph()
    with raise_engine_errors(file, _DAMAGED), graph.as_default(), tf.device(device):
        tf.import_graph_def(graph_def, name="")
    return graph


def _demand_whole(graph_def: Any, file: Path) -> None:
    """Raises EngineError unless every name that the graph calls is either an op of TensorFlow or its own function."""
    for op, node in list_ops(graph_def).items():
        if not _is_op(op):
            raise EngineError(
                f"{file}: node {node!r} needs the op {op!r}, which TensorFlow {tf.__version__} does not have",
                remedy="export the model again with TensorFlow's own ops",
            )
    functions = function_names(graph_def)
    shadowed = sorted(filter(_is_op, functions))
    if shadowed:
        raise EngineError(f"{file}: it defines a function named as the op {shadowed[0]!r}", remedy=_DAMAGED)
    for node in all_nodes(graph_def):
        for function in functions_named(node):
            if function not in functions:
                raise EngineError(f"{file}: node {node.name!r} calls {function!r}, which is missing", remedy=_DAMAGED)


def _is_op(name: str) -> bool:
    return op_def_registry.get(name) is not None
