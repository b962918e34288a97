"""GraphDefs as data: what refers to what, and the part that can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from runner_tensorflow.runtime import tf

RESTORE = "RestoreV2"
CHECKPOINT = "runner/checkpoint"  # our node with the path, in the graph and in each function that restores
_STRING = tf.compat.v1.AttrValue(type=tf.string.as_datatype_enum)


def node_name(reference: str) -> str:
    """The node behind a reference: ``"a:1"``, ``"^a"`` (a control input), ``"a"``; in a function also ``"a:out:0"``."""
    return reference.removeprefix("^").partition(":")[0]


def all_nodes(graph_def: Any) -> Iterator[Any]:
    """The nodes of the graph, then those of the functions in its library."""
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def


def function_names(graph_def: Any) -> set[str]:
    """The functions of the graph's library."""
    return {function.signature.name for function in graph_def.library.function}


def functions_named(node: Any) -> Iterator[str]:
    """The functions that a node's attributes name, such as the branches of ``If``."""
    for attribute in node.attr.values():
        yield from _functions_in(attribute)


def list_ops(graph_def: Any) -> dict[str, str]:
    """Every op that the graph and its functions run, with the first node that does."""
    functions = function_names(graph_def)
    found: dict[str, str] = {}
    for node in all_nodes(graph_def):
        if node.op not in functions:  # a function may be called as if it were an op
            found.setdefault(node.op, node.name)
    return found


def prune(graph_def: Any, roots: Iterable[str] | None = None) -> Any:
    """A new GraphDef of what running the nodes ``roots`` (None: any node) can reach.

    Data and control inputs are followed, and functions through ops, attributes and gradients. Nothing else of the
    graph is kept: not functions that nothing calls, not placements on the author's machine.
    """
    nodes = {node.name: node for node in graph_def.node}
    wanted = find_reachable(nodes if roots is None else roots, lambda name: _inputs_of(nodes.get(name)))
    pruned = tf.compat.v1.GraphDef(versions=graph_def.versions)
    pruned.node.extend(node for node in graph_def.node if node.name in wanted)
    functions = {function.signature.name: function for function in graph_def.library.function}
    gradients = {gradient.function_name: gradient for gradient in graph_def.library.gradient}
    called = find_reachable(
        (name for node in pruned.node for name in _calls(node)),
        lambda name: _called_by(functions.get(name), gradients.get(name)),
    )
    pruned.library.function.extend(function for name, function in functions.items() if name in called)
    pruned.library.gradient.extend(gradient for name, gradient in gradients.items() if name in called)
    for node in all_nodes(pruned):
        node.device = ""
        node.attr.pop("_class", None)  # "put it where that op is", which may be left out
    return pruned


def restore_from(graph_def: Any, prefix: Path) -> None:
    """Lets every restore op read the checkpoint ``prefix``, whatever file it named."""
    value = tf.compat.v1.AttrValue(tensor=tf.make_tensor_proto(str(prefix)))
    scopes = [(graph_def.node, ""), *((function.node_def, ":output:0") for function in graph_def.library.function)]
    for nodes, output in scopes:
        restoring = [node for node in nodes if node.op == RESTORE]
        for node in restoring:
            node.input[0] = CHECKPOINT + output
        if restoring:
            nodes.add(name=CHECKPOINT, op="Const", attr={"dtype": _STRING, "value": value})


def find_reachable(roots: Iterable[str], onward: Callable[[str], Iterable[str]]) -> set[str]:
    """All names that can be reached from ``roots``."""
    waiting = list(roots)
    seen = set(waiting)
    while waiting:
        new = set(onward(waiting.pop())) - seen
        seen |= new
        waiting.extend(new)
    return seen


def _inputs_of(node: Any) -> Iterator[str]:
    return map(node_name, node.input) if node is not None else iter(())


def _calls(node: Any) -> Iterator[str]:
    yield node.op
    yield from functions_named(node)


def _called_by(function: Any, gradient: Any) -> Iterator[str]:
    if gradient is not None:
        yield gradient.gradient_func
    if function is not None:
        for node in function.node_def:
            yield from _calls(node)
        for attribute in function.attr.values():
            yield from _functions_in(attribute)


def _functions_in(attribute: Any) -> Iterator[str]:
    named = [attribute.func] if attribute.WhichOneof("value") == "func" else attribute.list.func
    for function in named:
        yield function.name
        for inner in function.attr.values():
            yield from _functions_in(inner)
