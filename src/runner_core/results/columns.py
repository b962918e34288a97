"""The columns of an Inference: their types, their shapes, and what is done with any of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

NONE = -1  # in the columns ``tracks`` and ``parents``
NAMES = ("boxes", "scores", "masks", "keypoints", "tracks", "parents")  # beside ``model_ids``; each may be None

# What follows the number of rows in the shape of an array; None is any length.
ROW_SHAPES: dict[str, tuple[int | None, ...]] = {
    "model_ids": (), "boxes": (4,), "scores": (), "keypoints": (None, 3), "tracks": (), "parents": ()
}  # fmt: skip


def floats(column: ArrayLike | None) -> NDArray[np.float32] | None:
    """As read-only float32; not copied where it is float32 already."""
    return None if column is None else _frozen(np.asarray(column, np.float32))


def numbers(column: ArrayLike) -> NDArray[np.integer]:
    """As read-only integers of the type they have. Raises ValueError for fractions."""
    array = np.asarray(column)
    if not array.size:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise ValueError(f"whole numbers are wanted, not {array.dtype}")
    return _frozen(array)


def optional_numbers(column: ArrayLike | None) -> NDArray[np.integer] | None:
    """As ``numbers``, where there are any."""
    return None if column is None else numbers(column)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def check_shape(name: str, column: NDArray[Any] | None, wanted: tuple[int | None, ...]) -> None:
    """Raises ValueError for an array of another shape; None in ``wanted`` is any length."""
    if column is None:
        return
    if len(column.shape) != len(wanted) or any(
        asked not in (None, side) for asked, side in zip(wanted, column.shape, strict=True)
    ):
        asked = " x ".join("any" if side is None else str(side) for side in wanted)
        raise ValueError(f"{name} has the shape {' x '.join(map(str, column.shape))}, not {asked}")


def rows_of(column: Any, indices: NDArray[np.integer]) -> Any:
    """These rows of an array, a tuple or None."""
    if column is None:
        return None
    return tuple(column[row] for row in indices) if isinstance(column, tuple) else column[indices]


def same(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    """Whether both are None, or arrays of equal values."""
    return one is other if one is None or other is None else np.array_equal(one, other)


def values_of(class_map: NDArray[np.integer] | None) -> list[int]:
    """The values in a class map, from the pixels that differ from the one before: those are few."""
    if class_map is None or not class_map.size:
        return []
    flat = class_map.ravel()
    return [int(flat[0]), *np.unique(flat[1:][flat[1:] != flat[:-1]]).tolist()]


def number_or_none(column: NDArray[np.integer] | None, row: int) -> int | None:
    """The number in a row; None where the column or the number is missing."""
    return None if column is None or column[row] == NONE else int(column[row])
