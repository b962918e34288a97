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
_COLOUR, _COLOUR_OF_CONVERTED, _COLOUR_OF_PYTORCH, _COLOUR_OF_CAFFE = 0.91, 0.6, 0.75, 0.78
_CLASSIFIER_OF_PYTORCH, _CLASSIFIER, _DATASET = 0.75, 0.55, 0.5
_IMAGENET_SIDES = range(192, 385)
# Data sets of small networks: (side, channels, classes), and what their networks take with channels last, and first,
# as in the examples of Keras and of PyTorch.
_DATASETS = {
    (28, 1, 10): ("MNIST", UNIT, UNIT),
    (32, 3, 10): ("CIFAR-10", UNIT, SIGNED),
    (32, 3, 100): ("CIFAR-100", UNIT, SIGNED),
    (48, 1, 7): ("FER-2013", UNIT, UNIT),
    (64, 1, 7): ("FER-2013 as Arriaga's networks take it", SIGNED, SIGNED),
    (96, 3, 2): ("visual wake words", UNIT, UNIT),
}


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


def find_colour_of_caffe(model: ModelFile) -> Iterator[Clue]:
    """Whoever takes ImageNet's means from values up to 255 learned it from Caffe, which reads BGR."""
    if not model.is_grey and recognise_backbone(model) is None:
        yield Clue("colour", "bgr", "so it mostly is where ImageNet's means are taken away", _COLOUR_OF_CAFFE)


def find_dataset(model: ModelFile) -> Iterator[Clue]:
    """A guess by the size of the input and the number of classes, which tell what the network was trained on."""
    wide, high = model.picture.size or (0, 0)
    if wide != high or not model.classes:
        return
    dataset = _DATASETS.get((wide, model.channels, model.classes))
    if dataset:
        name, last, first = dataset
        first_or_last = first if model.picture.layout == "nchw" else last
        yield Clue("range", first_or_last, f"its size and classes are those of {name}", _DATASET)
    elif model.classes in TRAINED_ON_IMAGENET and wide in _IMAGENET_SIDES and not model.is_grey:
        says = "its size and classes are those of ImageNet"
        if model.picture.layout == "nchw":
            yield Clue("range", IMAGENET, says, _CLASSIFIER_OF_PYTORCH)
        else:
            yield Clue("range", SIGNED, says, _CLASSIFIER)
