"""What the network is blamed for: wrong middles (focal loss) and wrong boxes (GIoU)."""

from collections.abc import Callable

import tensorflow as tf
from network import CELLS, TOWERS, centres, corners

SPREAD = 0.12
"""Width of the bell around an object's middle, as a share of the object's side."""
NEAR = 0.35
"""Cells whose bell is at least this high also have to know the box."""


def bells(objects: tf.Tensor, kind: int) -> tf.Tensor:
    """Return N x objects x cells x cells: one bell an object of class `kind`, exactly 1 at its highest cell."""
    middle, size = (objects[..., 1:3] + objects[..., 3:5]) / 2, objects[..., 3:5] - objects[..., 1:3]
    spread = tf.maximum(size * SPREAD, 0.5 / CELLS)
    away = (centres()[None, None] - middle[:, :, None, None]) / spread[:, :, None, None]
    square = tf.reduce_sum(away**2, axis=-1)
    square -= tf.reduce_min(square, axis=(2, 3), keepdims=True)
    mine = tf.cast(tf.equal(objects[..., 0], float(kind)), tf.float32)
    return tf.exp(-0.5 * square) * mine[:, :, None, None]


def focal(logits: tf.Tensor, heat: tf.Tensor) -> tf.Tensor:
    """Return CenterNet's focal loss, a sum over all cells; both tensors are N x cells x cells."""
    chance = tf.sigmoid(logits)
    missed = (1 - chance) ** 2 * tf.nn.softplus(-logits)
    invented = (1 - heat) ** 4 * chance**2 * tf.nn.softplus(logits)
    return tf.reduce_sum(tf.where(heat >= 1.0, missed, invented))


def giou(found: tf.Tensor, true: tf.Tensor) -> tf.Tensor:
    """Return the generalised intersection over union of boxes (... x 4: left, top, right, bottom)."""

    def area(box: tf.Tensor) -> tf.Tensor:
        return tf.reduce_prod(tf.maximum(box[..., 2:] - box[..., :2], 0), axis=-1)

    def joined(low: Callable, high: Callable) -> tf.Tensor:
        return area(tf.concat([low(found[..., :2], true[..., :2]), high(found[..., 2:], true[..., 2:])], axis=-1))

    common, hull = joined(tf.maximum, tf.minimum), joined(tf.minimum, tf.maximum)
    union = area(found) + area(true) - common
    return common / (union + 1e-7) - (hull - union) / (hull + 1e-7)


def tower_loss(raw: tf.Tensor, objects: tf.Tensor, kind: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the focal and the box loss of one tower, both an object."""
    each = bells(objects, kind)
    heat, owner = tf.reduce_max(each, axis=1), tf.argmax(each, axis=1, output_type=tf.int32)
    true = tf.gather(objects[..., 1:], owner, batch_dims=1)
    # Every object weighs the same, however many cells it has: the small ones are the difficult ones.
    weight = heat * tf.cast(heat >= NEAR, tf.float32)
    mine = tf.one_hot(owner, tf.shape(objects)[1], axis=1) * weight[:, None]
    weight /= tf.gather(tf.reduce_sum(mine, axis=(2, 3)), owner, batch_dims=1) + 1e-6
    count = tf.maximum(tf.reduce_sum(tf.cast(tf.equal(objects[..., 0], float(kind)), tf.float32)), 1.0)
    boxes = tf.reduce_sum((1 - giou(corners(raw[..., 1:]), true)) * weight)
    return focal(raw[..., 0], heat) / count, boxes / count


def loss(raw: dict[str, tf.Tensor], objects: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the total loss and its parts (focal page, boxes page, focal graphs, boxes graphs).

    `objects` is N x M x 5 float32: class (-1 for none), left, top, right, bottom as shares of the picture.
    """
    parts = [part for kind, name in enumerate(TOWERS) for part in tower_loss(raw[name], objects, kind)]
    return parts[0] + 2 * parts[1] + parts[2] + 2 * parts[3], tf.stack(parts)
