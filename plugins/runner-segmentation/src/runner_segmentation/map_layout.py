"""Maps: which outputs cover the picture with cells, and the order of their axes."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from runner_core.cards import Card
from runner_core.contracts import TensorSpec
from runner_core.errors import TaskError
from runner_core.frames import PictureSpec

Sides = tuple[int | None, int | None]  # height, width; None: any

COARSEST = 8  # pixels a cell: a coarser map is a detector's head rather than a segmentation


def find_map_layout(spec: TensorSpec, picture: PictureSpec, *, coarsest: int | None = COARSEST) -> str | None:
    """``nhwc`` or ``nchw`` where the tensor can be class scores for the cells of a map with at most ``coarsest`` pixels
    a cell; where it can be either, the picture's own layout; None where it can be neither.
    """
    shape = spec.shape
    if not shape or len(shape) != 4 or shape[0] not in (1, None):
        return None
    sides: dict[str, tuple[int | None, Sides]] = {
        "nhwc": (shape[3], (shape[1], shape[2])),
        "nchw": (shape[1], (shape[2], shape[3])),
    }
    fitting = [name for name, (classes, map_) in sides.items() if classes and _spans_picture(map_, picture, coarsest)]
    return picture.layout if len(fitting) > 1 else next(iter(fitting), None)


def count_classes(spec: TensorSpec, layout: str) -> int:
    """How many classes a tensor of that layout has."""
    assert spec.shape is not None
    return spec.shape[3 if layout == "nhwc" else 1] or 0


def is_class_map(spec: TensorSpec, picture: PictureSpec, *, coarsest: int | None = COARSEST) -> bool:
    """Whether a tensor can hold a class number for each cell of a map: [1] x H x W, or with another axis of 1."""
    return spec.dtype.startswith(("int", "uint")) and is_plane(spec, picture, coarsest=coarsest)


def is_plane(spec: TensorSpec, picture: PictureSpec, *, coarsest: int | None = COARSEST) -> bool:
    """Whether a tensor can hold one number for each cell of a map: [1] x H x W, or with another axis of 1."""
    if not spec.shape:
        return False
    shape = spec.shape
    if len(shape) == 4:
        shape = shape[:3] if shape[3] == 1 else (shape[0], *shape[2:]) if shape[1] == 1 else ()
    if len(shape) == 3 and shape[0] in (1, None):
        shape = shape[1:]
    elif None in shape:  # two free lengths could be anything
        return False
    return len(shape) == 2 and _spans_picture((shape[0], shape[1]), picture, coarsest)


def drop_unit_axes(card: Card, role: str, tensor: NDArray[Any], axes: int) -> NDArray[Any]:
    """An output without its superfluous axes of length 1, the batch first. Raises TaskError for other shapes."""
    shape = tensor.shape
    for axis in (0, -1, 0):
        if tensor.ndim > axes and tensor.shape[axis] == 1:
            tensor = tensor.squeeze(axis)
    if tensor.ndim != axes or 0 in shape:
        raise TaskError(f"brain {card.name}: {role} came as {list(shape)}, which is not a map of one picture")
    return tensor


def refuse_crop(card: Card, picture: PictureSpec) -> PictureSpec:
    """The picture spec. Raises TaskError where it crops."""
    if picture.resize == "crop":
        raise TaskError(
            f"brain {card.name}: picture.resize is crop, which hides parts of the picture from a segmentation",
            remedy="give letterbox, stretch or fit",
        )
    return picture


def _spans_picture(map_: Sides, picture: PictureSpec, coarsest: int | None) -> bool:
    """Whether the cells of a map are squares of pixels that cover the tensor."""
    high, wide = map_
    if high is None or wide is None:
        return high == wide
    if picture.size is None or not high or not wide:
        return False
    step = max(1, round(picture.size[0] / wide))
    fits = all(cells in (side // step, -(-side // step)) for side, cells in zip(picture.size, map_[::-1], strict=True))
    return fits and (coarsest is None or step <= coarsest)
