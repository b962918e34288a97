"""YoloSink: a YOLO dataset for each brain, ready to train on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from runner_core.errors import ImageError
from runner_core.frames import Frame
from runner_core.results import Inference, Result
from runner_core.util import OptionType, expand_home, split_options
from runner_export.dataset import Dataset
from runner_export.naming import Names, to_safe_name
from runner_export.omissions import Omissions
from runner_export.output_files import prepare_folder
from runner_export.yolo_labels import FORMS, can_write

_OPTIONS = {
    "form": OptionType("|".join(FORMS), str, f"one of {', '.join(FORMS)}"),
    "images": OptionType("yes|no", "yes".__eq__, "yes or no"),
}


class YoloSink:
    """``yolo:out/`` writes ``out/BRAIN/data.yaml``, and ``images/`` and ``labels/`` beside it; see Dataset.

    ``form``    of all labels, one of ``FORMS``; without it, each brain's is the one that holds most of its answers.
    ``images``  ``no`` leaves the pictures out, if they are there already.
    """

    resumable = True

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for other options."""
        place, options = split_options(location, _OPTIONS)
        path = Path(expand_home(place))
        self.form: str = options.get("form", "")
        self.images: bool = options.get("images", True)
        self.places, self.folder = (path,), path if self.images else None

    def open(self) -> AbstractContextManager[YoloWriter]:
        """Raises SinkError if the folder cannot be written."""
        return self.resume(())

    @contextmanager
    def resume(self, checkpoints: Iterable[Mapping[str, Any]]) -> Iterator[YoloWriter]:
        """As ``open``; what came after the last checkpoint is written again. Raises SinkError if the folder is gone."""
        (path,) = self.places
        names, datasets = Names(), None
        for checkpoint in checkpoints:
            names.take(checkpoint["names"])
            datasets = checkpoint["datasets"]
        prepare_folder(path, begun=datasets is not None)
        writer = YoloWriter(path, self.form, names, images=self.images)
        writer.reopen(datasets or {})
        try:
            yield writer
        finally:
            writer.close()


class YoloWriter:
    """Writes each file whole or not at all."""

    def __init__(self, folder: Path, form: str, names: Names, *, images: bool) -> None:
        self._folder, self._form, self._images = folder, form, images
        self._names, self._folders, self._omissions = names, Names(), Omissions(folder)
        self._datasets: dict[str, Dataset] = {}

    def reopen(self, datasets: Mapping[str, Mapping[str, Any]]) -> None:
        """The datasets of an earlier run. Raises SinkError."""
        for brain, state in datasets.items():
            self._open_dataset(brain).restore(state)

    def write(self, result: Result) -> None:
        """Raises SinkError if a file cannot be written, or the folder has labels of another form."""
        if not result.answers:
            return
        name = self._names.choose_name(result.frame)
        for inference in self._omissions.drop_ignored(result):
            dataset = self._dataset_of(inference)
            if dataset:
                self._add(dataset, name, inference, result.frame)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Does nothing: ``close`` completes the datasets."""

    def checkpoint(self) -> Mapping[str, Any]:
        """The names that pictures were given since the one before, and of what form each dataset is."""
        datasets = {brain: dataset.describe() for brain, dataset in self._datasets.items()}
        return {"names": self._names.pop_new(), "datasets": datasets}

    def close(self) -> None:
        """Completes every dataset."""
        for dataset in self._datasets.values():
            dataset.close()

    def _dataset_of(self, inference: Inference) -> Dataset | None:
        """The brain's dataset, if the inference can be written there."""
        brain = inference.brain
        dataset = self._datasets.get(brain)
        self._omissions.report_verdict(inference)
        form = dataset.form if dataset else self._form
        if not can_write(form, inference) and (len(inference) or not dataset):
            if len(inference):
                self._omissions.report(brain, f"what has no {form or 'boxes'} is left out")
            return None
        return dataset or self._open_dataset(brain)

    def _open_dataset(self, brain: str) -> Dataset:
        dataset = Dataset(self._folder / self._folders.make_unique(to_safe_name(brain)), self._form)
        self._datasets[brain] = dataset
        return dataset

    def _add(self, dataset: Dataset, name: str, inference: Inference, frame: Frame) -> None:
        try:
            dataset.add(name, inference, frame if self._images else None)
        except ImageError:  # answers are replayed without their pictures, or a brain has its own decoder
            self._omissions.report(inference.brain, "of pictures that are not available, only the labels are written")
