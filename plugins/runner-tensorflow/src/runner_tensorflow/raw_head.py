"""RawHead: the boxes and scores in a detector's graph before it suppresses overlapping ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from runner_core.cards import Card
from runner_core.errors import EngineError
from runner_tensorflow.graph_defs import list_ops
from runner_tensorflow.picture_decoder import is_in_loop
from runner_tensorflow.program import Program
from runner_tensorflow.runtime import tf

FAMILY = "tf-detection"
# Ops that suppress boxes, and which of their inputs is the overlap; the first two are boxes and scores.
_SUPPRESSORS = {
    "NonMaxSuppressionV2": 3, "NonMaxSuppressionV3": 3, "NonMaxSuppressionV4": 3, "NonMaxSuppressionV5": 3,
    "CombinedNonMaxSuppression": 4,
}  # fmt: skip
# What the Object Detection API calls them where it suppresses class by class, in a loop (core/standard_fields.py). The
# first column of the scores is the background's (builders/post_processing_builder.py).
_RAW = ("raw_detection_boxes", "raw_detection_scores")
_OVERLAP = 0.6  # usual there
_ANSWERS = frozenset({"boxes", "scores", "classes", "count"})
_ELSEWHERE = "run it on the engine that it was made for"


@attrs.frozen(eq=False)
class RawHead:
    """``boxes``: N times 4, ``scores``: N times ``columns``, whatever the axes around them.

    ``skipped`` columns come before that of the class ``first``; ``iou`` is the overlap from which a box is dropped.
    """

    boxes: Any
    scores: Any
    columns: int
    iou: float
    first: int
    skipped: int = 0

    def build_outputs(self, boxes: Any, scores: Any) -> dict[str, Any]:
        """Outputs by role, made of these tensors in the graph being built: boxes 1 x N x 4, scores 1 x N x C."""
        scores = tf.reshape(scores, (1, -1, self.columns))[:, :, self.skipped :]
        return {"boxes": tf.reshape(boxes, (1, -1, 4)), "scores": scores}


def find_raw_head(program: Program, outputs: Mapping[str, Any], card: Card) -> RawHead | None:
    """That of a detector whose graph suppresses boxes; None for others. Raises EngineError if it cannot be cut."""
    if card.task != FAMILY or not list_ops(program.graph.as_graph_def()).keys() & _SUPPRESSORS.keys():
        return None
    lost = sorted(outputs.keys() - _ANSWERS)
    if lost:
        raise EngineError(
            f"{program.file}: {', '.join(lost)} belong to boxes that the graph selects", remedy=_ELSEWHERE
        )
    found = [op for op in _list_upstream(outputs.values()) if op.type in _SUPPRESSORS]
    alone = len(found) == 1 and not is_in_loop(found[0])
    boxes, scores = found[0].inputs[:2] if alone else _find_named(program)
    return _make_head(program, boxes, scores, _find_overlap(found), card)


def _find_overlap(suppressors: Iterable[Any]) -> float:
    """The overlap of all of them; the usual one where they differ, or it is not known, as within a loop."""
    found = [tf.get_static_value(op.inputs[_SUPPRESSORS[op.type]]) for op in suppressors]
    told = {None if overlap is None else round(float(overlap), 6) for overlap in found}
    overlap = told.pop() if len(told) == 1 else None
    return _OVERLAP if overlap is None else overlap


def _find_named(program: Program) -> tuple[Any, Any]:
    operations = {op.name.rpartition("/")[2]: op for op in program.graph.get_operations()}
    if not set(_RAW) <= operations.keys():
        raise EngineError(
            f"{program.file}: its graph suppresses boxes in a loop, and has no tensors {' and '.join(_RAW)}",
            remedy=f"export it again with them, or {_ELSEWHERE}",
        )
    boxes, scores = (operations[name].outputs[0] for name in _RAW)
    return boxes, scores


def _make_head(program: Program, boxes: Any, scores: Any, overlap: float, card: Card) -> RawHead:
    columns = 1 if scores.shape.rank == 1 else scores.shape[-1]
    if boxes.shape.rank == 4 and boxes.shape[2] != 1:
        raise EngineError(f"{program.file}: it has boxes of their own for each class", remedy=_ELSEWHERE)
    named = len(card.labels)
    if columns is None or columns < named:
        raise EngineError(
            f"{program.file}: its boxes are suppressed whatever their class, of {named}", remedy=_ELSEWHERE
        )
    first = 0 if 0 in card.labels.model_id_to_file_id else 1
    skipped = int(scores.op.name.rpartition("/")[2] == _RAW[1] and columns != named)
    return RawHead(boxes, scores, columns, overlap, first, skipped)


def _list_upstream(tensors: Iterable[Any]) -> list[Any]:
    """The ops that tensors depend on."""
    found: dict[Any, None] = {}
    left = [tensor.op for tensor in tensors]
    while left:
        op = left.pop()
        if op not in found:
            found[op] = None
            left += [tensor.op for tensor in op.inputs]
    return list(found)
