"""SavedModels of TensorFlow 1 without a signature: entered at the graph's placeholders, left at its ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_tensorflow.frozen_graph import find_inputs, find_outputs
from runner_tensorflow.graph_defs import find_reachable, node_name, prune
from runner_tensorflow.import_graph import import_graph
from runner_tensorflow.runtime import dismantle_graph
from runner_tensorflow.saved_entry import Entry
from runner_tensorflow.tensors import by_name

_CHANGING = ("Assign", "Apply", "ResourceApply", "Save", "ScatterUpdate")  # begin ops that train or save


def find_ends(meta: Any, path: Path, options: EngineOptions) -> Entry:
    """Raises EngineError for a graph that takes or gives nothing, UntrustedError as ``safety`` says."""
    roots = _list_leaves(meta.graph_def)
    graph = import_graph(prune(meta.graph_def, roots), path, options)
    found = find_inputs(graph)
    inputs, outputs = by_name(found), by_name(find_outputs(graph, found))
    dismantle_graph(graph)
    if not inputs or not outputs:
        raise EngineError(f"{path}: it has no signature, and its graph takes nothing", remedy="export it with one")
    return Entry("", inputs, outputs)


def _list_leaves(graph_def: Any) -> list[str]:
    """The nodes that depend on a placeholder and that no other node uses."""
    users: dict[str, set[str]] = {}
    for node in graph_def.node:
        for reference in node.input:
            users.setdefault(node_name(reference), set()).add(node.name)
    changing = {node.name for node in graph_def.node if node.op.startswith(_CHANGING)}
    placeholders = [node.name for node in graph_def.node if node.op == "Placeholder"]
    followers = find_reachable(placeholders, lambda name: users.get(name, set()) - changing)
    return sorted(name for name in followers if name not in users)
