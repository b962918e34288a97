"""BehindDecoder: a brain whose graph decodes pictures by itself, given pixels that were decoded for all.

N graphs that take encoded bytes decode each picture N times. Where an engine finds the tensor behind the decoder, and
the first picture comes out of it as it comes out of ours, they are fed there, and the picture is decoded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from weakref import WeakKeyDictionary

import attrs
import numpy as np

from runner_core.brain import Brain
from runner_core.cards.card import Card
from runner_core.contracts import Decoded, Signature
from runner_core.frames.frame import Frame
from runner_core.frames.preprocess import PictureSpec
from runner_core.loading.local_brain import LocalBrain
from runner_core.results.inference import Inference

# Mean difference in grey levels over a picture. JPEG decoders differ by a fraction of one; another order of colours,
# orientation or scale differs by tens.
NEAR = 2.0

# What the first frame said of an open brain holds as long as it is open, however many runs it is in.
_same: WeakKeyDictionary[LocalBrain, bool] = WeakKeyDictionary()


def fed_pixels(brain: Brain) -> Brain:
    """The brain for frames that were never encoded: behind its decoder where it has one, else as it is."""
    decoder = decoder_of(brain)
    return BehindDecoder(*decoder) if decoder else brain


def decoder_of(brain: Brain) -> tuple[LocalBrain, Decoded] | None:
    """The brain and the place behind its decoder, where its engine knows one and it is fed encoded bytes now."""
    if not isinstance(brain, LocalBrain) or brain.picture is None or not brain.picture.encoded:
        return None
    decoded = getattr(brain.session, "decoded", {}).get(brain.card.roles.get("image"))
    return (brain, decoded) if decoded else None


class BehindDecoder(Brain):
    """Answers as ``brain`` does, from a frame's pixels; from its bytes where the first frame says that they differ."""

    def __init__(self, brain: LocalBrain, decoded: Decoded) -> None:
        self.name, self.version, self.labels = brain.name, brain.version, brain.labels
        self.task, self.family, self.engine, self.threads = brain.task, brain.family, brain.engine, brain.threads
        self._bytes, self._tensor = brain, decoded.tensor.name
        self._pixels = brain.fed_by(_card(brain, decoded), _signature(brain, decoded))
        self._same = _same.get(brain)
        self._lock = Lock()

    @property
    def picture(self) -> PictureSpec | None:
        """What it asks of a frame as long as nothing speaks against it."""
        return self._bytes.picture if self._same is False else self._pixels.picture

    def infer(self, frame: Frame) -> Inference:
        with self._lock:
            if self._same is None:
                self._same = _same[self._bytes] = self._agrees(frame)
        return (self._pixels if self._same else self._bytes).infer(frame)

    def infer_many(self, frames: Sequence[Frame]) -> list[Inference]:
        """As ``infer`` of each; in one run where the graph behind its decoder takes several."""
        first = [self.infer(frame) for frame in frames[:1]]
        return first + (self._pixels if self._same else self._bytes).infer_many(frames[1:])

    def _agrees(self, frame: Frame) -> bool:
        """Whether the graph's decoder makes the same pixels of this frame as ours."""
        image = self._bytes.card.roles["image"]
        data = np.array([frame.encoded_upright], dtype=object)
        theirs = self._bytes.session.run({image: data}, (self._tensor,))[self._tensor]
        ours = frame.pixels
        if theirs.shape[-3:] != ours.shape or theirs.size != ours.size:
            return False
        difference = np.abs(theirs.reshape(ours.shape).astype(np.int16) - ours)
        return float(difference.mean()) <= NEAR

    def close(self) -> None:
        self._bytes.close()


def _card(brain: LocalBrain, decoded: Decoded) -> Card:
    rank = len(decoded.tensor.shape or (1, None, None, 3))
    picture = PictureSpec(batched=rank == 4, enough=decoded.enough)
    return attrs.evolve(brain.card, roles={**brain.card.roles, "image": decoded.tensor.name}, picture=picture)


def _signature(brain: LocalBrain, decoded: Decoded) -> Signature:
    return Signature((decoded.tensor,), brain.session.outputs, brain.session.metadata)
