"""Network: a graph without what other engines cannot run, before and after it.

Before: decoding, and the resize to the network's own size. After: suppressing boxes, padding to a fixed number.
"""

from __future__ import annotations

from typing import Any, Literal

import attrs
import numpy as np

from runner_core.cards import Card
from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_core.frames import PictureSpec
from runner_tensorflow.devices import make_session_config
from runner_tensorflow.engine_errors import raise_engine_errors
from runner_tensorflow.graph_defs import node_name, prune
from runner_tensorflow.picture_decoder import find_decoded_inputs, find_resize
from runner_tensorflow.program import VARIABLES, Program
from runner_tensorflow.raw_head import RawHead, find_raw_head
from runner_tensorflow.runtime import function_to_constants, tf

IMAGE = "image"
_SCOPE = "network"
# A resize op's name in a picture spec; others are bilinear.
_RESAMPLING: dict[str, Literal["nearest", "area", "antialias"]] = {
    "ResizeNearestNeighbor": "nearest", "ResizeArea": "area", "ScaleAndTranslate": "antialias",
}  # fmt: skip

Shape = tuple[int | None, ...] | None


@attrs.frozen(eq=False)
class Network:
    """A graph on constants, from the placeholder ``image`` to one tensor for each of the ``roles``, named as they are.

    ``picture`` is how it takes one, where that is no longer what the card says; ``head`` its boxes, where overlapping
    ones are not suppressed yet.
    """

    graph_def: Any
    roles: tuple[str, ...]
    picture: PictureSpec | None
    head: RawHead | None


@attrs.frozen(eq=False)
class _Entrance:
    """The tensor that pixels are fed to, its shape then, how it takes a picture, and the resize that is left out."""

    tensor: Any
    shape: Shape
    picture: PictureSpec | None = None
    resize: Any = None


def cut_network(program: Program, card: Card) -> Network:
    """Cuts a program down to its network. Raises EngineError where that is not possible."""
    program = _inline_functions(program)
    names = {role: name for role, name in card.roles.items() if name in program.outputs}
    outputs = {role: program.tensor(name, program.outputs) for role, name in names.items()}
    head = find_raw_head(program, outputs, card)
    ends = {"boxes": head.boxes, "scores": head.scores} if head else outputs
    entrance = _find_entrance(program, card, list(ends.values()))
    graph_def = prune(program.graph.as_graph_def(), {node_name(tensor.name) for tensor in ends.values()})
    if any(node.op in VARIABLES for node in graph_def.node):
        raise EngineError(f"{program.file}: it changes its variables while it runs", remedy="export it without them")
    if entrance.resize is not None:
        graph_def = _replace_with_cast(graph_def, entrance.resize, _find_unchanged(program, entrance))
    with raise_engine_errors(program.file), tf.Graph().as_default() as graph:
        image = tf.compat.v1.placeholder(entrance.tensor.dtype, entrance.shape, IMAGE)
        wanted = [tensor.name for tensor in ends.values()]
        found = tf.import_graph_def(graph_def, {entrance.tensor.name: image}, wanted, name=_SCOPE)
        roles = head.build_outputs(*found) if head else dict(zip(ends, found, strict=True))
        for role, tensor in roles.items():
            tf.identity(tensor, role)
    return Network(prune(graph.as_graph_def(), {IMAGE, *roles}), tuple(roles), entrance.picture, head)


def _inline_functions(program: Program) -> Program:
    """The same program with its functions inlined, so that all its ops can be seen."""
    graph_def = program.graph.as_graph_def()
    if not graph_def.library.function:
        return program
    with raise_engine_errors(program.file):
        whole = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph_def, name=""), [])
        fed, wanted = (
            [whole.graph.get_tensor_by_name(name) for name in names.values()]
            for names in (program.inputs, program.outputs)
        )
        flat = function_to_constants(whole.prune(fed, wanted), lower_control_flow=False, aggressive_inlining=True)
    inputs = {name: tensor.name for name, tensor in zip(program.inputs, flat.inputs, strict=True)}
    outputs = {name: tensor.name for name, tensor in zip(program.outputs, flat.outputs, strict=True)}
    return attrs.evolve(program, graph=flat.graph, inputs=inputs, outputs=outputs, start=(), decoded={})


def _find_entrance(program: Program, card: Card, ends: list[Any]) -> _Entrance:
    fed = program.tensor(card.roles[IMAGE], program.inputs)
    picture = card.picture
    if fed.dtype == tf.string:
        decoded = find_decoded_inputs([fed], ends).get(fed.name)
        if decoded is None:
            raise EngineError(
                f"{program.file}: nowhere in its graph is the decoded picture by itself",
                remedy="export the form of the model that takes pixels",
            )
        fed, picture = program.tensor(decoded.tensor.name, {}), None
    if picture is not None:  # a picture is resized before it is fed, so the graph's own resize is left alone
        return _Entrance(fed, _shape_of_one(fed, picture), picture)
    found = find_resize(fed, [tensor.op for tensor in ends])
    size = found and found[1]
    picture = PictureSpec(size=size, dtype=fed.dtype.name, batched=fed.shape.rank == 4)
    if found is None or size is None:
        return _Entrance(fed, _shape_of_one(fed, picture), picture if card.roles[IMAGE] != fed.name else None)
    picture = attrs.evolve(picture, resample=_resampling_of(found[0]))
    return _Entrance(fed, _shape_of_one(fed, picture), picture, found[0])


def _resampling_of(resize: Any) -> Literal["bilinear", "nearest", "area", "antialias"]:
    if resize.type == "ScaleAndTranslate" and not resize.get_attr("antialias"):
        return "bilinear"
    return _RESAMPLING.get(resize.type, "bilinear")


def _shape_of_one(fed: Any, picture: PictureSpec) -> Shape:
    """The shape of a batch of one, with the picture's size where that is fixed."""
    if fed.shape.rank is None:
        return None
    *batch, high, wide, deep = (
        fed.shape.as_list() if picture.layout == "nhwc" else _to_channels_last(fed.shape.as_list())
    )
    if picture.size and picture.resize != "fit":
        wide, high = picture.size
    sides = (high, wide, deep) if picture.layout == "nhwc" else (deep, high, wide)
    return (*(1 for _ in batch), *sides)


def _to_channels_last(sides: list[int | None]) -> list[int | None]:
    """A shape of N x C x H x W with the channels last."""
    *batch, deep, high, wide = sides
    return [*batch, high, wide, deep]


def _find_unchanged(program: Program, entrance: _Entrance) -> Any:
    """The tensor that a resize gives as it is, of a picture of the right size: what is fed, else what is resized.

    Raises EngineError where it gives neither, so that it cannot be left out.
    """
    shape, resize = [side or 1 for side in entrance.shape or ()], entrance.resize
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(entrance.tensor.dtype.as_numpy_dtype)
    session = program.session(make_session_config(EngineOptions()))
    try:
        with raise_engine_errors(program.file):
            before, after = session.run([resize.inputs[0].name, resize.outputs[0].name], {entrance.tensor.name: pixels})
    finally:
        session.close()
    for tensor, values in ((entrance.tensor, pixels), (resize.inputs[0], before)):
        if values.shape == after.shape and np.allclose(values, after, atol=1e-3):
            return tensor
    raise EngineError(f"{program.file}: {resize.name!r} does more than resize", remedy="export it from its source")


def _replace_with_cast(graph_def: Any, op: Any, tensor: Any) -> Any:
    """The graph with a cast of ``tensor`` in place of ``op``: some resizes take bytes and give floats."""
    result = tf.compat.v1.GraphDef()
    result.CopyFrom(graph_def)
    node = next(node for node in result.node if node.name == op.name)
    del node.input[:]
    node.input.append(tensor.name)
    node.op = "Cast"
    node.attr.clear()
    node.attr["SrcT"].type = tensor.dtype.as_datatype_enum
    node.attr["DstT"].type = op.outputs[0].dtype.as_datatype_enum
    return result
