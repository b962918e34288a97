"""ModelFile: a model without a card, as the rules look at it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import attrs

from runner_core.clues.first_convolution import (
    FirstConvolution,
    find_first_convolution,
    fold_next,
    join_pointwise,
    takes_each_channel,
)
from runner_core.clues.front import Front, follow_picture
from runner_core.clues.pixel import Pixel
from runner_core.contracts import Signature, TensorSpec
from runner_core.frames.picture_spec import PictureSpec
from runner_core.graphs import Graph

_AXES = {"nhwc": -1, "nchw": -3, "nhw": -1, "flat": -1}  # of the channels; of one channel, any axis
_MOST_NODES, _MOST_LETTERS = 400, 40_000  # of names that are read; fused ones may be endless
_BIAS = frozenset({"add", "keep", "transpose"})
_NORMALISATION = _BIAS | {"subtract", "multiply", "divide", "batchnorm"}


@attrs.frozen(eq=False)
class ModelFile:
    """A model with one picture input.

    ``graph``    what its file says; None where that cannot be read.
    ``image``    its input, ``picture`` how that is laid out.
    """

    path: Path
    signature: Signature
    graph: Graph | None
    image: TensorSpec
    picture: PictureSpec

    @cached_property
    def front(self) -> Front | None:
        """What the graph does before its first convolution; None where it cannot be followed."""
        if self.graph is None or len(self.graph.inputs) != 1:
            return None
        rank = len(self.image.shape or ())
        pixel = Pixel.of_input(self.channels, _AXES[self.picture.layout], rank)
        return follow_picture(self.graph, self.graph.inputs[0].name, pixel)

    @cached_property
    def convolution(self) -> FirstConvolution | None:
        """The weights that meet the picture, both halves of a separable one, with a bias that is added next."""
        if self.graph is None or self.front is None:
            return None
        found = find_first_convolution(self.front)
        if found and takes_each_channel(found.node):
            found = join_pointwise(self.graph, fold_next(self.graph, found, _NORMALISATION), self.front.constants)
        return fold_next(self.graph, found, _BIAS) if found else None

    @cached_property
    def folded(self) -> FirstConvolution | None:
        """The same with the batch normalisation behind it."""
        return fold_next(self.graph, self.convolution, _NORMALISATION) if self.convolution and self.graph else None

    @cached_property
    def names(self) -> str:
        """The producer, and the names of nodes and tensors, in lower case."""
        if self.graph is None:
            return ""
        ends = (value.name for value in (*self.graph.inputs, *self.graph.outputs))
        nodes = (name for node in self.graph.nodes[:_MOST_NODES] for name in (node.name, *node.outputs[:1]))
        return " ".join((self.graph.producer, *ends, *nodes))[:_MOST_LETTERS].lower()

    @property
    def classes(self) -> int | None:
        """How many numbers its only output has for a picture; None where there are more outputs, or more places."""
        sides = [spec.shape or () for spec in self.signature.outputs]
        if len(sides) != 1 or any(side not in (1, None) for side in sides[0][:-1]):
            return None
        return sides[0][-1] if sides[0] else None

    @property
    def takes_floats(self) -> bool:
        return self.image.dtype.startswith("float")

    @property
    def is_grey(self) -> bool:
        return self.picture.colour == "grey"

    @property
    def channels(self) -> int:
        return 1 if self.is_grey else 3
