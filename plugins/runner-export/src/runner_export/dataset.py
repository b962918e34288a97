"""Dataset: what one brain found, as Ultralytics' tools train on it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import attrs
import numpy as np

from runner_core.errors import SinkError
from runner_core.frames import Frame
from runner_core.results import Inference, yolo_name
from runner_core.util import make_folder, write_bytes
from runner_export.label_rows import forms_of, label_text
from runner_export.places import said

_JPEG_START = b"\xff\xd8\xff"


class Dataset:
    """A folder with ``images/``, ``labels/``, ``classes.txt`` and ``data.yaml``.

    ``form``  how all its labels are written, one of ``FORMS``; where nobody asks for one, that which tells most of the
              first inference that shows it, and empty until then.

    A class is its line in ``classes.txt``, from 0. A list that is there already is continued: it is that of the labels
    that are there.
    """

    def __init__(self, folder: Path, form: str = "") -> None:
        """Raises SinkError where the folder cannot be written."""
        self.folder, self.form = folder, form
        self._head = ""
        for part in (folder / "labels", folder / "images"):
            with said(part):
                make_folder(part)
        self._classes = {name: number for number, name in enumerate(self._lines())}

    def add(self, name: str, inference: Inference, frame: Frame | None) -> None:
        """The labels of one picture, and the picture itself if there is one.

        Raises SinkError where a file cannot be written or there are labels of another form; ImageError for a picture
        that cannot be had, when its labels are written.
        """
        numbers = self._numbers(inference)
        text = label_text(attrs.evolve(inference, model_ids=numbers), self.form or "boxes")
        self._put(f"labels/{name}.txt", text.encode())
        if frame:  # after its labels: a picture without any would be trained on as one of nothing
            suffix, data = _picture(frame)
            self._put(f"images/{name}{suffix}", data)

    def close(self) -> None:
        """Where nothing was ever found, it is one of boxes, unless it was another before."""
        if not self._head and self.form in ("", "boxes") and not (self.folder / "data.yaml").exists():
            self._begin("boxes")
            self._list()

    def _settle(self, inference: Inference) -> None:
        """Decides on the form, unless this is an inference of nothing: then its brain may yet tell more."""
        forms = forms_of(inference)
        form = self.form or next(iter(forms), "")
        unsure = form == "boxes" and not self.form and not len(inference)
        if form in forms and not unsure:
            self._begin(form, 0 if inference.keypoints is None else inference.keypoints.shape[1])

    def _begin(self, form: str, points: int = 0) -> None:
        """Format: https://docs.ultralytics.com/datasets/detect/#dataset-format, and pose's for ``kpt_shape``."""
        head = f"# {form}, by runner\ntrain: images\nval: images\n"
        head += f"kpt_shape: [{points}, 3]\n" if form == "pose" else ""
        path = self.folder / "data.yaml"
        with said(path):
            if path.exists() and not path.read_text("utf-8", "replace").startswith(head):
                remedy = "name another folder, or ?form= that of the labels there"
                raise SinkError(f"{path}: there already, and not as runner writes it for {form}", remedy=remedy)
        self.form, self._head = form, head

    def _numbers(self, inference: Inference) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The numbers of ``classes.txt``, which is written before the labels that have them."""
        before = len(self._classes), self._head
        for name in (*inference.labels.names, *inference.names):
            self._classes.setdefault(yolo_name(name), len(self._classes))
        if not self._head:
            self._settle(inference)
        if (len(self._classes), self._head) != before:
            self._list()
        return np.array([self._classes[yolo_name(name)] for name in inference.names], np.int64)

    def _lines(self) -> list[str]:
        """The classes of earlier runs, whose labels lie here."""
        path = self.folder / "classes.txt"
        with said(path):
            return path.read_text("utf-8", "replace").splitlines() if path.exists() else []

    def _list(self) -> None:
        self._put("classes.txt", "".join(f"{name}\n" for name in self._classes).encode())
        if self._head:
            names = [f"  {number}: {_quoted(name)}" for name, number in self._classes.items()] or ["  {}"]
            self._put("data.yaml", "\n".join([f"{self._head}names:", *names, ""]).encode())

    def _put(self, name: str, data: bytes) -> None:
        path = self.folder / name
        with said(path):
            write_bytes(path, data)


def _picture(frame: Frame) -> tuple[str, bytes]:
    """Its suffix and its bytes: as they came where every decoder reads them alike, a video's as a JPEG, else a PNG.

    A JPEG may lie on its side: trainers turn it as its EXIF says.
    """
    encoded = frame.encoded
    if encoded is None:
        buffer = io.BytesIO()
        frame.image.save(buffer, "JPEG", quality=95)
        return ".jpg", buffer.getvalue()
    return (".jpg", encoded) if encoded.startswith(_JPEG_START) else (".png", frame.encoded_upright)


def _quoted(name: str) -> str:
    """As YAML reads it, whatever is in the name."""
    return json.dumps(name, ensure_ascii=not name.isprintable())
