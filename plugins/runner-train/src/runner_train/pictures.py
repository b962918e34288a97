"""Labelled pictures as training wants them: read once, in memory, small enough to be cheap to transform."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.datasets import Dataset, Example
from runner_core.errors import DatasetError, RunnerError

Boxes = NDArray[np.float32]
LARGEST = 1024  # pixels of the longer side that are kept: a view is a third of it
UNLABELLED = 255  # in a class map
IGNORED = -2  # the class of a box that counts neither as an object nor as background


@attrs.frozen(eq=False)
class Picture:
    """``boxes`` N x 4 x1, y1, x2, y2 as shares of the picture; ``classes`` N from 0, or IGNORED.

    ``known``  the classes that its labels speak of: of any other nothing is said, neither yes nor no.
    ``image``  RGB, its longer side at most LARGEST.
    ``class_map``  of its size, 8 bits: the class of each pixel, or UNLABELLED; None where boxes say all.
    """

    key: str
    image: Image.Image
    boxes: Boxes
    classes: NDArray[np.int64]
    known: frozenset[int]
    class_map: Image.Image | None = None

    def shrink(self, factor: float) -> Image.Image:
        """The picture reduced by a whole factor at most ``factor``, by means of its pixels."""
        whole = max(1, int(factor))
        return self.image if whole == 1 else self.image.reduce(whole)


def read_pictures(examples: Iterable[Example], known: Sequence[int]) -> list[Picture]:
    """All of them, decoded. Raises DatasetError naming the picture that cannot be read."""
    return [_read_picture(example, frozenset(known)) for example in examples]


def _read_picture(example: Example, known: frozenset[int]) -> Picture:
    try:
        image = example.make_frame().image.convert("RGB")
    except (RunnerError, OSError) as error:
        raise _unreadable_error(example, error) from error
    boxes, classes = read_objects(example, image.size)
    class_map = read_map(example, image.size)
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.BOX)
        class_map = class_map and class_map.resize(image.size, Image.Resampling.NEAREST)
    return Picture(example.key, image, boxes, classes, known, class_map)


def read_map(example: Example, size: tuple[int, int]) -> Image.Image | None:
    """The class map of a (width, height) picture, if there is one. Raises DatasetError for one of another size."""
    class_map = example.read().answer.class_map
    if class_map is None:
        return None
    if class_map.shape != size[::-1]:
        high, wide = class_map.shape
        raise DatasetError(f"{example.picture}: a mask of {wide} x {high} on a picture of {size[0]} x {size[1]}")
    return Image.fromarray(np.where(class_map < 0, UNLABELLED, class_map).astype(np.uint8))


def measure_picture(example: Example) -> tuple[int, int]:
    """Its (width, height), without unpacking it. Raises DatasetError."""
    try:
        return example.make_frame().size
    except (RunnerError, OSError) as error:
        raise _unreadable_error(example, error) from error


def _unreadable_error(example: Example, error: Exception) -> DatasetError:
    return DatasetError(f"{example.picture}: cannot be read ({error})", remedy="take it out of the data set")


def read_objects(example: Example, size: tuple[int, int] | None = None) -> tuple[Boxes, NDArray[np.int64]]:
    """Boxes as shares of the (width, height) picture, and their classes; the whole picture where there are no boxes.

    Raises DatasetError.
    """
    truth = example.read()
    answer = truth.answer
    wide, high = answer.size if answer.size != (0, 0) else (size or (1, 1))
    whole = np.array([[0, 0, wide, high]] * len(answer), np.float32).reshape(-1, 4)
    boxes = whole if answer.boxes is None else answer.boxes
    shares = np.clip(boxes / np.array([wide, high, wide, high], np.float32), 0, 1).astype(np.float32)
    classes = np.array(answer.model_ids, np.int64)
    classes[list(truth.ignored)] = IGNORED
    return shares, classes


def count_classes(data: Dataset) -> list[int]:
    """Of how many objects each class has examples; in class maps, how many pictures show it."""
    counts = np.zeros(len(data.labels), np.int64)
    for example in data:
        class_map = example.read().answer.class_map
        classes = read_objects(example)[1] if class_map is None else np.unique(class_map)
        counts += np.bincount(classes[classes >= 0], minlength=len(counts))
    return counts.tolist()
