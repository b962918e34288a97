"""Voting: each box becomes the mean of those that say nearly the same, weighted by their scores.

It is part of the network, before overlapping boxes are suppressed, so that each engine and format answers alike and no
decoder needs to know: docs/adr/0029-neighbours-vote-in-the-network.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner_train.runtime import tf
from runner_train.targets import Grid

APART, ALIKE = 0.6, 0.7  # IoU: up to the first a vote counts nothing, from the second fully; no step, so engines agree


def answer_cells(answers: Mapping[str, Any], grid: Grid) -> tuple[Any, Any]:
    """Scores N x best x classes and voted boxes N x best x 4, x1, y1, x2, y2 as shares, of the best cells of a head.

    So a head costs little besides its trunk, and whoever decodes its answers has fewer to look at.
    """
    top = tf.math.top_k(tf.reduce_max(answers["logits"], -1), min(grid.best, grid.wide * grid.high))
    logits, far = (tf.gather(answers[name], top.indices, batch_dims=1) for name in ("logits", "far"))
    centres = tf.gather(tf.constant(grid.centres()), top.indices)
    distances = measure_distances(far, grid)
    corners = tf.concat([centres - distances[..., :2], centres + distances[..., 2:]], -1)
    return tf.sigmoid(logits), _vote(tf.clip_by_value(corners, 0.0, 1.0), tf.sigmoid(top.values))


def measure_distances(far: Any, grid: Grid) -> Any:
    """What a head says of the distances from cells to the sides of their objects, as shares of the picture."""
    return tf.nn.softplus(far) * tf.constant([*grid.reach, *grid.reach])


def _vote(boxes: Any, scores: Any) -> Any:
    """Coordinate by coordinate: engines are quick where the last dimension is long."""
    left, top, right, bottom = (boxes[..., at, None] for at in range(4))
    turned = tf.transpose(boxes, (0, 2, 1))
    wide = tf.minimum(right, turned[:, 2:3]) - tf.maximum(left, turned[:, 0:1])
    high = tf.minimum(bottom, turned[:, 3:4]) - tf.maximum(top, turned[:, 1:2])
    inner = tf.nn.relu(wide) * tf.nn.relu(high)
    area = (right - left) * (bottom - top)
    union = area + tf.transpose(area, (0, 2, 1)) - inner
    alike = tf.clip_by_value((inner / tf.maximum(union, 1e-9) - APART) / (ALIKE - APART), 0.0, 1.0)
    votes = alike * scores[:, None]
    total = tf.reduce_sum(votes, -1, keepdims=True)
    return tf.where(total > 1e-9, tf.matmul(votes, boxes) / tf.maximum(total, 1e-9), boxes)
