"""The detector: a small residual network with two towers, one for pages and one for graphs.

Pixels come as N x 512 x 512 x 3 in 0 to 255, or as N x 256 x 256 x 3 where their 2 x 2 means were taken before. Each
tower says for each of 32 x 32 cells how much it is the middle of an object (a logit) and how far the object's left,
top, right and bottom are from the cell's middle, as shares of the picture.
"""

import keras
import tensorflow as tf
from keras import Model, layers

TOWERS = ("page", "graphs")
SIDE, CELLS = 256, 32
STAGES = (16, 24, 40, 64, 96)
"""Channels at strides 2, 4, 8, 16 and 32."""
WIDTH = 48
REACH = 0.25
"""Distances are `softplus(raw) * REACH`: near a third of the picture before any training."""


def conv(
    x: tf.Tensor,
    channels: int,
    name: str,
    *,
    stride: int = 1,
    size: int = 3,
    active: bool = True,
    folded: bool = False,
) -> tf.Tensor:
    """Convolve, normalise and cut off; `folded` expects the normalisation to be part of the weights."""
    x = layers.Conv2D(
        channels, size, stride, "same", use_bias=folded, name=f"{name}_conv", kernel_initializer="he_normal"
    )(x)
    if not folded:
        x = layers.BatchNormalization(momentum=0.97, epsilon=1e-3, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if active else x


def stage(x: tf.Tensor, channels: int, name: str, folded: bool) -> tf.Tensor:
    """Halve the picture's size, then add one residual block."""
    x = conv(x, channels, f"{name}_down", stride=2, folded=folded)
    y = conv(x, channels, f"{name}_a", folded=folded)
    y = conv(y, channels, f"{name}_b", active=False, folded=folded)
    return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([x, y]))


def gate(x: tf.Tensor, channels: int) -> tf.Tensor:
    """Weigh the deepest channels by what the whole picture holds."""
    whole = layers.GlobalAveragePooling2D(keepdims=True, name="whole")(x)
    return layers.Multiply(name="gated")([x, layers.Conv2D(channels, 1, activation="sigmoid", name="gate_conv")(whole)])


def pyramid(levels: list[tf.Tensor], folded: bool) -> tf.Tensor:
    """Add the deeper levels to the one at stride 8."""
    x = None
    for i, level in enumerate(reversed(levels)):
        side = conv(level, WIDTH, f"side{i}", size=1, active=False, folded=folded)
        if x is not None:
            side = layers.Add(name=f"sum{i}")([side, layers.UpSampling2D(interpolation="bilinear", name=f"up{i}")(x)])
        x = conv(layers.ReLU(name=f"level{i}")(side), WIDTH, f"merge{i}", folded=folded)
    return x


def tower(x: tf.Tensor, name: str, folded: bool) -> tf.Tensor:
    """Return N x 32 x 32 x 5: a logit and four distances."""
    for i in range(2):
        x = conv(x, WIDTH, f"{name}{i}", folded=folded)
    rare = keras.initializers.Constant([-3.0, 0, 0, 0, 0])  # few cells are an object's middle: start there
    raw = layers.Conv2D(5, 1, name=f"{name}_head_conv", bias_initializer=rare, dtype="float32")(x)
    reach = layers.Activation("softplus", dtype="float32", name=f"{name}_reach")(raw[..., 1:])
    return layers.Concatenate(name=name, dtype="float32")([raw[..., :1], reach * REACH])


def detector(towers: tuple[str, ...] = TOWERS, *, folded: bool = False, side: int = SIDE) -> Model:
    """Return the network with the named towers; `side` 512 lets it take the 2 x 2 means itself."""
    pixels = layers.Input((side, side, 3), name="pixels", dtype="float32")
    x = layers.AveragePooling2D(side // SIDE, name="mean")(pixels) if side != SIDE else pixels
    x = layers.Rescaling(1 / 127.5, -1, name="scaled")(x)
    levels = []
    for i, channels in enumerate(STAGES):
        x = stage(x, channels, f"stage{i}", folded)
        levels.append(x)
    levels[-1] = gate(levels[-1], STAGES[-1])
    x = pyramid(levels[2:], folded)
    return Model(pixels, {name: tower(x, name, folded) for name in towers}, name="detector")


def folded(trained: Model, towers: tuple[str, ...], side: int) -> Model:
    """Return a copy of `trained` with some of its towers and its normalisations inside the convolutions."""
    copy = detector(towers, folded=True, side=side)
    for layer in copy.layers:
        if not layer.weights:
            continue
        weights = trained.get_layer(layer.name).get_weights()
        if (name := layer.name.replace("_conv", "_norm")) in {each.name for each in trained.layers}:
            scale, offset, mean, variance = trained.get_layer(name).get_weights()
            factor = scale / (variance + 1e-3) ** 0.5
            weights = [weights[0] * factor, offset - mean * factor]
        layer.set_weights(weights)
    return copy


def centres(cells: int = CELLS) -> tf.Tensor:
    """Return cells x cells x 2 float32: x and y of each cell's middle, as shares of the picture."""
    line = (tf.range(cells, dtype=tf.float32) + 0.5) / cells
    return tf.stack(tf.meshgrid(line, line), axis=-1)


def corners(distances: tf.Tensor) -> tf.Tensor:
    """Turn N x cells x cells x 4 distances into left, top, right, bottom as shares of the picture."""
    middle = centres(CELLS)
    return tf.concat([middle - distances[..., :2], middle + distances[..., 2:]], axis=-1)
