"""Fit: how a picture comes to the size of an input, where those who run such files have a habit.

Keras's files are run from Python, where pictures in colour are mostly opened and resized with Pillow
(``keras.utils.load_img``), whose filters take all pixels into account; who makes them grey mostly does so with OpenCV.
tflite-support's ``image_segmenter.cc``, which reads maps of scores, stretches pictures for the very networks that
tensorflow/models, research/deeplab, pads.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner_core.cards.clue import Clue
from runner_core.clues.model_file import ModelFile

_DEEPLAB_STEP = 16  # its sides are whole multiples and one pixel more
_STRETCHED, _BY_PILLOW = 0.7, 0.6
_KERAS = frozenset({".keras", ".h5", ".hdf5"})


def find_fit(model: ModelFile) -> Iterator[Clue]:
    """How a picture is fitted by the library that runs such a file."""
    if model.path.suffix.lower() in _KERAS and not model.is_grey:
        yield Clue("resample", "antialias", "who runs Keras's files mostly resizes with Pillow", _BY_PILLOW)
    sides, shapes = model.picture.size or (0, 0), [spec.shape or () for spec in model.signature.outputs]
    of_deeplab = all(side % _DEEPLAB_STEP == 1 for side in sides)
    scores = len(shapes) == 1 and len(shapes[0]) == 4 and shapes[0][3] != 1
    if model.graph is not None and model.graph.format == ".tflite" and of_deeplab and scores:
        yield Clue("resize", "stretch", "TensorFlow Lite's image segmenter does so", _STRETCHED)
