"""Opened: what a brain was opened from, so that another process can open it anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import attrs

from runner_core.brain import Brain
from runner_core.cards.artifact import Artifact
from runner_core.cards.labels import LabelMap
from runner_core.errors import ForkedError, RunnerError
from runner_core.frames.frame import Frame
from runner_core.loading.candidates import Candidate
from runner_core.loading.locate import ModelFiles, locate_model
from runner_core.loading.options import LoadOptions
from runner_core.results.inference import Inference
from runner_core.util.home import expand_home

Fetch = Callable[[], Path]


@attrs.frozen
class ModelReference:
    """A model as another process finds it: at its path, or else by ``fetch`` from where it was fetched from.

    ``digest``  of the artifact's contents; None where they have none, for links to folders in it.
    """

    path: Path
    artifact: Artifact
    digest: str | None
    fetch: Fetch | None = None

    def locate(self) -> ModelFiles:
        """The files, of which only this artifact counts. Raises as ``locate_model`` and ``fetch`` do."""
        path = self.fetch() if self.fetch and not self.path.exists() else self.path
        files = locate_model(path)
        return attrs.evolve(files, artifacts=tuple(each for each in files.artifacts if each.path == self.artifact.path))


@attrs.frozen
class Opened:
    """The candidate and the options that a brain was opened with.

    ``open_anew``  opens a ModelReference with options: a function of a module, which can be pickled.
    ``fetch``      brings the model to a machine that does not have it; None for one that was named by its path.
    """

    candidate: Candidate
    options: LoadOptions
    open_anew: Callable[[ModelReference, LoadOptions], Brain]
    fetch: Fetch | None = None

    def describe(self) -> dict[str, str]:
        """What answers depend on besides the card; of a model with links to folders not its contents."""
        model = self._find_digest() or str(self.candidate.path)
        return {"model": model, "device": self.options.device, "precision": self.options.precision}

    def at_threshold(self, conf: float) -> Opened:
        """As if it had been opened with this score threshold."""
        return attrs.evolve(self, options=attrs.evolve(self.options, conf=conf))

    def for_other_process(self) -> tuple[ModelReference, LoadOptions]:
        """What ``open_anew`` is to be given there: whole paths, and the engine that was chosen here."""
        files, labels = self.candidate.files, self.options.labels
        path = files.root if files.card else self.candidate.path
        model = ModelReference(path.absolute(), self.candidate.artifact, self._find_digest(), self.fetch)
        if isinstance(labels, str | os.PathLike):
            labels = Path(expand_home(labels)).absolute()
        return model, attrs.evolve(self.options, engine=self.candidate.engine, labels=labels)

    def _find_digest(self) -> str | None:
        try:
            return self.candidate.digest
        except RunnerError:
            return None


class UnopenedBrain(Brain):
    """In the place of a brain that cannot be opened in this fork: whatever it is asked, it raises why."""

    def __init__(self, model: ModelReference, error: ForkedError) -> None:
        self.name, self.version, self.labels = model.path.stem, "", LabelMap()
        self.task = self.family = self.engine = ""
        self._error = error

    def infer(self, frame: Frame) -> Inference:  # noqa: ARG002  # it is not looked at
        raise self._error
