"""What people do with an answer at the keyboard: draw, save and show it, see it in a notebook, make a table of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.drawing.annotate import annotate_picture
from runner_core.drawing.drawable import Drawable
from runner_core.drawing.save import save_image
from runner_core.errors import ImageError, NotInstalled, UsageError
from runner_core.frames.frame import Frame
from runner_core.results.boxes import corners_to_centred
from runner_core.util.notebook import embed_picture, format_table, format_title
from runner_core.util.spelling import make_hint

if TYPE_CHECKING:
    from collections.abc import Iterator

# What people type who come from elsewhere, and what it is called here.
HINTS = {
    "plot": "draw()",
    "annotate": "draw()",
    "alpha": "pixel_map",
    "matte": "pixel_map",
    "heatmap": "pixel_map",
    "anomaly_map": "pixel_map.array",
    "pred_score": "verdict.score",
    "tojson": "to_json()",
    "to_json_string": "json.dumps(inference.to_json())",
    "pandas": "to_dataframe()",
    "to_df": "to_dataframe()",
    "xyxy": "boxes",
    "conf": "scores",
    "confidence": "scores",
    "probs": "scores",
    "cls": "model_ids",
    "class_id": "model_ids",
    "class_ids": "model_ids",
    "class_names": "names",
    "tracker_id": "tracks",
    "mask": "masks",
    "orig_img": "frame.pixels",
    "orig_shape": "size",
    "path": "frame.source",
    "predictions": "instances",
    "detections": "instances",
    "speed": "ms",
    "save_txt": "runner_core.results.formats.yolo_text(inference)",
    "save_crop": "the sink crops:out/ of run",
    "summary": "to_json()",
    "verbose": "print(inference)",
}

S = TypeVar("S", bound="Showable")


class Showable(Drawable, Protocol):
    """A Drawable that may know its picture."""

    @property
    def frame(self) -> Frame | None: ...
    @property
    def instances(self) -> Any: ...
    def draw(self, picture: Any = None) -> Image.Image: ...


class Shown:
    """The part of an Inference that people use at the keyboard, and programs seldom."""

    __slots__ = ()

    @property
    def xywh(self: Showable) -> NDArray[np.float32] | None:
        """N x 4: centre x, centre y, width and height of ``boxes``, in pixels."""
        return None if self.boxes is None else corners_to_centred(self.boxes)

    @property
    def xyxyn(self: Showable) -> NDArray[np.float32] | None:
        """N x 4: ``boxes``, as shares of the picture's width and height."""
        return None if self.boxes is None else _normalise(self.boxes, self.size)

    @property
    def xywhn(self: Showable) -> NDArray[np.float32] | None:
        """N x 4: ``xywh``, as shares of the picture's width and height."""
        return None if self.boxes is None else _normalise(corners_to_centred(self.boxes), self.size)

    def draw(self: Showable, picture: Any = None) -> Image.Image:
        """A new RGB image: the picture with what was found.

        ``picture`` is anything that ``Frame.of`` takes; by default the one that ``predict`` was given. Raises
        UsageError where there is none, or it has another size; ImageError where it cannot be read any more.
        """
        return annotate_picture(_find_image(self, picture, "draw"), [self])

    def cutout(self: Showable, picture: Any = None) -> Image.Image:
        """A new RGBA image: the picture, as opaque as its matte; without one, opaque in the masks alone.

        ``picture`` is as in ``draw``, and it raises as that does; UsageError for an answer without a matte and masks.
        A PNG or a WebP keeps what is clear.
        """
        image = _find_image(self, picture, "cutout").convert("RGBA")
        if self.pixel_map is not None and self.pixel_map.kind == "alpha":
            image.putalpha(Image.fromarray(self.pixel_map.levels))
        elif self.masks is not None:
            inside = np.any([np.zeros(self.size[::-1], bool), *(mask.array for mask in self.masks)], axis=0)
            image.putalpha(Image.fromarray(inside * np.uint8(255)))
        else:
            raise UsageError(f"brain {self.brain} gives no matte and no masks", remedy="give a brain that segments")
        return image

    def save(self: Showable, path: str | os.PathLike[str], picture: Any = None) -> Path:
        """Writes ``draw(picture)`` to a file, whole or not at all, in the format of its suffix.

        Raises as ``draw`` does, UsageError for a suffix that Pillow does not write, SinkError for a place that cannot
        be written.
        """
        return save_image(self.draw(picture), Path(path))

    def show(self: Showable, picture: Any = None) -> None:
        """Opens ``draw(picture)`` in the viewer of this machine. Raises as ``draw`` does."""
        self.draw(picture).show(title=self.brain)

    def to_dataframe(self: Showable) -> Any:
        """A ``pandas.DataFrame`` with a row for each instance: its label, numbers, score and x1, y1, x2, y2.

        It has the columns that the answer has: ``angle``, ``keypoints`` (K x 3), ``vector``, ``track``, ``parent``;
        of a mask its ``area`` in pixels. Raises NotInstalled without pandas.
        """
        try:
            import pandas
        except ImportError:
            raise NotInstalled("data frames need pandas", remedy="pip install pandas") from None
        return pandas.DataFrame(_make_columns(self))

    def _repr_html_(self: Showable) -> str:
        """The picture with what was found, where it can be read, and the first rows."""
        try:
            picture = embed_picture(self.draw()) if self.frame else ""
        except (ImageError, UsageError):
            picture = ""
        return format_title(repr(self)) + picture + format_instances(self)

    if not TYPE_CHECKING:  # else every wrong name would pass as right

        def __getattr__(self, name: str) -> Any:
            raise make_hint("an Inference", name, HINTS, self)


def _find_image(inference: Showable, picture: Any, method: str) -> Image.Image:
    """The RGB image of a picture as ``draw`` takes it; the frame's own. Raises as ``draw`` does, for ``method``."""
    frame = inference.frame if picture is None else Frame.of(picture)
    if frame is None:
        raise UsageError("this answer does not hold its picture", remedy=f"give it: inference.{method}(picture)")
    if frame.size != inference.size:
        sizes = f"{frame.size[0]} x {frame.size[1]}, not {inference.size[0]} x {inference.size[1]}"
        raise UsageError(f"{frame.source} is {sizes}", remedy="give the picture that the answer is of")
    return frame.image


def format_instances(inference: Showable) -> str:
    """The rows of an answer as an HTML table: label, score, box; nothing where it has none."""
    columns = _make_columns(inference)
    head = [name for name in ("label", "score", "x1", "y1", "x2", "y2", "track") if name in columns]
    rows: Iterator[tuple[object, ...]] = zip(*(map(_round, columns[name]) for name in head), strict=True)
    return format_table(head, rows, len(inference)) if len(inference) else ""


def _round(value: object) -> object:
    return round(value, 3) if isinstance(value, float) else value


def _make_columns(inference: Any) -> dict[str, list[Any]]:
    """Lists of N values by name; only of columns that the answer has."""
    columns: dict[str, list[Any]] = {
        "label": inference.names,
        "file_id": inference.file_ids.tolist(),
        "model_id": inference.model_ids.tolist(),
    }
    if inference.boxes is not None:
        columns |= dict(zip(("x1", "y1", "x2", "y2"), inference.boxes.T.tolist(), strict=True))
    singular = {"scores": "score", "angles": "angle", "keypoints": "keypoints", "vectors": "vector", "tracks": "track",
                "parents": "parent"}  # fmt: skip
    for name, one in singular.items():
        column = getattr(inference, name)
        if column is not None:
            columns[one] = column.tolist() if column.ndim == 1 else list(column)
    if inference.masks is not None:
        columns["area"] = [mask.area for mask in inference.masks]
    return columns


def _normalise(boxes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    shares: NDArray[np.float32] = np.divide(boxes, np.array(size * 2, np.float32), dtype=np.float32)
    return shares
