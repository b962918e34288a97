"""Backbones: networks trained on ImageNet that people take as they are, or train further, told by their layers' names.

Source of Keras's: ``preprocess_input`` in keras/src/applications, and the names of layers there; of the others
research/slim/preprocessing of tensorflow/models.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import attrs

from runner_core.cards.clue import Clue
from runner_core.clues.habit import Habit
from runner_core.clues.model_file import ModelFile
from runner_core.frames.normalization import CAFFE, IMAGENET, SIGNED

TRAINED_ON_IMAGENET = frozenset({1000, 1001})  # classes
_AS_PUBLISHED = 0.92  # of a network with these classes; others may be trained further on something else
_FURTHER = 0.7, 0.85
_BACKBONES = (
    Habit("a MobileNet takes that", r"mobilenet|conv_dw_1\b|block_1_expand", SIGNED, "rgb", *_FURTHER),
    Habit("an Inception network takes that", r"inception", SIGNED, "rgb", *_FURTHER),
    Habit("an Xception network takes that", r"xception|block1_conv1_bn", SIGNED, "rgb", *_FURTHER),
    Habit("a NASNet takes that", r"nasnet|normal_conv_1_", SIGNED, "rgb", *_FURTHER),
    Habit("a ResNetV2 takes that", r"resnet(50|101|152)v2|block1_preact_bn", SIGNED, "rgb", *_FURTHER),
    Habit("a DenseNet of Keras takes that", r"densenet(121|169|201)|conv2_block1_0_bn", IMAGENET, "rgb", *_FURTHER),
    Habit("an EfficientNet-Lite takes that", r"efficientnet.?lite", SIGNED, "rgb", *_FURTHER),
    Habit("a VGG of Keras takes that", r"\bvgg_?1[69]\b|block1_conv1\b", CAFFE, "bgr", *_FURTHER),
    Habit("a ResNet of Keras takes that", r"\bresnet(50|101|152)\b|conv2_block1_1_conv", CAFFE, "bgr", *_FURTHER),
)


def find_backbone(model: ModelFile) -> Iterator[Clue]:
    """The range and the order of colours that a network was trained with, if it is one of these."""
    habit = recognise_backbone(model)
    if habit is not None and model.classes in TRAINED_ON_IMAGENET:
        habit = attrs.evolve(habit, sure=_AS_PUBLISHED, sure_of_colour=_AS_PUBLISHED)
    yield from habit.list_clues() if habit else ()


def recognise_backbone(model: ModelFile) -> Habit | None:
    """Which of these networks it is, if any. Only Keras and TensorFlow keep the names of layers."""
    return _recognise(model.names)


@lru_cache(maxsize=8)  # asked several times of one model
def _recognise(names: str) -> Habit | None:
    return next((habit for habit in _BACKBONES if habit.fits(names)), None)
