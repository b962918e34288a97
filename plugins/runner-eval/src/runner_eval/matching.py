"""Which found thing is which real thing: COCO's rule, for every threshold of the IoU at once.

Source: cocoapi, PythonAPI/pycocotools/cocoeval.py, ``evaluateImg``.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_eval.scores import Choice, Counts, Floats

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
Counted = NDArray[np.int32]

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
_MOST_AT_ONCE = 4_000_000  # detections x resamples


def match_rows(ious: Floats, ignored: Flags, crowds: Flags) -> Places:
    """T x D: the row of truth that each found thing is, -1 for none; ``ious`` is D x G, the best score first.

    One that is counted goes before one that is ignored; a crowd may be many things.
    """
    matched = np.full((len(THRESHOLDS), len(ious)), -1, np.int64)
    free = np.ones((len(THRESHOLDS), len(ignored)), bool)
    for row in np.flatnonzero(ious.max(axis=1, initial=0) >= THRESHOLDS[0]).tolist():
        possible = (ious[row] >= THRESHOLDS[:, None]) & (free | crowds)
        counted = possible & ~ignored
        chosen = np.where(counted.any(axis=1, keepdims=True), counted, possible)
        best = chosen.shape[1] - 1 - np.where(chosen, ious[row], -1)[:, ::-1].argmax(axis=1)  # of equals the last
        steps = np.flatnonzero(chosen.any(axis=1))
        matched[steps, row] = best[steps]
        free[steps, best[steps]] = False
    return matched


@attrs.frozen(eq=False)
class Ranking:
    """All that was found of one class in all pictures, N things, the best score first.

    ``pictures``   N places of pictures.
    ``right``      T x N: whether it is a real thing at that IoU; ``ignored`` T x N: whether it counts neither way.
    ``positives``  of each picture: how many real things it has.
    """

    scores: Floats
    pictures: Places
    right: Flags
    ignored: Flags
    positives: Places

    def count_above(self, threshold: float) -> Counts:
        """At IoU 0.5, of what scores at least the threshold."""
        shown = self.scores >= np.float32(threshold)
        right = int((self.right[0] & ~self.ignored[0] & shown).sum())
        extra = int((~self.right[0] & ~self.ignored[0] & shown).sum())
        return Counts(right, extra, int(self.positives.sum()) - right)

    def average_precisions(self, weights: NDArray[np.int64]) -> Floats:
        """B x T: AP at each IoU where picture i is there ``weights[b, i]`` times; NaN without a real thing."""
        step = max(1, _MOST_AT_ONCE // max(1, len(self.scores)))
        parts = [self._average_some(weights[begin : begin + step]) for begin in range(0, len(weights), step)]
        return np.concatenate([np.zeros((0, len(THRESHOLDS))), *parts])

    def _average_some(self, weights: NDArray[np.int64]) -> Floats:
        positives = (weights @ self.positives).astype(np.float64)
        each = weights[:, self.pictures].astype(np.int32)
        shown = each.cumsum(axis=1, dtype=np.int32)
        found = np.stack([self._average_at(step, each, shown, positives) for step in range(len(THRESHOLDS))], axis=1)
        return np.where(positives[:, None] > 0, found, np.nan)

    def _average_at(self, step: int, each: Counted, shown: Counted, positives: Floats) -> Floats:
        """B areas below the curve, read at 101 recalls; only real things raise the recall, so they are looked at.

        ``each`` B x N says how often each found thing is there, ``shown`` how many are up to it.
        """
        right, ignored = np.flatnonzero(self.right[step] & ~self.ignored[step]), np.flatnonzero(self.ignored[step])
        if not len(right):
            return np.zeros(len(each))
        uncounted = np.pad(each[:, ignored].cumsum(axis=1), ((0, 0), (1, 0)))
        all_so_far = shown[:, right] - uncounted[:, np.searchsorted(ignored, right)]
        right_so_far = each[:, right].cumsum(axis=1)
        precision = right_so_far / np.maximum(all_so_far, 1)
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recall = right_so_far / np.maximum(positives, 1)[:, None]
        reached = np.searchsorted(RECALLS, recall.ravel(), side="right").reshape(recall.shape)
        areas: Floats = (precision * np.diff(reached, axis=1, prepend=0)).sum(axis=1) / len(RECALLS)
        return areas


def join_rankings(rankings: list[Ranking]) -> Ranking:
    """Of all classes together."""
    scores = np.concatenate([each.scores for each in rankings])
    order = np.argsort(-scores, kind="stable")
    right, ignored = (
        np.concatenate([getattr(each, name) for each in rankings], axis=1) for name in ("right", "ignored")
    )
    pictures = np.concatenate([each.pictures for each in rankings])
    positives = np.sum([each.positives for each in rankings], axis=0)
    return Ranking(scores[order], pictures[order], right[:, order], ignored[:, order], positives)


def find_best_threshold(ranking: Ranking) -> Choice | None:
    """The score threshold with the best F1 at IoU 0.5, halfway to the next lower score; None where nothing is right."""
    counted = ~ranking.ignored[0]
    scores, right = ranking.scores[counted], ranking.right[0][counted]
    positives = int(ranking.positives.sum())
    if not right.any() or not positives:
        return None
    hits, shown = right.cumsum(), np.arange(1, len(right) + 1)
    f1 = 2 * hits / (shown + positives)
    lower = np.append(scores[1:], 0.0)
    f1[lower == scores] = -1  # a threshold takes all of one score, or none
    best = int(f1.argmax())
    threshold = float((scores[best] + lower[best]) / 2) if best + 1 < len(scores) else float(scores[best])
    return Choice(threshold, float(hits[best] / shown[best]), float(hits[best] / positives), float(f1[best]))
