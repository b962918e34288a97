"""Operations: one word for what formats and versions call by different ones."""

from __future__ import annotations

from typing import Final

from runner_core.graphs.node import simplify_kind

# Each word, and the simplified kinds of the nodes that do it.
_KINDS: Final = {
    "add": "add addv2 biasadd",
    "subtract": "sub subtract",
    "multiply": "mul multiply",
    "divide": "div realdiv truedivide divide",
    "keep": "identity cast convert convertlike dropout stopgradient readvariableop checknumerics quantize dequantize"
    " quantizelinear dequantizelinear fakequant fakequantize fakequantwithminmaxvars placeholderwithdefault",
    "pad": "pad padv2 mirrorpad zeropadding2d",
    "resize": "resize resizebilinear resizenearestneighbor resizebicubic resizearea upsample interpolate resizing"
    " centercrop randomflip randomrotation randomzoom randomcontrast randomtranslation randombrightness randomheight"
    " randomwidth gaussiannoise",
    "transpose": "transpose permute",
    "reshape": "reshape expanddims unsqueeze squeeze",
    "slice": "slice stridedslice",
    "getitem": "getitem",
    "reverse": "reversev2 reverse",
    "gather": "gather gatherv2",
    "split": "split splitv variadicsplit",
    "unstack": "unpack",
    "stack": "pack",
    "concatenate": "concat concatv2 concatenation concatenate",
    "rescale": "rescaling",
    "normalise": "normalization",
    "batchnorm": "batchnormalization fusedbatchnorm fusedbatchnormv2 fusedbatchnormv3 batchnorminference",
    "convolve": "conv conv2d convolution",
    "convolve each": "depthwiseconv2d depthwiseconv2dnative groupconvolution",
    "square root": "sqrt",
    "inverse root": "rsqrt",
    "negate": "neg negative",
    "maximum": "maximum",
}
_WORDS: Final = {kind: word for word, kinds in _KINDS.items() for kind in kinds.split()}


def name_operation(kind: str) -> str:
    """What a node of that kind does; "" for what no clue needs to know."""
    return _WORDS.get(simplify_kind(kind), "")
