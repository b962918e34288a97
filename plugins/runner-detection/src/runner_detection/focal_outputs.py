"""The outputs of heads that give a side of a box as a distribution, found by their shapes.

Either class scores and distributions apart for each stride, or both in one table, the class scores first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from runner_core.contracts import Signature, TensorSpec
from runner_core.tasks import short_name
from runner_detection.cells import count_cells
from runner_detection.output_pairs import axis_length

STRIDES = ((8, 16, 32), (8, 16, 32, 64))
SIDES = 4
WIDTHS = (SIDES * 8, SIDES * 11, SIDES * 17)  # numbers of a row: as many for each side of the box
TABLE_WIDTH = WIDTHS[0]  # in one table
COCO = 80
OWN_INPUT = "data"  # as NanoDet's tools/export_onnx.py has it
OTHER_NAMES = ("output0", "outputs")  # of Ultralytics' exports and of YOLOv6


@attrs.frozen
class FocalOutputs:
    """The outputs by role, the strides of their grids, and how many classes there are."""

    roles: Mapping[str, TensorSpec]
    strides: tuple[int, ...]
    classes: int

    @property
    def is_table(self) -> bool:
        return "predictions" in self.roles


def find_focal_outputs(model: Signature, size: tuple[int, int] | None) -> FocalOutputs | None:
    """Those of a model with an input of (width, height); None for another head."""
    if size is None or "task" in model.metadata or len(model.inputs) != 1:
        return None
    if len(model.outputs) == 1:
        return _find_table(model.outputs[0], model.inputs[0], size)
    strides = next((each for each in STRIDES if 2 * len(each) == len(model.outputs)), None)
    return _find_pairs(model, strides, size) if strides else None


def _find_table(output: TensorSpec, image: TensorSpec, size: tuple[int, int]) -> FocalOutputs | None:
    """Three strides have as many rows as YOLOX: there only the name of the input or 80 classes tell them apart."""
    if not output.shape or len(output.shape) != 3 or short_name(output.name) in OTHER_NAMES:
        return None
    rows, features = output.shape[1:]
    strides = next((each for each in STRIDES if rows == count_cells(size, *each)), None)
    classes = (features or 0) - TABLE_WIDTH
    if strides is None or classes < 1:
        return None
    known = short_name(image.name) == OWN_INPUT or classes == COCO
    return FocalOutputs({"predictions": output}, strides, classes) if len(strides) > 3 or known else None


def _find_pairs(model: Signature, strides: Sequence[int], size: tuple[int, int]) -> FocalOutputs | None:
    pairs = [[spec for spec in model.outputs if _has_rows(spec, count_cells(size, stride))] for stride in strides]
    if any(len(pair) != 2 for pair in pairs):
        return None
    ordered = [_put_scores_first(pair, model.ends) for pair in pairs]
    classes, widths = ({axis_length(pair[place], -1) for pair in ordered} for place in (0, 1))
    if len(classes) != 1 or len(widths) != 1 or not widths <= set(WIDTHS):
        return None
    roles = {f"scores_{stride}": scores for stride, (scores, _) in zip(strides, ordered, strict=True)}
    roles |= {f"boxes_{stride}": boxes for stride, (_, boxes) in zip(strides, ordered, strict=True)}
    return FocalOutputs(roles, tuple(strides), classes.pop() or 0)


def _put_scores_first(pair: Sequence[TensorSpec], ends: Mapping[str, str]) -> tuple[TensorSpec, TensorSpec]:
    """Distributions have a width of their own; where classes are as many, scores end in a sigmoid, or come first."""
    first, second = pair
    fits = [axis_length(spec, -1) in WIDTHS for spec in pair]
    swapped = fits == [True, False] or (all(fits) and ends.get(second.name) == "sigmoid" != ends.get(first.name))
    return (second, first) if swapped else (first, second)


def _has_rows(spec: TensorSpec, rows: int) -> bool:
    return spec.shape is not None and len(spec.shape) in (2, 3) and spec.shape[-2] == rows and bool(spec.shape[-1])
