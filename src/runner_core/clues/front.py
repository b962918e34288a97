"""Front: what a graph does with its picture before its first convolution."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from runner_core.clues.constants import Constants
from runner_core.clues.operations import name_operation
from runner_core.clues.pixel import Pixel, Values
from runner_core.clues.steps import Call, take_step
from runner_core.graphs import Graph, Node

MOST_CHANNELS = 2048  # of a tensor that is followed
_MOST_STEPS = 400  # of a graph that handles its picture itself; what follows is not looked at
_ASIDE = frozenset({"Shape", "ShapeOf", "SHAPE"})  # they take the size of the picture alone
_CONVOLUTIONS = frozenset({"convolve", "convolve each"})
_WHATEVER = frozenset({"keep", "pad", "resize"})  # by how much may depend on the size of the picture
_MISFITS = (ValueError, TypeError, IndexError, KeyError, AttributeError, ZeroDivisionError)


@attrs.frozen(eq=False)
class Entry:
    """A node that does more than move and scale channels, and what it gets of the picture."""

    node: Node
    pixel: Pixel


@attrs.frozen(eq=False)
class Front:
    """``entries`` are in the order in which the picture reaches them; ``passed`` are the nodes before them."""

    entries: tuple[Entry, ...]
    passed: tuple[tuple[Node, Pixel], ...]
    constants: Constants

    @property
    def convolution(self) -> Entry | None:
        """The first convolution that the picture reaches."""
        return next((entry for entry in self.entries if name_operation(entry.node.kind) in _CONVOLUTIONS), None)


def follow_picture(graph: Graph, image: str, pixel: Pixel) -> Front:
    """Follows the input ``image`` through the graph, until each way has met an entry."""
    constants = Constants(graph)
    known, passed = {image: pixel}, list[tuple[Node, Pixel]]()
    entries: dict[int, Entry] = {}
    waiting = [image]
    while waiting and len(passed) < _MOST_STEPS:
        for node in graph.users.get(waiting.pop(0), ()):
            if node.kind in _ASIDE or not known.keys().isdisjoint(node.outputs):
                continue
            given = _list_given(node, known, constants)
            made = _try_step(Call(node, given, graph.format))
            if made is None or any(len(each.weights) > MOST_CHANNELS for each in made):
                entries[id(node)] = Entry(node, next(each for each in given if isinstance(each, Pixel)))
                continue
            entries.pop(id(node), None)  # it lacked an input when it was met before
            passed.append((node, made[0]))
            known.update(zip(node.outputs, made, strict=False))
            waiting.extend(node.outputs)
    return Front(tuple(entries.values()), tuple(passed), constants)


def _list_given(node: Node, known: Mapping[str, Pixel], constants: Constants) -> tuple[Pixel | Values | None, ...]:
    """What goes into a node. The weights of a convolution, which may be large, are not read here."""
    if name_operation(node.kind) in _CONVOLUTIONS:
        return tuple(map(known.get, node.inputs))
    return tuple(known[name] if name in known else constants.find(name) for name in node.inputs if name)


def _try_step(call: Call) -> list[Pixel] | None:
    if any(each is None for each in call.given) and name_operation(call.node.kind) not in _WHATEVER:
        return None
    try:
        return take_step(call)
    except _MISFITS:
        return None
