"""PictureCodec: what codecs of all families share whose model takes one picture, in the role ``image``."""

from __future__ import annotations

from abc import ABC, abstractmethod

import attrs

from runner_core.cards.card import Card
from runner_core.contracts import Tensors
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.frames.placement import Placement
from runner_core.results.inference import Inference


@attrs.frozen
class PictureCodec(ABC):
    """A codec whose model takes one picture; families add how to read the outputs."""

    card: Card
    picture: PictureSpec

    def encode(self, frame: Frame) -> Tensors:
        """``image``: the tensor that the picture spec asks for."""
        return {"image": frame.prepared(self.picture).tensor}

    def placement_of(self, frame: Frame) -> Placement:
        """Where the picture lies in that tensor."""
        return frame.prepared(self.picture).placement

    @abstractmethod
    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        """Rows by descending score, none under the card's threshold, in the picture's own pixels."""
