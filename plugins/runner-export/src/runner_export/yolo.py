"""YoloSink: for each brain a dataset of YOLO's, ready to be trained on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner_core.errors import ImageError
from runner_core.frames import Frame
from runner_core.results import Inference, Result
from runner_core.util import OptionType, split_options
from runner_export.dataset import Dataset
from runner_export.label_rows import FORMS, takes
from runner_export.naming import Names, safe
from runner_export.omissions import Omissions
from runner_export.places import writable_folder

_OPTIONS = {
    "form": OptionType("|".join(FORMS), str, f"one of {', '.join(FORMS)}"),
    "images": OptionType("yes|no", "yes".__eq__, "yes or no"),
}


class YoloSink:
    """``yolo:out/`` writes ``out/BRAIN/data.yaml``, and ``images/`` and ``labels/`` beside it; see Dataset.

    ``form``    of all labels, one of ``FORMS``; else each brain's is the one that tells most of what it finds.
    ``images``  ``no`` leaves the pictures out, for who has them there already.
    """

    def __init__(self, location: str | os.PathLike[str]) -> None:
        """Raises UsageError for other options."""
        place, options = split_options(location, _OPTIONS)
        path = Path(place).expanduser()
        self.form: str = options.get("form", "")
        self.images: bool = options.get("images", True)
        self.places, self.folder = (path,), path if self.images else None

    @contextmanager
    def open(self) -> Iterator[YoloWriter]:
        """Raises SinkError where the folder cannot be written."""
        (path,) = self.places
        writable_folder(path)
        writer = YoloWriter(path, self.form, images=self.images)
        try:
            yield writer
        finally:
            writer.close()


class YoloWriter:
    """Writes each file whole."""

    def __init__(self, folder: Path, form: str, *, images: bool) -> None:
        self._folder, self._form, self._images = folder, form, images
        self._names, self._folders, self._omissions = Names(), Names(), Omissions(folder)
        self._datasets: dict[str, Dataset] = {}

    def write(self, result: Result) -> None:
        """Raises SinkError where a file cannot be written, or the folder holds labels of another form."""
        if not result.answers:
            return
        name = self._names.name(result.frame)
        for inference in result.answers:
            dataset = self._dataset(inference)
            if dataset:
                self._add(dataset, name, inference, result.frame)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """What ends a dataset is written when it is closed."""

    def close(self) -> None:
        """Ends every dataset."""
        for dataset in self._datasets.values():
            dataset.close()

    def _dataset(self, inference: Inference) -> Dataset | None:
        """The brain's, if this can be written there."""
        brain = inference.brain
        dataset = self._datasets.get(brain)
        form = dataset.form if dataset else self._form
        if not takes(form, inference) and (len(inference) or not dataset):
            if len(inference):
                self._omissions.say(brain, f"what has no {form or 'boxes'} is left out")
            return None
        if not dataset:
            dataset = Dataset(self._folder / self._folders.unused(safe(brain)), self._form)
            self._datasets[brain] = dataset
        return dataset

    def _add(self, dataset: Dataset, name: str, inference: Inference, frame: Frame) -> None:
        try:
            dataset.add(name, inference, frame if self._images else None)
        except ImageError:  # answers that are replayed without their pictures, or a brain that read one by itself
            self._omissions.say(inference.brain, "of pictures that cannot be had, the labels alone are written")
