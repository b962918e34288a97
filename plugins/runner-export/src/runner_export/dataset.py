"""Dataset: the answers of one brain as a dataset for Ultralytics' trainers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from runner_core.errors import SinkError
from runner_core.frames import Frame
from runner_core.results import Inference, yolo_name
from runner_core.util import make_folder, write_bytes
from runner_export.output_files import convert_errors
from runner_export.pictures import encode_picture
from runner_export.yolo_labels import format_labels, forms_of


class Dataset:
    """A folder with ``images/``, ``labels/``, ``classes.txt`` and ``data.yaml``.

    ``form``  how all its labels are written, one of ``FORMS``; if none is given, the one that holds most of the first
              inference that decides it, and empty until then.

    A class number is a line number in ``classes.txt``, from 0. An existing list is continued: existing labels use it.
    """

    def __init__(self, folder: Path, form: str = "") -> None:
        """Raises SinkError if the folder cannot be written."""
        self.folder, self.form = folder, form
        self._head = ""
        for part in (folder / "labels", folder / "images"):
            with convert_errors(part):
                make_folder(part)
        self._classes = {name: number for number, name in enumerate(self._read_classes())}

    def add(self, name: str, inference: Inference, frame: Frame | None) -> None:
        """Writes the labels of one picture, and the picture itself if there is a frame.

        Raises SinkError if a file cannot be written or there are labels of another form; ImageError for a picture that
        is not available, after its labels are written.
        """
        numbers = self._number_classes(inference)
        text = format_labels(attrs.evolve(inference, model_ids=numbers), self.form or "boxes")
        self._write_file(f"labels/{name}.txt", text.encode())
        if frame:  # after its labels: a trainer takes a picture without them for one of nothing
            suffix, data = encode_picture(frame)
            self._write_file(f"images/{name}{suffix}", data)

    def describe(self) -> dict[str, Any]:
        """What ``restore`` needs, as JSON data: its form, what its ``data.yaml`` begins with, whether there is one."""
        return {"form": self.form, "head": self._head, "listed": (self.folder / "data.yaml").exists()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on with it as an earlier run described it. Raises SinkError."""
        self.form, self._head = state["form"], state["head"]
        if self._head:
            self._write_lists()  # one may lack a class that the other has already
        elif not state["listed"]:
            with convert_errors(self.folder):
                (self.folder / "data.yaml").unlink(missing_ok=True)  # ``close`` made it one of boxes

    def close(self) -> None:
        """Makes an empty dataset one of boxes, unless it had another form before."""
        if not self._head and self.form in ("", "boxes") and not (self.folder / "data.yaml").exists():
            self._set_form("boxes")
            self._write_lists()

    def _choose_form(self, inference: Inference) -> None:
        """Chooses the form, unless the inference is empty: a later one may have more than boxes."""
        forms = forms_of(inference)
        form = self.form or next(iter(forms), "")
        undecided = form == "boxes" and not self.form and not len(inference)
        if form in forms and not undecided:
            self._set_form(form, 0 if inference.keypoints is None else inference.keypoints.shape[1])

    def _set_form(self, form: str, points: int = 0) -> None:
        """Format: https://docs.ultralytics.com/datasets/detect/#dataset-format, and pose's for ``kpt_shape``."""
        head = f"# {form}, by runner\ntrain: images\nval: images\n"
        head += f"kpt_shape: [{points}, 3]\n" if form == "pose" else ""
        path = self.folder / "data.yaml"
        with convert_errors(path):
            if path.exists() and not path.read_text("utf-8", "replace").startswith(head):
                remedy = "name another folder, or ?form= that of the labels there"
                raise SinkError(f"{path}: there already, and not as runner writes it for {form}", remedy=remedy)
        self.form, self._head = form, head

    def _number_classes(self, inference: Inference) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """N class numbers in ``classes.txt``, which is written before the labels that use them."""
        before = len(self._classes), self._head
        for name in (*inference.labels.names, *inference.names):
            self._classes.setdefault(yolo_name(name), len(self._classes))
        if not self._head:
            self._choose_form(inference)
        if (len(self._classes), self._head) != before:
            self._write_lists()
        return np.array([self._classes[yolo_name(name)] for name in inference.names], np.int64)

    def _read_classes(self) -> list[str]:
        """The class names of earlier runs, whose labels are in this folder."""
        path = self.folder / "classes.txt"
        with convert_errors(path):
            return path.read_text("utf-8", "replace").splitlines() if path.exists() else []

    def _write_lists(self) -> None:
        self._write_file("classes.txt", "".join(f"{name}\n" for name in self._classes).encode())
        if self._head:
            names = [f"  {number}: {_quote(name)}" for name, number in self._classes.items()] or ["  {}"]
            self._write_file("data.yaml", "\n".join([f"{self._head}names:", *names, ""]).encode())

    def _write_file(self, name: str, data: bytes) -> None:
        path = self.folder / name
        with convert_errors(path):
            write_bytes(path, data)


def _quote(name: str) -> str:
    """The name as a quoted YAML text, whatever characters it has."""
    return json.dumps(name, ensure_ascii=not name.isprintable())
