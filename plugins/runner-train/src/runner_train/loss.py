"""What a detector's head is blamed for."""

from __future__ import annotations

from typing import Any

from runner_train.runtime import tf
from runner_train.targets import CORE, Grid
from runner_train.voting import measure_distances

BOX = 2.0  # how much boxes count against scores


def detection_loss(answers: dict[str, Any], targets: dict[str, Any], grid: Grid) -> Any:
    """Of a batch: the sum of both parts, an object.

    Scores: quality focal loss (Li and others, Generalized Focal Loss, 2020), so that a score tells how well the box
    fits. Around an object's middle it is lenient as in CornerNet (Law and Deng, 2018). Boxes: GIoU (Rezatofighi and
    others, 2019).
    """
    bells, weights = tf.cast(targets["bells"], tf.float32), tf.cast(targets["weights"], tf.float32)
    wanted, distances = tf.cast(targets["distances"], tf.float32), measure_distances(answers["far"], grid)
    iou, giou = _overlap(distances, wanted)
    objects = tf.reduce_sum(tf.cast(weights > 0.999, tf.float32)) + 1.0
    per_object = tf.reduce_sum(weights) / objects + 1e-6
    boxes = tf.reduce_sum(weights * (1 - giou)) / per_object / objects
    fit = tf.stop_gradient(tf.clip_by_value(iou, 0.0, 1.0))[..., None]
    core = (bells > CORE) & (weights[..., None] > 0)
    quality = tf.where(core, bells * fit, 0.0)
    score = tf.sigmoid(answers["logits"])
    blame = tf.nn.sigmoid_cross_entropy_with_logits(labels=quality, logits=answers["logits"])
    focus = tf.where(core, tf.abs(quality - score) ** 2, score**2 * (1 - tf.maximum(bells, 0.0)) ** 4)
    scores = tf.reduce_sum(tf.where(bells < 0, 0.0, blame * focus)) / objects
    return 4 * scores + BOX * boxes


def _overlap(a: Any, b: Any) -> tuple[Any, Any]:
    """IoU and GIoU of boxes given as distances from the same point."""
    sides_a, sides_b = a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:]
    low, high = tf.minimum(a, b), tf.maximum(a, b)
    inner = tf.reduce_prod(tf.maximum(low[..., :2] + low[..., 2:], 0), -1)
    outer = tf.reduce_prod(high[..., :2] + high[..., 2:], -1) + 1e-9
    union = tf.reduce_prod(sides_a, -1) + tf.reduce_prod(sides_b, -1) - inner + 1e-9
    iou = inner / union
    return iou, iou - (outer - union) / outer
