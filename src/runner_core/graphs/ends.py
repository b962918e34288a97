"""Ends: what makes the numbers of an output, which tells scores of classes from other numbers."""

from __future__ import annotations

from collections.abc import Mapping

from runner_core.graphs.graph import Graph
from runner_core.graphs.node import simplify_kind

# The end that an operation makes, by its simplified kind.
_ENDS = {
    "softmax": "softmax",
    "logsoftmax": "logits",
    "sigmoid": "sigmoid",
    "logistic": "sigmoid",
    "hardsigmoid": "sigmoid",
    "l2normalization": "unit vector",
    "lpnormalization": "unit vector",
    "normalizel2": "unit vector",
    "l2normalize": "unit vector",
    "argmax": "index",
    "topk": "index",
    "topkv2": "index",
    **dict.fromkeys(("fullyconnected", "gemm", "matmul", "biasadd", "dense"), "linear"),
    **dict.fromkeys(("conv2d", "conv", "convolution", "depthwiseconv2d", "transposeconv", "convtranspose"), "linear"),
    **dict.fromkeys(("add", "addv2", "addn"), "linear"),
}
# What moves numbers and does not change them, or changes their type alone.
_PASSING = frozenset({
    "reshape", "squeeze", "expanddims", "unsqueeze", "flatten", "identity", "transpose", "cast", "convert", "quantize",
    "dequantize", "quantizelinear", "dequantizelinear", "concat", "concatv2", "concatenation", "result", "stopgradient",
    "fakequantize", "partitionedcall", "statefulpartitionedcall",
})  # fmt: skip
_MOST_STEPS = 32


def find_ends(graph: Graph) -> Mapping[str, str]:
    """What makes each output, by name: ``softmax``, ``sigmoid``, ``logits``, ``unit vector``, ``index`` or ``linear``.

    ``linear`` is a layer with nothing after it. An output that ends otherwise is left out.
    """
    ends = {value.name: _find_end(graph, value.name) for value in graph.outputs}
    return {name: end for name, end in ends.items() if end}


def _find_end(graph: Graph, name: str) -> str:
    for _ in range(_MOST_STEPS):
        maker = graph.makers.get(name)
        if maker is None or not maker.inputs:
            return ""
        kind = simplify_kind(maker.kind)
        if kind not in _PASSING:
            activation = str(maker.attributes.get("activation", "")).lower()  # of a layer of Keras
            return _ENDS.get(activation, _ENDS.get(kind, ""))
        name = next((each for each in maker.inputs if each not in graph.constants), "")
    return ""
