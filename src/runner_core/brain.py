"""Brain: a loaded model, whatever its method and wherever it runs; and Cascade, a chain of brains.

``Brain.then`` makes a chain: the second brain runs on the crops of what the first one finds.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Self

import attrs
import numpy as np

from runner_core.cards.crop_rule import CropRule
from runner_core.cards.guess import Guess
from runner_core.cards.labels import LabelMap
from runner_core.datasets.dataset import Dataset
from runner_core.datasets.evaluator import Evaluation, evaluate
from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.results.carry import carry_to_picture, straighten
from runner_core.results.combine import stack_columns
from runner_core.results.crops import cut_frame, find_crops
from runner_core.results.inference import Inference
from runner_core.util.notebook import format_table, format_title, shorten_list
from runner_core.util.spelling import make_hint
from runner_core.util.tracebacks import shorten_traceback

# What people type who come from elsewhere, and what it is called here.
HINTS = {
    "names": "labels.names", "val": "evaluate(dataset)", "export": "runner export", "info": "runner inspect",
    "to": "open_brain(path, device=...)", "track": "stream(source, [brain])",
}  # fmt: skip

_TRAIN = "runner_core.train"  # opens what it trains, so stands above brains: named as a plugin names its target


class Brain(ABC):
    """Answers for one frame at a time. A subclass implements ``infer``; everything else follows from it.

    ``name``    which brain it is, with its ``version``.
    ``task``    what its Inferences are: ``object-detection``, ...
    ``family``  the task plugin that reads its outputs: ``tf-detection``, ...
    ``engine``  what runs it.
    ``labels``  its three label maps.
    ``threads`` within one call; None where they were not chosen.
    ``picture`` how it takes a picture; None where it does not say.
    ``trunk``   the trunk that it shares with other brains, as a profile names it; empty: none.
    ``guesses`` what its answers rest on that nothing says.
    ``crops``   how it wants what a brain before it finds to be cropped; empty: upright.
    """

    name: str
    version: str
    task: str
    family: str
    engine: str
    labels: LabelMap
    threads: int | None = None
    picture: PictureSpec | None = None
    trunk: str = ""
    guesses: tuple[Guess, ...] = ()
    crops: tuple[CropRule, ...] = ()

    @abstractmethod
    def infer(self, frame: Frame) -> Inference:
        """Its answer for the frame. Raises ImageError, EngineError, LabelError."""

    def infer_many(self, frames: Sequence[Frame]) -> list[Inference]:
        """As ``infer`` of each frame; a brain that is quicker so takes several at once."""
        return [self.infer(frame) for frame in frames]

    def infer_all(self, frame: Frame) -> tuple[Inference, ...]:
        """Its answer for the frame, after those of the brains before it in its chain: see ``then``."""
        return (self.infer(frame),)

    @shorten_traceback
    def then(
        self,
        brain: Brain,
        *,
        on: Sequence[str] | None = None,
        margin: float = 0.0,
        crops: CropRule | Sequence[CropRule] | None = None,
    ) -> Brain:
        """A brain that runs ``brain`` on the crops of what this one finds: ``page.then(graphs, on=["page"])``.

        ``on`` names the labels whose crops are used, None is all; ``margin`` widens each crop by that share of its
        sides. ``crops`` says how they are turned and enlarged: None, as ``brain`` wants them; empty, not at all.
        Raises LabelError for a label that this brain does not have.
        """
        return chain_brains(self, brain, on=on, margin=margin, crops=crops)

    def on_pixels(self) -> Brain:
        """The brain for frames whose pixels are read already: one that decodes pictures itself skips that step."""
        return self

    def at_threshold(self, conf: float) -> Brain:  # noqa: ARG002  # a subclass that can, does
        """The same brain, which leaves out what scores less than ``conf``; itself where that cannot be changed."""
        return self

    @shorten_traceback
    def predict(
        self,
        picture: Any,
        *,
        colour: str = "rgb",
        conf: float | None = None,
        classes: Sequence[str] | None = None,
        max_det: int | None = None,
    ) -> Inference:
        """The answer for a path, a URL, encoded bytes, an H x W x 3 uint8 array, a Pillow image or a Frame.

        ``colour``   the order of an array's channels: ``bgr`` for what OpenCV reads.
        ``conf``     the score threshold for this picture, 0 to 1, instead of the brain's own.
        ``classes``  names of labels: only these; ``max_det`` the best so many.

        The answer's ``frame`` is the picture, so that it can be drawn: an array is held as long as the answer is, a
        file is read again. Raises UsageError for what is no picture, LabelError for a label that the brain does not
        have, and what ``infer`` raises.
        """
        if conf is not None and not (isinstance(conf, int | float | np.number) and 0 <= conf <= 1):
            raise UsageError(f"conf is {conf!r}", remedy="give a score from 0 to 1")
        if classes:
            self.labels.model_ids_of(classes)
        frame = Frame.of(picture, colour=colour)
        answer = (self if conf is None else self.at_threshold(conf)).infer(frame)
        if frame is not picture:
            frame.forget()
        return attrs.evolve(answer.filter(conf=conf, classes=classes, max_det=max_det), frame=frame)

    if not TYPE_CHECKING:  # else every wrong name would pass as right

        def __getattr__(self, name: str) -> Any:
            raise make_hint("a Brain", name, HINTS, self)

    def __call__(self, picture: Any, **options: Any) -> Inference:
        """As ``predict``."""
        return self.predict(picture, **options)

    def predict_many(self, pictures: Iterable[Any], **options: Any) -> Iterator[Inference]:
        """The answers in order, each computed when it is asked for; ``options`` as in ``predict``."""
        return map(partial(self.predict, **options), pictures)

    @shorten_traceback
    def predict_from_local(self, path: str | os.PathLike[str]) -> Inference:
        """The answer for a picture file."""
        return self.predict(Path(path))

    @shorten_traceback
    def predict_from_url(self, url: str) -> Inference:
        """The answer for a picture behind http(s)."""
        return self.predict(url)

    @shorten_traceback
    def predict_from_file(self, file_id: int, *, size: tuple[int, int] | None = None) -> Inference:
        """The answer for a file that a server holds, of (width, height) ``size``. Only online brains can do this."""
        raise UsageError(
            f"brain {self.name} runs here and does not see file {file_id} of a server",
            remedy=f"get it with local=False, or give it the picture{f' of {size}' if size else ''}",
        )

    def run(self, image: Any) -> Inference:
        """As ``predict``."""
        return self.predict(image)

    @staticmethod
    @shorten_traceback
    def new(name: str, *, task: str) -> Brain:
        """A brain that knows nothing yet: its ``train`` gives one that answers. ``task``: ``object-detection``, ..."""
        untrained: Brain = resolve_name(f"{_TRAIN}:make_untrained")(name, task)
        return untrained

    @shorten_traceback
    def train(self, dataset: str | os.PathLike[str], **choices: Any) -> Brain:
        """A new brain, learnt from the labelled pictures of ``dataset``, a file or folder; this one stays as it is.

        ``minutes``, ``seed``, ``device``, ``threads``, ``name``, ``out`` and ``watch`` are those of
        ``runner_core.train.train_brain``, further ones the trainer's own. Stopped in any way, the same call goes on.
        Raises NotInstalled where nothing trains this task, DatasetError, TrainingError, UsageError.
        """
        trained: Brain = resolve_name(f"{_TRAIN}:train_brain")(self, dataset, **choices)
        return trained

    @shorten_traceback
    def evaluate(self, dataset: str | os.PathLike[str] | Dataset, **options: Any) -> Evaluation:
        """How good it is, by the evaluator for the kind of the data set. Raises NotInstalled, DatasetError."""
        return evaluate([self], dataset, **options)

    @property
    def conditions(self) -> Mapping[str, Any]:
        """What its answers depend on, as JSON data: a run is resumed only with brains that say the same as before."""
        names = {str(number): name for number, name in self.labels.file_id_to_name.items()}
        return {"version": self.version, "task": self.family, "engine": self.engine, "labels": names}

    @property
    def file_id_to_model_id(self) -> Mapping[int, int]:
        return self.labels.file_id_to_model_id

    @property
    def model_id_to_file_id(self) -> Mapping[int, int]:
        return self.labels.model_id_to_file_id

    @property
    def file_id_to_name(self) -> Mapping[int, str]:
        return self.labels.file_id_to_name

    def close(self) -> None:  # noqa: B027  # a brain that holds nothing has nothing to do
        """Releases what it holds. Closing twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        fields = {"task": f"{self.task} ({self.family})", "engine": self.engine}
        fields["labels"] = shorten_list(self.labels.names)
        if self.guesses:
            fields["rests on guesses"] = "; ".join(map(str, self.guesses))
        return format_title(f"{self.name} {self.version}") + format_table((), fields.items(), len(fields))


def demand_brain(given: object) -> None:
    """Raises UsageError for what is not a brain, such as the name of one."""
    if not isinstance(given, Brain):
        raise UsageError(
            f"{given!r} is not a brain", remedy="open it first: open_brain(path) or project.get_model(name)"
        )


class Cascade(Brain):
    """``second`` on the crops of what ``first`` finds; made by ``first.then(second)``. ``first`` may be a Cascade.

    Its answer is the second's, under the second's name, in pixels of the whole picture. ``parents`` are rows of the
    answer of the first, which is ``parent_brain``. ``infer_all`` gives the answers of the first too. A class map is
    left out, because crops may overlap; the masks say the same.
    """

    def __init__(
        self, first: Brain, second: Brain, *, on: Sequence[str] | None = None, margin: float = 0.0,
        crops: CropRule | Sequence[CropRule] | None = None,
    ) -> None:  # fmt: skip
        """``on``, ``margin`` and ``crops`` as in ``Brain.then``.

        Raises LabelError for a label that the first does not have, UsageError for a margin outside 0 to 1.
        """
        demand_brain(second)
        if not 0 <= margin <= 1:
            raise UsageError(f"a margin of {margin}", remedy="give the share of a crop to add on each side, 0 to 1")
        first.labels.model_ids_of(on or ())
        self.first, self.second, self.on, self.margin = first, second, None if on is None else tuple(on), margin
        rules = second.crops if crops is None else crops
        self.rules = (rules,) if isinstance(rules, CropRule) else tuple(rules)
        self._second_on_pixels = second.on_pixels()  # a crop has pixels and no encoded bytes
        self.name, self.version, self.labels = second.name, second.version, second.labels
        self.task, self.family, self.engine, self.threads = second.task, second.family, second.engine, second.threads
        self.guesses = second.guesses

    def infer(self, frame: Frame) -> Inference:
        return self.infer_all(frame)[-1]

    def infer_all(self, frame: Frame) -> tuple[Inference, ...]:
        """The answers of every brain of the chain, in its order."""
        before = self.first.infer_all(frame)
        return (*before, self.look_into(frame, before[-1]))

    def look_into(self, frame: Frame, found: Inference) -> Inference:
        """The answer of the second for the crops of ``found``, an answer of the first."""
        names = set(found.names if self.on is None else self.on)
        crops = find_crops(found, self.rules, self.margin)
        wanted = [(row, crop) for row, crop in crops if found.names[row] in names]
        answers = self._second_on_pixels.infer_many([cut_frame(frame, crop) for _, crop in wanted])
        parts = [
            carry_to_picture(answer, crop, frame.size, row) for answer, (row, crop) in zip(answers, wanted, strict=True)
        ]
        return self._join(parts) if parts else self._make_empty(frame, found)

    def _join(self, parts: Sequence[Inference]) -> Inference:
        spent = {stage: round(sum(part.ms.get(stage, 0.0) for part in parts), 3) for stage in parts[0].ms}
        joined = straighten(attrs.evolve(parts[0], **stack_columns(parts), parent_brain=self.first.name, ms=spent))
        return joined if joined.scores is None else joined.take(np.argsort(-joined.scores, kind="stable"))

    def _make_empty(self, frame: Frame, found: Inference) -> Inference:
        """No crops give no rows, but columns of boxes and scores, which code that reads columns expects."""
        none = np.empty(0, np.int64)
        return Inference(
            brain=self.name, task=self.task, size=frame.size, version=self.version, engine=self.engine,
            labels=self.labels, model_ids=none, boxes=np.empty((0, 4), np.float32), scores=np.empty(0, np.float32),
            parents=none, parent_brain=found.brain,
        )  # fmt: skip

    def at_threshold(self, conf: float) -> Brain:
        """The second at that threshold, on crops of what the first finds as before."""
        return Cascade(self.first, self.second.at_threshold(conf), on=self.on, margin=self.margin, crops=self.rules)

    @property
    def conditions(self) -> Mapping[str, Any]:
        """Those of the second, and how it looks into the answers of the first, which has its own."""
        chain = {"looks into": self.first.name, "on": self.on, "margin": self.margin}
        rules = {"crops": [attrs.asdict(rule) for rule in self.rules]} if self.rules else {}
        return {**self.second.conditions, **chain, **rules}

    def close(self) -> None:
        self.first.close()
        self.second.close()

    def __repr__(self) -> str:
        return f"Cascade({self.first!r} > {self.second!r})"


def chain_brains(first: Brain, second: Brain, **options: Any) -> Cascade:
    """``first.then(second)``. Where the second is a Cascade, its own second still runs on crops of its own first."""
    if isinstance(second, Cascade):
        own: dict[str, Any] = {"on": second.on, "margin": second.margin, "crops": second.rules}
        return Cascade(chain_brains(first, second.first, **options), second.second, **own)
    return Cascade(first, second, **options)


def list_stages(brain: Brain) -> tuple[Brain, ...]:
    """The brain, after those whose answers it needs: for a Cascade of two, its first and itself."""
    return (*list_stages(brain.first), brain) if isinstance(brain, Cascade) else (brain,)
