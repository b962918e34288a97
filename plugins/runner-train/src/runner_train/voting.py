"""Voting: each cell's box becomes the mean of its neighbours' that say nearly the same, weighted by their scores.

It is part of the network, before overlapping boxes are suppressed, so that each engine and format answers alike and no
decoder needs to know: docs/adr/0029-neighbours-vote-in-the-network.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from runner_train.runtime import tf
from runner_train.targets import Grid

REACH = 7  # cells a side that vote
APART, ALIKE = 0.6, 0.7  # IoU: up to the first a vote counts nothing, from the second fully; no step, so engines agree


def answer_cells(logits: Any, distances: Any, grid: Grid) -> tuple[Any, Any]:
    """Scores N x cells x classes and voted boxes N x cells x 4, x1, y1, x2, y2 as shares, of a head's answers."""
    scores = tf.sigmoid(logits)
    centres = tf.constant(grid.centres()[None])
    corners = tf.concat([centres - distances[..., :2], centres + distances[..., 2:]], -1)
    return scores, _vote(tf.clip_by_value(corners, 0.0, 1.0), tf.reduce_max(scores, -1), grid)


def _vote(boxes: Any, scores: Any, grid: Grid) -> Any:
    theirs = _gather(boxes, 4, grid)
    weights = _gather(scores[..., None], 1, grid)[:, :, 0]
    mine = boxes[..., None]
    low, high = tf.maximum(mine[:, :, :2], theirs[:, :, :2]), tf.minimum(mine[:, :, 2:], theirs[:, :, 2:])
    sides = tf.nn.relu(high - low)
    inner = sides[:, :, 0] * sides[:, :, 1]
    union = _area(mine) + _area(theirs) - inner
    alike = tf.clip_by_value((inner / tf.maximum(union, 1e-9) - APART) / (ALIKE - APART), 0.0, 1.0)
    votes = (weights * alike)[:, :, None]
    total = tf.reduce_sum(votes, -1)
    mean = tf.reduce_sum(votes * theirs, -1) / tf.maximum(total, 1e-9)
    return tf.where(total > 1e-9, mean, boxes)


def _gather(values: Any, channels: int, grid: Grid) -> Any:
    """N x cells x channels x REACH²: the values of each cell's neighbours, 0 beyond the border.

    By a convolution with kernels of one 1 each: every engine has that.
    """
    kernel = np.zeros((REACH, REACH, channels, REACH * REACH), np.float32)
    for at in range(REACH * REACH):
        kernel[at // REACH, at % REACH, :, at] = 1
    planes = tf.reshape(values, (-1, grid.high, grid.wide, channels))
    seen = tf.nn.depthwise_conv2d(planes, tf.constant(kernel), [1, 1, 1, 1], "SAME")
    return tf.reshape(seen, (-1, grid.high * grid.wide, channels, REACH * REACH))


def _area(boxes: Any) -> Any:
    return (boxes[:, :, 2] - boxes[:, :, 0]) * (boxes[:, :, 3] - boxes[:, :, 1])
