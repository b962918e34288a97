"""The columns of an Inference: their types and shapes, what is done with any of them, and how JSON holds them.

float32 columns are written with the fewest digits that read back to the same float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from runner_core.results.json_values import to_floats, to_list, to_object, to_size, to_whole, to_wholes
from runner_core.results.mask import Mask
from runner_core.results.pixel_map import PixelMap

NO_NUMBER = -1  # in the columns ``tracks`` and ``parents``
OPTIONAL_COLUMNS = (
    "boxes",
    "angles",
    "scores",
    "masks",
    "keypoints",
    "vectors",
    "tracks",
    "parents",
)  # besides ``model_ids``

# What follows the number of rows in the shape of an array; None is any length.
ROW_SHAPES: dict[str, tuple[int | None, ...]] = {
    "model_ids": (), "boxes": (4,), "angles": (), "scores": (), "keypoints": (None, 3), "vectors": (None,),
    "tracks": (), "parents": (),
}  # fmt: skip


def freeze_floats(column: ArrayLike | None) -> NDArray[np.float32] | None:
    """As read-only float32; not copied where it is float32 already."""
    return None if column is None else _freeze(np.asarray(column, np.float32))


def freeze_integers(column: ArrayLike) -> NDArray[np.integer]:
    """As read-only integers of the type they have. Raises ValueError for fractions."""
    array = np.asarray(column)
    if not array.size:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise ValueError(f"whole numbers are wanted, not {array.dtype}")
    return _freeze(array)


def freeze_optional_integers(column: ArrayLike | None) -> NDArray[np.integer] | None:
    """As ``freeze_integers``; None stays None."""
    return None if column is None else freeze_integers(column)


def _freeze(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def check_shape(name: str, column: NDArray[Any] | PixelMap | None, wanted: tuple[int | None, ...]) -> None:
    """Raises ValueError for an array or a map of another shape; None in ``wanted`` is any length."""
    if column is None:
        return
    if len(column.shape) != len(wanted) or any(
        length not in (None, side) for length, side in zip(wanted, column.shape, strict=True)
    ):
        expected = " x ".join("any" if side is None else str(side) for side in wanted)
        raise ValueError(f"{name} has the shape {' x '.join(map(str, column.shape))}, not {expected}")


def select_rows(column: Any, indices: NDArray[np.integer]) -> Any:
    """These rows of an array, a tuple or None."""
    if column is None:
        return None
    return tuple(column[row] for row in indices) if isinstance(column, tuple) else column[indices]


def are_equal(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    """Whether both are None, or arrays of equal values."""
    return one is other if one is None or other is None else np.array_equal(one, other)


def number_or_none(column: NDArray[np.integer] | None, row: int) -> int | None:
    """The number in a row; None where the column or the number is missing."""
    return None if column is None or column[row] == NO_NUMBER else int(column[row])


def find_classes(class_map: NDArray[np.integer] | None) -> list[int]:
    """The numbers in a class map; pixels of -1 are of no class.

    Only pixels that differ from the one before are looked at: those are few.
    """
    if class_map is None or not class_map.size:
        return []
    flat = class_map.ravel()
    numbers = [int(flat[0]), *np.unique(flat[1:][flat[1:] != flat[:-1]]).tolist()]
    return [number for number in numbers if number != NO_NUMBER]


def encode_class_map(class_map: NDArray[np.integer]) -> dict[str, Any]:
    """An H x W class map as ``size``, [H, W], and row-major ``runs``: ``[model_id, length]`` pairs."""
    flat = class_map.ravel()
    starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1]))) if flat.size else np.array([], int)
    lengths = np.diff(np.append(starts, flat.size))
    return {"size": list(class_map.shape), "runs": np.stack([flat[starts], lengths], axis=1).tolist()}


def decode_class_map(data: Mapping[str, Any]) -> NDArray[np.int64]:
    """The H x W class map that ``encode_class_map`` wrote. Raises ValueError for what it never writes."""
    size = to_size(data["size"], "the size of a class map")
    pairs = to_list(data["runs"], "a class map")
    if any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
        raise ValueError("a class map holds what is not a class and a length")
    numbers = to_wholes((number for number, _ in pairs), "a class of a class map", NO_NUMBER)
    lengths = to_wholes((length for _, length in pairs), "a length of a class map")
    if sum(lengths.tolist()) != size[0] * size[1]:
        raise ValueError(f"the lengths of a class map do not fill {size[1]} x {size[0]} pixels")
    return np.repeat(numbers, lengths).reshape(size)


def _write_floats(column: NDArray[np.float32]) -> list[Any]:
    """Nested lists of floats that print as the shortest decimals of their float32 values, which is how numpy prints."""
    shortest = [float(str(value)) for value in column.ravel()]
    lists: list[Any] = np.reshape(shortest, column.shape).tolist()
    return lists


def _read_floats(values: list[Any], shape: list[int] | None) -> NDArray[np.float32]:
    column = to_floats(values, "a column")
    return column if shape is None else column.reshape(len(values), *shape)


def _read_keypoints(values: list[Any], shape: list[int] | None) -> NDArray[np.float32]:
    return _read_floats(values, shape or [-1, 3])


def _write_integers(column: NDArray[np.integer]) -> list[int | None]:
    return [None if number == NO_NUMBER else number for number in column.tolist()]


def _read_integers(values: list[int | None], _: object) -> NDArray[np.int64]:
    return to_wholes((NO_NUMBER if value is None else value for value in values), "a row's number", NO_NUMBER)


def _write_masks(masks: tuple[Mask, ...]) -> list[dict[str, Any]]:
    return [mask.rle for mask in masks]


def _read_masks(values: list[dict[str, Any]], _: object) -> tuple[Mask, ...]:
    masks = tuple(Mask(rle=to_object(rle, "a mask")) for rle in values)
    for mask in masks:
        mask.check()
    return masks


def read_shapes(data: Any) -> dict[str, list[int]]:
    """Of columns without values: the shape of a row, by the column's name."""
    return {
        name: [to_whole(side, f"the shape of {name}") for side in to_list(shape, f"the shape of {name}")]
        for name, shape in to_object(data, "columns").items()
    }


# column -> (its key in an instance, from the column to values, from values and the shape of a row to the column)
JSON_FORMS: dict[str, tuple[str, Any, Any]] = {
    "scores": ("score", _write_floats, _read_floats),
    "boxes": ("box", _write_floats, _read_floats),
    "angles": ("angle", _write_floats, _read_floats),
    "masks": ("mask", _write_masks, _read_masks),
    "keypoints": ("keypoints", _write_floats, _read_keypoints),
    "vectors": ("vector", _write_floats, _read_floats),
    "tracks": ("track", _write_integers, _read_integers),
    "parents": ("parent", _write_integers, _read_integers),
}
