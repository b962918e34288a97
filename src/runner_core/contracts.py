"""Contracts: what an engine, a task, a source, a store, a sink and a trainer must do. The rest is up to them.

    Source --Frame--> Brain (Codec.encode -> Session.run -> Codec.decode) --Inference--> Sink

M engines and N tasks need M + N plugins: a Session knows nothing of pictures, a Codec nothing of frameworks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import attrs

from runner_core.cards.artifact import Artifact
from runner_core.cards.card import Card
from runner_core.cards.signature import DecodedInput as DecodedInput
from runner_core.cards.signature import Signature as Signature
from runner_core.cards.signature import Tensors as Tensors
from runner_core.cards.signature import TensorSpec as TensorSpec
from runner_core.datasets.evaluator import Evaluation as Evaluation
from runner_core.datasets.evaluator import Evaluator as Evaluator
from runner_core.datasets.open import DatasetFormat as DatasetFormat
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.results.inference import Inference
from runner_core.results.result import Result
from runner_core.training.trainer import Trainer as Trainer
from runner_core.training.trainer import TrainingStep as TrainingStep
from runner_core.training.trainer import TrainOptions as TrainOptions

if TYPE_CHECKING:
    from runner_core.brain import Brain
    from runner_core.cache.cache import Cache


@attrs.frozen
class EngineOptions:
    """How to load a model.

    ``device``   ``cpu``, ``cuda:0``, ...
    ``threads``  within one call; None leaves it to the engine.
    ``trusted``  whether the model may do more than compute: read and write files, or run code. If not, an engine
                 raises UntrustedError for a model that could.
    ``precision``  the lowest precision that it may compute in: ``f32``, ``bf16``, ``f16``. An engine that has only
                 float32 uses that.
    """

    device: str = "cpu"
    threads: int | None = None
    trusted: bool = False
    precision: str = "f32"


@runtime_checkable
class Session(Protocol):
    """A loaded model: numpy arrays in, numpy arrays out. Quantisation ends here: outside, numbers are real.

    Optional: ``HasDecoded``.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str]
    concurrent: bool  # whether ``run`` may be called from several threads at once

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        """Computes the outputs named in ``fetches``. Raises EngineError."""

    def close(self) -> None:
        """Releases the memory. Closing twice does no harm; running afterwards raises EngineError."""


@runtime_checkable
class HasDecoded(Protocol):
    """A session that can be fed behind the picture decoders of its graph."""

    decoded: Mapping[str, DecodedInput]  # by the name of the input of encoded pictures


@runtime_checkable
class Engine(Protocol):
    """Turns a model file into a Session. It imports its framework in ``load`` and ``describe``, not earlier.

    Optional: ``HasFragile``.
    """

    def load(self, artifact: Path, options: EngineOptions) -> Session:
        """Raises EngineError that says what is wrong with the file, or what the framework said."""

    def describe(self) -> Mapping[str, str]:
        """For ``runner doctor``: the framework's version, the devices. Raises ImportError if it is not installed."""


@runtime_checkable
class HasFragile(Protocol):
    """An engine whose framework ends the process, or never ends, at some damaged files of these formats."""

    fragile: Collection[str]  # as ``format_of`` spells them: a file that is not trusted is opened in a child first


@runtime_checkable
class Exporter(Protocol):
    """An engine that also writes its models in the formats of other engines."""

    exports: tuple[str, ...]  # in the spelling of ``format_of``: ".onnx", ".tflite"

    def export(self, artifact: Path, card: Card, place: Path, *, half: bool, trusted: bool) -> Artifact:
        """Writes the network of ``artifact`` to the new file ``place``, in the format of its suffix.

        ``card`` is that of the artifact. What the graph does around its network and other engines cannot (decoding,
        resizing, suppressing boxes) is left out; the returned Artifact says how a codec does it instead. Its ``path``
        is the file's name, and it lists no files. ``half`` stores the weights in half precision. Raises EngineError
        for what cannot be written in that format, NotInstalled for a missing converter.
        """


@runtime_checkable
class Codec(Protocol):
    """A task bound to one model: pictures to tensors and tensors to an Inference, tensors by role.

    Optional: ``HasPicture``.
    """

    def encode(self, frame: Frame) -> Tensors:
        """The model's inputs by role, made by ``frame.prepared`` so that brains share them."""

    def decode(self, outputs: Tensors, frame: Frame) -> Inference:
        """The answer: rows by descending score, none under the card's threshold, in pixels of the original picture."""


@runtime_checkable
class HasPicture(Protocol):
    """A codec that says how it takes a picture: then a run decodes no more than it needs."""

    picture: PictureSpec


@runtime_checkable
class Task(Protocol):
    """A family of models whose outputs are read in the same way: ``tf-detection``, ``yolo``, ..."""

    kind: str  # of its Inferences: "object-detection", "semantic-segmentation", ...

    def recognise(self, model: Signature) -> Card | None:
        """Drafts a card for a model without one, its ``notes`` saying how it knew; None for another family's model."""

    def bind(self, card: Card, model: Signature) -> Codec:
        """Binds the card to the model. What does not fit is a TaskError here, never at the first frame."""


@runtime_checkable
class Source(Protocol):
    """Where frames come from. Made by calling the plugin's target with a location.

    Optional: ``HasTotal``, ``HasGaps``, ``HasWatch``, ``HasFolder``, ``HasFiles``, ``HasSkipped``.
    """

    live: bool  # of a camera only the newest frame counts; of a file every frame

    def frames(self) -> Iterator[Frame]:
        """Frames in order, ``index`` from 0. Raises SourceError where nothing can be read at all.

        A picture that cannot be read is still a Frame, which raises when its pixels are read. The frames of a live
        source are read in a thread of their own. An iterator with a ``close`` that is not a generator is closed from
        another thread at the end, even while a frame is awaited; a generator is closed after it has yielded.
        """


@runtime_checkable
class HasTotal(Protocol):
    """A source that may know how many frames there will be, for a progress bar; None where it does not."""

    total: int | None


@runtime_checkable
class HasGaps(Protocol):
    """A live source that counts how often its connection was lost and came back."""

    gaps: int


@runtime_checkable
class HasWatch(Protocol):
    """A source that is not live, but may wait long for a frame: each answer is given as soon as it is ready."""

    watch: bool  # True: no frame is lost, and frames are read in a thread of their own


@runtime_checkable
class HasFolder(Protocol):
    """A source that reads all pictures in and below a folder, or a sink that writes into one; a run refuses both."""

    folder: Path | None


@runtime_checkable
class HasFiles(Protocol):
    """A source that knows the paths that it reads, so that no sink overwrites one."""

    files: Collection[str]


@runtime_checkable
class HasSkipped(Protocol):
    """A source that counts, by suffix, the files that it passes over because they are not pictures."""

    skipped: Mapping[str, int]


@attrs.frozen
class BrainRef:
    """A brain in a store."""

    name: str
    version: str
    summary: str = ""


@runtime_checkable
class Store(Protocol):
    """Where brains live. Made by calling the plugin's target with a location, which may be empty.

    Optional, of the target: ``HasSplit``.
    """

    label: str  # its kind and location, for receipts

    def list(self) -> Iterable[BrainRef]:
        """The brains that it has. Raises UnreachableError."""

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:
        """The path of a folder with a ``brain.json``, or of a model without a card; None is the newest version.

        A store that is not on this machine makes a Release and leaves the rest to ``cache.install``.
        Raises NoSuchBrain, UnreachableError, StoreError.
        """


@runtime_checkable
class HasSplit(Protocol):
    """The target of a store whose references are not split at the last slash."""

    def split(self, text: str) -> tuple[str, str]:
        """(location, name) of what follows the scheme, such as ``bucket/folder/page`` in ``s3:bucket/folder/page``."""


@runtime_checkable
class OnlineStore(Protocol):
    """A store that also runs its brains."""

    def online(self, name: str, version: str | None, conf: float | None) -> Brain:
        """A Brain whose answers come from the server; ``conf`` is the score threshold, None leaves it to the store."""


@runtime_checkable
class Publisher(Protocol):
    """A store to which brains can be published."""

    def push(self, folder: Path, *, pictures: bool = False) -> BrainRef:
        """Publishes a folder with a ``brain.json``, whole or not at all; ``Card.rehearsal`` only with ``pictures``."""


@runtime_checkable
class Writer(Protocol):
    """An open sink."""

    def write(self, result: Result) -> None:
        """Takes the result of one frame. Raises SinkError."""

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Called once, after the last result of a run that was not broken off."""


@runtime_checkable
class Sink(Protocol):
    """Where answers go. Made by calling the plugin's target with a location.

    Optional: ``HasDraws``, ``HasPlaces``, ``HasFolder``, ``HasResume``.
    """

    def open(self) -> AbstractContextManager[Writer]:
        """Entered before the first frame and left in any case. Raises SinkError where it cannot be written."""


@runtime_checkable
class HasDraws(Protocol):
    """A sink that says whether it needs all pixels of the pictures, which are then decoded once for all sinks."""

    draws: bool


@runtime_checkable
class HasPlaces(Protocol):
    """A sink that says which paths it writes: no other sink of the run may write there."""

    places: Sequence[Path]


@runtime_checkable
class MarkedWriter(Writer, Protocol):
    """A writer that says how far it is, so that a later run can go on from there."""

    def checkpoint(self) -> Any:
        """Passes all that it holds to the system; gives, as JSON data, what ``resume`` must know of it.

        A run asks all sinks when they have the same results, a few times a second at most, and keeps every answer: it
        may tell only what came since the one before.
        """


@runtime_checkable
class HasResume(Protocol):
    """A sink that can go on where a run was stopped, by a kill too, if ``resumable``; it also ``HasPlaces``.

    Without this, ``--resume`` refuses a sink that has places; one that has none gets what is new.
    """

    resumable: bool

    def resume(self, checkpoints: Iterable[Any]) -> AbstractContextManager[MarkedWriter]:
        """As ``open``, and behind the last of these checkpoints of one run, if there is any; they are read once.

        What was written after it is removed now, or replaced when the same results come again. Raises SinkError if
        what was written before it is missing or changed.
        """
