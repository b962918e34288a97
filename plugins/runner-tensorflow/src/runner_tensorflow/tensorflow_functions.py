"""Functions of TensorFlow as layers: what Keras 2 put between layers where a person wrote ``x / 255`` or ``tf.concat``.

Source: tf_keras/src/layers/core/tf_op_layer.py.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import keras

from runner_tensorflow.runtime import tf

# Those that compute numbers from numbers. The graph that comes out is checked op by op, as every graph is.
_COMPUTING = frozenset({
    "__operators__.add", "cast", "clip_by_value", "concat", "expand_dims", "identity", "image.resize",
    "math.abs", "math.add", "math.argmax", "math.divide", "math.exp", "math.l2_normalize", "math.log", "math.maximum",
    "math.minimum", "math.multiply", "math.negative", "math.pow", "math.reduce_max", "math.reduce_mean",
    "math.reduce_min", "math.reduce_sum", "math.rsqrt", "math.sigmoid", "math.softplus", "math.sqrt", "math.square",
    "math.subtract", "math.tanh", "math.truediv", "nn.avg_pool2d", "nn.bias_add", "nn.depth_to_space", "nn.elu",
    "nn.gelu", "nn.leaky_relu", "nn.max_pool2d", "nn.relu", "nn.relu6", "nn.sigmoid", "nn.silu", "nn.softmax",
    "nn.space_to_depth", "nn.swish", "pad", "reshape", "reverse", "slice", "split", "squeeze", "stack",
    "strided_slice", "tile", "transpose", "unstack",
})  # fmt: skip


class TFOpLambda(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Calls one function of TensorFlow: ``"math.truediv"``. Raises ValueError for one that does not only compute."""

    def __init__(self, function: str, **options: Any) -> None:
        super().__init__(**options)
        if function.removeprefix("compat.v1.") not in _COMPUTING:
            raise ValueError(f"its layer {self.name!r} calls tf.{function}, which runner does not call")
        self._function = reduce(getattr, function.split("."), tf)

    def call(self, first: Any, **given: Any) -> Any:
        return self._function(first, **given)


class SlicingOpLambda(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Takes a part of a tensor: ``x[..., ::-1]``."""

    def __init__(self, function: str, **options: Any) -> None:
        super().__init__(**options)
        if function != "__operators__.getitem":
            raise ValueError(f"its layer {self.name!r} calls tf.{function}, which takes no part of a tensor")

    def call(self, first: Any, slice_spec: Any) -> Any:
        return first[_read_slices(slice_spec)]


def _read_slices(spec: Any) -> Any:
    """From JSON: ``{"start": 0, "stop": None, "step": 2}``, an ellipsis, a number, or a list of these."""
    if isinstance(spec, list | tuple):
        return tuple(_read_slices(each) for each in spec)
    if not isinstance(spec, dict):
        return spec
    return ... if spec.get("class_name") == "__ellipsis__" else slice(spec["start"], spec["stop"], spec["step"])


def hard_sigmoid_of_keras_2(x: Any) -> Any:
    """Another function than Keras 3's of that name. Source: tf_keras/src/backend.py (``hard_sigmoid``)."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


# What ``keras_2_config`` puts into a description, by the names that it gives them.
OBJECTS: dict[str, Any] = {each.__name__: each for each in (TFOpLambda, SlicingOpLambda, hard_sigmoid_of_keras_2)}
