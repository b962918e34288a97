"""Writes tests/keras_2/: small models in the HDF5 files of Keras 2, and what Keras 2 itself computes with them.

Run by hand, in an environment of its own: `pip install tensorflow tf_keras`, then `python keras_2_files.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras

FOLDER = Path(__file__).parents[1] / "tests" / "keras_2"
SIDE = 16
layers = keras.layers


def make_stack() -> keras.Model:
    """One layer after the other, with the options that Keras 3 does not have."""
    return keras.Sequential(
        [
            layers.Rescaling(1 / 255, input_shape=(SIDE, SIDE, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(3),
            layers.SeparableConv2D(4, 3),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(3, 3),
            layers.PReLU(shared_axes=[1, 2]),
            layers.Activation("hard_sigmoid"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="tanh", name="classes"),
        ]
    )


def make_base() -> keras.Model:
    """A network as people take one: frozen, its names with slashes."""
    image = keras.Input((SIDE, SIDE, 3))
    features = layers.Conv2D(4, 3, use_bias=False, name="conv1/conv")(image)
    features = layers.BatchNormalization(axis=3, name="conv1/bn")(features)
    skipped = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="conv2/conv")(features)
    added = layers.Add()([layers.BatchNormalization(axis=3, name="conv2/bn")(skipped), features])
    base = keras.Model(image, added, name="base")
    base.trainable = False
    base.get_layer("conv2/bn").trainable = True
    return base


def make_graph() -> keras.Model:
    """Models in models, one of them called twice, and functions of TensorFlow between the layers."""
    image = keras.Input((SIDE, SIDE, 3), name="image")
    pixels = layers.RandomFlip("horizontal")(image)
    pixels = 1.0 - pixels[..., ::-1] / 127.5
    pixels = tf.nn.bias_add(tf.image.resize(pixels, (SIDE, SIDE)), [0.1, 0.2, 0.3])
    features = make_base()(pixels, training=False)
    first, second = tf.split(features, 2, axis=-1)
    both = tf.concat([first * tf.sigmoid(second), second], axis=-1)
    pooled = tf.reduce_mean(both, axis=[1, 2])
    head = keras.Sequential([keras.Input((4,)), layers.Dense(4, activation="swish"), layers.Dense(2)], name="head")
    return keras.Model(image, [head(pooled), layers.Subtract(name="difference")([head(pooled * 2), head(pooled)])])


def make_lambda() -> keras.Model:
    """Python in the file."""
    image = keras.Input((SIDE, SIDE, 3))
    return keras.Model(image, layers.Lambda(lambda tensor: tensor * 2)(image))


def fill(model: keras.Model) -> None:
    """Every weight another number; variances above 0."""
    rng = np.random.default_rng(0)
    drawn = [rng.normal(size=variable.shape) * 0.2 for variable in model.weights]
    model.set_weights(
        [
            np.abs(values) + 0.2 if "variance" in variable.name else values
            for values, variable in zip(drawn, model.weights, strict=True)
        ]
    )


def main() -> None:
    """Writes all of it anew."""
    FOLDER.mkdir(exist_ok=True)
    pixels = np.linspace(0, 255, 2 * SIDE * SIDE * 3, dtype=np.float32).reshape(2, SIDE, SIDE, 3)
    expected = {}
    for name, model in (("stack", make_stack()), ("graph", make_graph()), ("lambda", make_lambda())):
        fill(model)
        model.save(FOLDER / f"{name}.h5", include_optimizer=False)
        answers = model(pixels, training=False)
        answers = answers if isinstance(answers, list) else [answers]
        if name != "lambda":
            expected[name] = [np.round(answer.numpy().astype(float), 5).tolist() for answer in answers]
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
