"""The one door through which a graph gets into TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_tensorflow.faults import refusing
from runner_tensorflow.graph_defs import ops
from runner_tensorflow.placement import device_name
from runner_tensorflow.runtime import op_def_registry, tf


def import_graph(graph_def: Any, file: Path, options: EngineOptions) -> Any:
    """A ``tf.Graph`` of a pruned GraphDef, placed on the device asked for. Raises EngineError.

    TensorFlow runs parts of a graph while it imports it, to infer shapes: what must not run must not come here.
    """
    device = device_name(options.device)
    called = ops(graph_def)
    for op, node in called.items():
        if op_def_registry.get(op) is None:
            raise EngineError(
                f"{file}: node {node!r} needs the op {op!r}, which TensorFlow {tf.__version__} does not have",
                remedy="export the model again with TensorFlow's own ops",
            )
    graph = tf.Graph()
    remedy = "the model is damaged, or made for another version of TensorFlow"
    with refusing(file, remedy), graph.as_default(), tf.device(device):
        tf.import_graph_def(graph_def, name="")
    return graph
