"""Normalization: what the numbers of a float input mean."""

from __future__ import annotations

import attrs

Three = tuple[float, float, float]


@attrs.frozen
class Normalization:
    """How pixel values 0 to 255 become floats: ``(pixel - mean) / std``, for each channel in the tensor's order.

    ``text`` describes it to a person.
    """

    text: str
    mean: Three
    std: Three

    def reversed(self) -> Normalization:
        """For the channels in the other order."""
        return attrs.evolve(self, mean=self.mean[::-1], std=self.std[::-1])

    def __str__(self) -> str:
        return f"{self.text} (mean {list(self.mean)}, std {list(self.std)})"


RAW = Normalization("from 0 to 255", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
UNIT = Normalization("from 0 to 1", (0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
SIGNED = Normalization("from -1 to 1", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5))
# What torchvision's models are trained with: 0.485, 0.456, 0.406 and 0.229, 0.224, 0.225 for red, green and blue.
IMAGENET = Normalization("in ImageNet's deviations", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
# Caffe's networks, and those that Keras calls "caffe", which read blue first: keras/src/applications/imagenet_utils.py.
CAFFE = Normalization("from 0 to 255, less ImageNet's mean", (123.68, 116.779, 103.939), (1.0, 1.0, 1.0))

KNOWN = (RAW, UNIT, SIGNED, IMAGENET)
