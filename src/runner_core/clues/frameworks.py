"""Frameworks: what is usual with models of a format and a size, where nothing more is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner_core.cards.clue import Clue
from runner_core.clues.backbones import TRAINED_ON_IMAGENET, recognise_backbone
from runner_core.clues.model_file import ModelFile
from runner_core.frames.normalization import IMAGENET, SIGNED, UNIT

_TENSORFLOW = frozenset({".h5", ".hdf5", ".keras", ".pb", ".tflite", "saved-model"})
_CONVERTED = re.compile(r"\btf\.|onnx|openvino|tf_op_layer")  # from another framework, by PINTO's tools or onnx2tf
_COLOUR, _COLOUR_OF_CONVERTED, _COLOUR_OF_PYTORCH = 0.91, 0.6, 0.75
_CLASSIFIER_OF_PYTORCH, _CLASSIFIER, _DATASET = 0.75, 0.55, 0.5
_IMAGENET_SIDES = range(192, 385)
# Data sets that are small networks' first exercise: (side, channels, classes).
_DATASETS = {(28, 1, 10): "MNIST", (32, 3, 10): "CIFAR-10", (32, 3, 100): "CIFAR-100", (96, 3, 2): "visual wake words"}


def find_colour_of_framework(model: ModelFile) -> Iterator[Clue]:
    """Frameworks read RGB; what was converted from one to another may have been made for OpenCV's BGR.

    A backbone has its own order, for which ``find_backbone`` answers.
    """
    if model.graph is None or model.is_grey or recognise_backbone(model):
        return
    if model.graph.format in _TENSORFLOW:
        converted = _CONVERTED.search(model.names)
        says = "so it mostly is with TensorFlow"
        yield Clue("colour", "rgb", says, _COLOUR_OF_CONVERTED if converted else _COLOUR)
    elif "pytorch" in model.graph.producer:
        yield Clue("colour", "rgb", "so it mostly is with PyTorch", _COLOUR_OF_PYTORCH)


def find_dataset(model: ModelFile) -> Iterator[Clue]:
    """A guess by the size of the input and the number of classes, which tell what the network was trained on."""
    wide, high = model.picture.size or (0, 0)
    if wide != high or not model.classes:
        return
    dataset = _DATASETS.get((wide, model.channels, model.classes))
    if dataset:
        yield Clue("range", UNIT, f"its size and classes are those of {dataset}", _DATASET)
    elif model.classes in TRAINED_ON_IMAGENET and wide in _IMAGENET_SIDES and not model.is_grey:
        says = "its size and classes are those of ImageNet"
        if model.picture.layout == "nchw":
            yield Clue("range", IMAGENET, says, _CLASSIFIER_OF_PYTORCH)
        else:
            yield Clue("range", SIGNED, says, _CLASSIFIER)
