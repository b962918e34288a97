"""Brain: a loaded model, whatever its method and wherever it runs."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runner_core.cards.labels import LabelMap
from runner_core.discovery.registry import registry
from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference


class Brain(ABC):
    """Answers for one frame at a time. A subclass says how, in ``infer``; all else follows.

    ``name``, ``version``  which brain it is.
    ``task``    what its Inferences are: ``object-detection``, ...
    ``family``  the task plugin that reads it: ``tf-detection``, ...
    ``engine``  what runs it.
    ``labels``  its three label maps.
    ``threads`` within one call, where they were chosen.
    """

    name: str
    version: str
    task: str
    family: str
    engine: str
    labels: LabelMap
    threads: int | None = None

    @abstractmethod
    def infer(self, frame: Frame) -> Inference:
        """What it says of the frame. Raises ImageError, EngineError, LabelError."""

    def infer_many(self, frames: Sequence[Frame]) -> list[Inference]:
        """As ``infer`` of each frame; a brain that gains by it looks at several at once."""
        return [self.infer(frame) for frame in frames]

    def infer_all(self, frame: Frame) -> tuple[Inference, ...]:
        """What it says of the frame, behind the answers of the brains that it looks behind: see ``then``."""
        return (self.infer(frame),)

    def then(self, brain: Brain, *, on: Sequence[str] | None = None, margin: float = 0.0) -> Brain:
        """A brain that runs ``brain`` on the crops of what this one finds: ``page.then(graphs, on=["page"])``.

        ``on`` names the labels to look into, None is all of them; ``margin`` widens each crop by that share of its
        sides. Raises LabelError for a label that this brain has not.
        """
        from runner_core.cascade import chain

        return chain(self, brain, on=on, margin=margin)

    def predict(self, picture: Any) -> Inference:
        """The answer for a path, a URL, encoded bytes, an H x W x 3 uint8 RGB array, a Pillow image or a Frame."""
        return self.infer(Frame.of(picture))

    def predict_many(self, pictures: Iterable[Any]) -> Iterator[Inference]:
        """The answers in order, each computed when it is asked for."""
        return map(self.predict, pictures)

    def predict_from_local(self, path: str | os.PathLike[str]) -> Inference:
        """The answer for a picture file."""
        return self.infer(Frame.from_path(path))

    def predict_from_url(self, url: str) -> Inference:
        """The answer for a picture behind http(s)."""
        return self.infer(Frame.from_url(url))

    def predict_from_file(self, file_id: int, *, size: tuple[int, int] | None = None) -> Inference:
        """The answer for a file that a server holds, ``size`` being its (width, height). Online brains alone can."""
        raise UsageError(
            f"brain {self.name} runs here and does not see file {file_id} of a server",
            remedy=f"get it with local=False, or give it the picture{f' of {size}' if size else ''}",
        )

    def run(self, image: Any) -> Inference:
        """The article's word for ``predict``."""
        return self.predict(image)

    def train(self, dataset: str | os.PathLike[str], **options: str) -> Brain:
        """A new brain, trained further on ``dataset`` by the trainer installed for this family.

        Raises NotInstalled where there is none.
        """
        trainers = registry().claiming("trainers", self.family)
        name = trainers[0].plugin.name if trainers else self.family
        trained: Brain = registry().make("trainers", name).train(self, Path(dataset), options)
        return trained

    @property
    def file_id_to_model_id(self) -> Mapping[int, int]:
        return self.labels.file_id_to_model_id

    @property
    def model_id_to_file_id(self) -> Mapping[int, int]:
        return self.labels.model_id_to_file_id

    @property
    def file_id_to_name(self) -> Mapping[int, str]:
        return self.labels.file_id_to_name

    def close(self) -> None:  # noqa: B027  # a brain that holds nothing need not say so
        """Gives back what it holds. Closing twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def demand_brain(given: object) -> None:
    """Raises UsageError for what is no brain, such as the name of one."""
    if not isinstance(given, Brain):
        raise UsageError(f"{given!r} is no brain", remedy="open it first: open_brain(path) or project.get_model(name)")
