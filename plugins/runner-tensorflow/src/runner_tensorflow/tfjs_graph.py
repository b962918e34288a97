"""The graph of a TensorFlow.js model as TensorFlow has it.

It is a GraphDef in JSON whose constants are elsewhere, with ops that its converter has fused: those are taken apart.
Source: tfjs-converter/python/tensorflowjs/converters/fuse_{depthwise_conv2d,prelu}.py, and of ``_FusedConv2D`` and
``_FusedMatMul`` tensorflow/core/grappler/optimizers/remapper.cc.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.json_format import ParseDict
from numpy.typing import NDArray

from runner_tensorflow.runtime import tf

_FUSED = {
    "_FusedConv2D": "Conv2D",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedMatMul": "MatMul",
}
_FUSING = ("fused_ops", "epsilon", "num_args", "leakyrelu_alpha", "num_host_args", "TArgs", "host_args")
_ACTIVATIONS = frozenset({"Elu", "Relu", "Relu6", "Sigmoid", "Tanh"})


def make_graph_def(topology: Mapping[str, Any], weights: Mapping[str, NDArray[Any]]) -> Any:
    """A GraphDef with its constants in it. Raises ValueError for a constant without a weight or an unknown fusion."""
    given = ParseDict(topology, tf.compat.v1.GraphDef(), ignore_unknown_fields=True)
    made = tf.compat.v1.GraphDef(versions=given.versions, library=given.library)
    for node in given.node:
        made.node.extend(_translate_node(node, weights))
    return made


def _translate_node(node: Any, weights: Mapping[str, NDArray[Any]]) -> Iterator[Any]:
    if node.op == "Const":
        yield _fill_constant(node, weights)
    elif node.op in _FUSED:
        yield from _take_apart(node)
    elif node.op == "Prelu":
        yield from _make_prelu(node.name, node.input[0], node.input[1], node.attr["T"].type)
    else:
        yield node


def _fill_constant(node: Any, weights: Mapping[str, NDArray[Any]]) -> Any:
    if node.name in weights:
        array = weights[node.name].astype(tf.dtypes.as_dtype(node.attr["dtype"].type).as_numpy_dtype)
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(array))
    elif not node.attr["value"].tensor.ByteSize():
        raise ValueError(f"its manifest has no weight for the constant {node.name!r}")
    return node


def _take_apart(node: Any) -> Iterator[Any]:
    """The op that was fused with what follows it; the last one gets the name that others know."""
    fused = [each.decode() for each in node.attr["fused_ops"].list.s]
    attributes = {key: value for key, value in node.attr.items() if key not in _FUSING}
    dtype = node.attr["T"].type
    extras = list(node.input[2:])
    name = f"{node.name}/{_FUSED[node.op]}" if fused else node.name
    yield _make_node(name, _FUSED[node.op], list(node.input[:2]), attributes)
    for place, step in enumerate(fused):
        before, name = name, node.name if place == len(fused) - 1 else f"{node.name}/{step}"
        if step == "BiasAdd":
            kept = {key: attributes[key] for key in ("T", "data_format") if key in attributes}
            yield _make_node(name, step, [before, extras.pop(0)], kept)
        elif step == "Prelu":
            yield from _make_prelu(name, before, extras.pop(0), dtype)
        elif step == "LeakyRelu":
            alpha = tf.compat.v1.AttrValue(f=node.attr["leakyrelu_alpha"].f)
            yield _make_node(name, step, [before], {"T": node.attr["T"], "alpha": alpha})
        elif step in _ACTIVATIONS:
            yield _make_node(name, step, [before], {"T": node.attr["T"]})
        else:
            raise ValueError(f"its node {node.name!r} is fused with {step!r}, which is unknown")


def _make_prelu(name: str, x: str, alpha: str, dtype: int) -> Iterator[Any]:
    """``relu(x) - alpha * relu(-x)``."""
    kind = {"T": tf.compat.v1.AttrValue(type=dtype or tf.float32.as_datatype_enum)}
    yield _make_node(f"{name}/positive", "Relu", [x], kind)
    yield _make_node(f"{name}/minus", "Neg", [x], kind)
    yield _make_node(f"{name}/negative", "Relu", [f"{name}/minus"], kind)
    yield _make_node(f"{name}/scaled", "Mul", [alpha, f"{name}/negative"], kind)
    yield _make_node(name, "Sub", [f"{name}/positive", f"{name}/scaled"], kind)


def _make_node(name: str, op: str, inputs: list[str], attributes: Mapping[str, Any]) -> Any:
    node = tf.compat.v1.NodeDef(name=name, op=op, input=inputs)
    for key, value in attributes.items():
        node.attr[key].CopyFrom(value)
    return node
