"""SavedModels of TensorFlow 2 without a signature: a function of the saved object is called, as Python would call it.

No Python object is rebuilt: the function is in the graph's library, and what it takes and gives is described beside it.
Source: tensorflow/core/protobuf/saved_object_graph.proto, tensorflow/python/saved_model/load.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner_core.errors import EngineError
from runner_tensorflow.saved_captures import PREFIX, REMEDY, resolve_captures
from runner_tensorflow.saved_entry import Entry

_CALL = "__call__"
_USUAL = (_CALL, "serve", "predict")  # what is called if there are several


def call_function(meta: Any, prefix: Path, path: Path) -> Entry:
    """Adds a call of the function to the graph of ``meta``. ``prefix`` begins the names of the checkpoint's files.

    Raises EngineError where no function can be told from others, or one needs more than variables and constants.
    """
    name, trace = _choose_trace(meta, path)
    function = meta.object_graph_def.concrete_functions[trace]
    signature = next((each.signature for each in meta.graph_def.library.function if each.signature.name == trace), None)
    takes = list(_list_tensors(function.canonicalized_input_signature, "input"))
    if signature is None or len(signature.input_arg) != len(takes) + len(function.bound_inputs):
        raise EngineError(f"{path}: its function {name} is not in its graph", remedy="fetch the whole folder again")
    graph = meta.graph_def
    inputs = {each: _add_placeholder(graph, number, spec) for number, (each, spec) in enumerate(takes)}
    caught, restore = resolve_captures(meta, function.bound_inputs, prefix, path)
    call = graph.node.add(name=f"{PREFIX}call", op="StatefulPartitionedCall", input=[*inputs.values(), *caught])
    call.attr["f"].func.name = trace
    call.attr["Tin"].list.type.extend(each.type for each in signature.input_arg)
    call.attr["Tout"].list.type.extend(each.type for each in signature.output_arg)
    gives = [each for each, _ in _list_tensors(function.output_signature, "output")]
    numbered = [f"output_{number}" for number in range(len(signature.output_arg))]
    names = gives if len(gives) == len(numbered) else numbered
    return Entry(name, inputs, {each: f"{call.name}:{number}" for number, each in enumerate(names)}, restore)


def _choose_trace(meta: Any, path: Path) -> tuple[str, str]:
    """The name of the function, and of its trace that does not train."""
    nodes = meta.object_graph_def.nodes
    found = {child.local_name: _list_traces(nodes[child.node_id]) for child in nodes[0].children}
    functions = {name: traces for name, traces in found.items() if traces and (name == _CALL or name[0] != "_")}
    usual = [name for name in _USUAL if name in functions] or list(functions)
    if not usual or (len(usual) > 1 and usual[0] not in _USUAL):
        known = ", ".join(sorted(functions)) or "none"
        raise EngineError(f"{path}: it has no signature, and not one function to call ({known})", remedy=REMEDY)
    concrete = meta.object_graph_def.concrete_functions
    traces = sorted(functions[usual[0]], key=lambda trace: _trains(concrete[trace].canonicalized_input_signature))
    return usual[0], traces[0]


def _list_traces(node: Any) -> list[str]:
    if node.WhichOneof("kind") == "bare_concrete_function":
        return [node.bare_concrete_function.concrete_function_name]
    return list(node.function.concrete_functions)


def _trains(structure: Any) -> bool:
    """Whether a function is traced with something True, such as ``training``."""
    return structure.bool_value or any(_trains(part) for _, part in _list_parts(structure))


def _list_parts(structure: Any) -> Iterator[tuple[str, Any]]:
    """What a structure holds, in the order of ``tf.nest``: (its key, or nothing in a list; the part)."""
    kind = structure.WhichOneof("kind")
    if kind in ("list_value", "tuple_value"):
        yield from (("", part) for part in getattr(structure, kind).values)
    elif kind == "dict_value":
        yield from sorted(structure.dict_value.fields.items())
    elif kind == "named_tuple_value":
        yield from ((pair.key, pair.value) for pair in structure.named_tuple_value.values)


def _list_tensors(structure: Any, role: str) -> Iterator[tuple[str, Any]]:
    """The tensors of a structure: (a name of its own, the spec)."""
    taken: set[str] = set()
    for number, (key, spec) in enumerate(_list_specs(structure, "")):
        name = key or (spec.name if role == "input" else "") or f"{role}_{number}"
        name = name if name not in taken else f"{role}_{number}"
        taken.add(name)
        yield name, spec


def _list_specs(structure: Any, key: str) -> Iterator[tuple[str, Any]]:
    kind = structure.WhichOneof("kind")
    if kind in ("tensor_spec_value", "bounded_tensor_spec_value"):
        yield key, getattr(structure, kind)
    for inner, part in _list_parts(structure):
        yield from _list_specs(part, inner or key)


def _add_placeholder(graph: Any, number: int, spec: Any) -> str:
    node = graph.node.add(name=f"{PREFIX}input_{number}", op="Placeholder")
    node.attr["dtype"].type = spec.dtype
    node.attr["shape"].shape.CopyFrom(spec.shape)
    return f"{node.name}:0"
