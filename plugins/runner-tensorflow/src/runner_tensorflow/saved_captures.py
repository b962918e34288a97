"""Captures: what a function of a SavedModel has caught from around it, made tensors of the graph that calls it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner_core.errors import EngineError
from runner_tensorflow.graph_defs import RESTORE
from runner_tensorflow.program import Step
from runner_tensorflow.runtime import TrackableObjectGraph, tf

PREFIX = "runner/"  # begins the names of the nodes that are added to a graph
REMEDY = "export it with a signature: tf.saved_model.save(model, FOLDER, signatures=...)"
_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "VARIABLE_VALUE"  # names a variable's value among what a checkpoint keeps of it


def resolve_captures(meta: Any, bound: Sequence[int], prefix: Path, path: Path) -> tuple[list[str], tuple[Step, ...]]:
    """The names of the tensors that stand for the objects ``bound``, by number, and the steps that fill them.

    Adds nodes to the graph of ``meta``; ``prefix`` begins the names of the checkpoint's files. Raises EngineError for
    what is neither a variable nor a constant, such as a table, and for a variable that the checkpoint lacks.
    """
    nodes = meta.object_graph_def.nodes
    kinds = {number: nodes[number].WhichOneof("kind") for number in bound}
    strange = sorted(set(kinds.values()) - {"constant", "variable"})
    if strange:
        raise EngineError(f"{path}: it has no signature, and its function needs a {strange[0]}", remedy=REMEDY)
    variables = {number: nodes[number].variable for number, kind in kinds.items() if kind == "variable"}
    handles = {number: _add_handle(meta.graph_def, number, variable) for number, variable in variables.items()}
    tensors = [handles.get(number) or f"{nodes[number].constant.operation}:0" for number in bound]
    if not variables:
        return tensors, ()
    keys = _read_keys(meta, prefix)
    missing = [variable.name for number, variable in variables.items() if number not in keys]
    if missing:
        raise EngineError(f"{path}: its checkpoint lacks {missing[0]}", remedy="fetch the whole folder again")
    return tensors, (_add_restore(meta.graph_def, variables, handles, keys),)


def _add_handle(graph: Any, number: int, variable: Any) -> str:
    node = graph.node.add(name=f"{PREFIX}variable_{number}", op="VarHandleOp")
    node.attr["dtype"].type = variable.dtype
    node.attr["shape"].shape.CopyFrom(variable.shape)
    node.attr["shared_name"].s = node.name.encode()
    return f"{node.name}:0"


def _add_restore(graph: Any, variables: Mapping[int, Any], handles: Mapping[int, str], keys: Mapping[int, str]) -> Step:
    """The step that reads the variables from the checkpoint; which file that is, ``restore_from`` says."""
    names = _add_strings(graph, "names", [keys[number] for number in variables])
    given = [_add_strings(graph, "prefix", ""), names, _add_strings(graph, "slices", [""] * len(variables))]
    read = graph.node.add(name=f"{PREFIX}restore", op=RESTORE, input=given)
    read.attr["dtypes"].list.type.extend(variable.dtype for variable in variables.values())
    done = graph.node.add(name=f"{PREFIX}restored", op="NoOp")
    for place, (number, variable) in enumerate(variables.items()):
        given = [handles[number], f"{read.name}:{place}"]
        assign = graph.node.add(name=f"{PREFIX}assign_{number}", op="AssignVariableOp", input=given)
        assign.attr["dtype"].type = variable.dtype
        done.input.append(f"^{assign.name}")
    return Step(done.name)


def _add_strings(graph: Any, name: str, values: str | list[str]) -> str:
    node = graph.node.add(name=f"{PREFIX}{name}", op="Const")
    node.attr["dtype"].type = tf.string.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values, dtype=tf.string))
    return str(node.name)


def _read_keys(meta: Any, prefix: Path) -> dict[int, str]:
    """The key of each variable in the checkpoint: both graphs of objects are walked from the root, name by name."""
    text = tf.train.load_checkpoint(str(prefix)).get_tensor(_OBJECTS)
    saved, kept = meta.object_graph_def.nodes, TrackableObjectGraph.FromString(text).nodes
    waiting, seen = [(0, 0)], {0: 0}
    while waiting:
        number, other = waiting.pop()
        named = {child.local_name: child.node_id for child in kept[other].children}
        for child in saved[number].children:
            if child.local_name in named and child.node_id not in seen:
                seen[child.node_id] = named[child.local_name]
                waiting.append((child.node_id, seen[child.node_id]))
    return {number: key for number, other in seen.items() for key in _list_keys(kept[other])}


def _list_keys(node: Any) -> Collection[str]:
    return [each.checkpoint_key for each in node.attributes if each.name == _VALUE]
