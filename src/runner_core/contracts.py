"""What an engine, a task, a source, a store, a sink and a trainer must be. Everything else is left to them.

    Source --Frame--> Brain (Codec.encode -> Session.run -> Codec.decode) --Inference--> Sink

M engines and N tasks cost M + N plugins: a Session knows nothing of pictures, a Codec nothing of frameworks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import attrs
from numpy.typing import NDArray

from runner_core.cards.artifact import Artifact
from runner_core.cards.card import Card
from runner_core.frames.frame import Frame
from runner_core.frames.preprocess import PictureSpec
from runner_core.results.inference import Inference
from runner_core.results.result import Result

if TYPE_CHECKING:
    from runner_core.brain import Brain
    from runner_core.cache.cache import Cache

Tensors = Mapping[str, NDArray[Any]]


@attrs.frozen
class TensorSpec:
    """A tensor of a model: its name there, its shape (None: any length; None as a whole: any rank), its dtype.

    ``dtype`` is numpy's name, or ``"string"`` for bytes.
    """

    name: str
    shape: tuple[int | None, ...] | None
    dtype: str

    def __str__(self) -> str:
        shape = "?" if self.shape is None else " x ".join("?" if side is None else str(side) for side in self.shape)
        return f"{self.name}: {self.dtype} [{shape}]"


@attrs.frozen
class Signature:
    """A model as its tensors: what a task sees of it."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str] = attrs.field(factory=dict)

    def tensor(self, name: str) -> TensorSpec | None:
        """The input or output of that name; None where there is none."""
        return next((spec for spec in (*self.inputs, *self.outputs) if spec.name == name), None)


@attrs.frozen
class EngineOptions:
    """How to load a model.

    ``device``   ``cpu``, ``cuda:0``, ...
    ``threads``  within one call; None leaves it to the engine.
    ``trusted``  whether its owner lets it do more than compute; else an engine raises UntrustedError.
    ``precision``  the least exact numbers that it may compute in: ``f32``, ``bf16``, ``f16``. An engine that knows no
                 others computes in float32 all the same.
    """

    device: str = "cpu"
    threads: int | None = None
    trusted: bool = False
    precision: str = "f32"


@attrs.frozen
class DecodedInput:
    """A tensor that holds the decoded picture of an input of encoded bytes, on every way from it to the outputs.

    ``tensor``  uint8 RGB, H x W x 3 or 1 x H x W x 3; it may be fed instead of the input.
    ``stretch_size``  (width, height) that the model stretches it to first; None where it uses the picture otherwise.
    """

    tensor: TensorSpec
    stretch_size: tuple[int, int] | None = None


@runtime_checkable
class Session(Protocol):
    """A loaded model: numpy arrays in, numpy arrays out. Quantisation stops here: numbers are real.

    Optional: ``HasDecoded``.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str]
    concurrent: bool  # whether ``run`` may be called from several threads at once

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        """Computes the outputs named in ``fetches``. Raises EngineError."""

    def close(self) -> None:
        """Gives the memory back. Closing twice does no harm; running afterwards raises EngineError."""


@runtime_checkable
class HasDecoded(Protocol):
    """A session that knows tensors behind the decoders of its graph."""

    decoded: Mapping[str, DecodedInput]  # by the name of the input of encoded pictures


@runtime_checkable
class Engine(Protocol):
    """Turns a model file into a Session. Imports its framework in ``load`` and ``describe``, not before."""

    def load(self, artifact: Path, options: EngineOptions) -> Session:
        """Raises EngineError saying what the file is not, or what the framework said."""

    def describe(self) -> Mapping[str, str]:
        """For ``runner doctor``: the framework's version, the devices. Raises ImportError where it is missing."""


@runtime_checkable
class Exporter(Protocol):
    """An engine that also writes its models in formats of other engines."""

    exports: tuple[str, ...]  # in the spelling of ``format_of``: ".onnx", ".tflite"

    def export(self, artifact: Path, card: Card, place: Path, *, half: bool, trusted: bool) -> Artifact:
        """Writes the network of ``artifact`` to the new file ``place``, in the format of its suffix.

        ``card`` is that of the artifact. What the graph does around its network that other engines cannot (decoding,
        resizing, suppressing boxes) is left out, and the Artifact given says how a codec does it instead; its ``path``
        is the file's name, it lists no files. ``half`` stores the weights in half precision. Raises EngineError for
        what cannot be written so, NotInstalled for a converter that is missing.
        """


@runtime_checkable
class Codec(Protocol):
    """A task fitted to one model: pictures to tensors, tensors to an Inference, keyed by role.

    Optional: ``HasPicture``.
    """

    def encode(self, frame: Frame) -> Tensors:
        """The model's inputs by role, built with ``frame.prepared`` so that brains share them."""

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        """Rows by descending score, none under the card's threshold, in the picture's own pixels."""


@runtime_checkable
class HasPicture(Protocol):
    """A codec that says what it asks of a frame: then a run decodes no more than is needed."""

    picture: PictureSpec


@runtime_checkable
class Task(Protocol):
    """A family of outputs that are read the same way: ``tf-detection``, ``yolo``, ..."""

    kind: str  # what its Inferences are: "object-detection", "semantic-segmentation", ...

    def recognise(self, model: Signature) -> Card | None:
        """Drafts a card for a bare model, saying in ``notes`` how it knew; None where it is not of this family."""

    def bind(self, card: Card, model: Signature) -> Codec:
        """Fits the card to the model. Raises TaskError here, never at the first frame."""


@runtime_checkable
class Source(Protocol):
    """Where frames come from. Made by calling the plugin's target with a location.

    Optional: ``HasTotal``, ``HasGaps``, ``HasFolder``, ``HasFiles``.
    """

    live: bool  # a camera: the newest frame wins; a file: every frame counts

    def frames(self) -> Iterator[Frame]:
        """Frames in order, ``index`` from 0. Raises SourceError where nothing can be read at all.

        A picture that cannot be read is still a Frame: it says so when its pixels are asked for. The frames of a live
        source are read in a thread of their own. If they are no generator and have a ``close``, it is called from
        another thread at the end, also while they are waited for; a generator is closed once it has come back.
        """


@runtime_checkable
class HasTotal(Protocol):
    """A source that may know how many frames there will be: for a progress bar."""

    total: int | None


@runtime_checkable
class HasGaps(Protocol):
    """A live source that counts how often it was lost and came back."""

    gaps: int


@runtime_checkable
class HasFolder(Protocol):
    """A source that takes every picture of a folder, also from those below it; a sink that leaves pictures in one.

    A run refuses a sink whose folder its source searches.
    """

    folder: Path | None


@runtime_checkable
class HasFiles(Protocol):
    """A source that knows the paths that it reads, so that no sink writes over one."""

    files: Collection[str]


@attrs.frozen
class BrainRef:
    """A brain that a store offers."""

    name: str
    version: str
    summary: str = ""


@runtime_checkable
class Store(Protocol):
    """Where brains live. Made by calling the plugin's target with a location, which may be empty.

    Optional, of the target: ``HasSplit``.
    """

    label: str  # its kind and location: receipts carry it

    def list(self) -> Iterable[BrainRef]:
        """What it offers. Raises UnreachableError."""

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """A folder with a ``brain.json``, or a bare model; None is the newest version.

        A store that is not on this machine makes a Release and leaves the rest to ``cache.install``.
        Raises NoSuchBrain, UnreachableError, StoreError.
        """


@runtime_checkable
class HasSplit(Protocol):
    """The target of a store whose references are not cut at the last slash."""

    def split(self, text: str) -> tuple[str, str]:
        """(location, name) of what follows the scheme: ``bucket/folder/page`` of ``s3:bucket/folder/page``."""


@runtime_checkable
class OnlineStore(Protocol):
    """A store that also runs its brains."""

    def online(self, name: str, version: str | None, conf: float | None) -> Brain:
        """A Brain whose answers come from the server; ``conf`` is the least score, None leaves it to the store."""


@runtime_checkable
class Publisher(Protocol):
    """A store that takes brains."""

    def push(self, folder: Path) -> BrainRef:
        """Publishes a folder with a ``brain.json``, whole or not at all."""


@runtime_checkable
class Writer(Protocol):
    """An open sink."""

    def write(self, result: Result) -> None:
        """Takes what a run says of one frame. Raises SinkError."""

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Called once, after the last result of a run that came to its end."""


@runtime_checkable
class Sink(Protocol):
    """Where answers go. Made by calling the plugin's target with a location.

    Optional: ``HasDraws``, ``HasPlaces``, ``HasFolder``.
    """

    def open(self) -> AbstractContextManager[Writer]:
        """Opened before the first frame, closed on every way out. Raises SinkError where it cannot be written."""


@runtime_checkable
class HasDraws(Protocol):
    """A sink that says whether it needs the pictures' pixels: then they are decoded whole, once for all."""

    draws: bool


@runtime_checkable
class HasPlaces(Protocol):
    """A sink that says what it writes: no other sink of the run may write there."""

    places: Sequence[Path]


@runtime_checkable
class Trainer(Protocol):
    """Trains the object that predicts."""

    def train(self, brain: Brain, dataset: Path, options: Mapping[str, str]) -> Brain:
        """Gives a new brain; the old one stays as it is."""
