"""Card: what must be known to run a model file, kept as ``brain.json`` beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

import attrs

from runner_core.cards.artifact import Artifact
from runner_core.cards.labels import LabelMap
from runner_core.cards.serialize import converter_for, structure
from runner_core.errors import CardError
from runner_core.frames.preprocess import PictureSpec
from runner_core.util.atomic import write_text

CARD_FILE = "brain.json"


@attrs.frozen
class Card:
    """A brain on paper.

    ``task``       the family that decodes it: ``tf-detection``.
    ``roles``      what a codec calls a tensor -> what the model calls it.
    ``picture``    how a picture becomes the input; None lets the task choose from the input's shape.
    ``threshold``  the least score that counts, 0 to 1; ``iou`` the overlap at which a codec's own NMS drops a box.
    ``first_class``  the number of the first class where labels come as a bare list; None: see ``first``.
    ``options``    what only the task understands.
    ``training``   how it came to be, for people.
    ``notes``      how a drafted card knew, line by line; a card from a file has none. A guess says what settles it.
    """

    name: str
    task: str
    version: str = "1"
    artifacts: tuple[Artifact, ...] = ()
    roles: Mapping[str, str] = attrs.field(factory=dict)
    picture: PictureSpec | None = None
    labels: LabelMap = LabelMap()
    threshold: float = 0.5
    iou: float = 0.45
    first_class: int | None = None
    options: Mapping[str, Any] = attrs.field(factory=dict)
    licence: str = ""
    origin: str = ""
    training: Mapping[str, Any] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        for name in ("threshold", "iou"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, not from 0 to 1")

    @property
    def first(self) -> int:
        """The number of a list's first name: as said, else that of its own first label but a background, else 0."""
        if self.first_class is not None:
            return self.first_class
        return min(self.labels.model_id_to_file_id.keys() - self.labels.background, default=0)

    def for_artifact(self, artifact: Artifact) -> Card:
        """The same card for one artifact alone, with what that artifact overrides."""
        return attrs.evolve(
            self,
            artifacts=(artifact,),
            task=artifact.task or self.task,
            roles=self.roles if artifact.roles is None else artifact.roles,
            picture=artifact.picture or self.picture,
            options=self.options if artifact.options is None else artifact.options,
            iou=self.iou if artifact.iou is None else artifact.iou,
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, where: str = CARD_FILE) -> Card:
        """Raises CardError naming each field that is missing, unknown or of the wrong type."""
        card = structure(_CONVERTER, data, cls, where)
        for artifact in card.artifacts:
            for path in (artifact.path, *(file.path for file in artifact.files)):
                _check_inside(path, where)
        return card

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; what has its default value is left out."""
        data: dict[str, Any] = _CONVERTER.unstructure(self)
        return data

    @classmethod
    def read(cls, path: Path) -> Card:
        """Reads a ``brain.json``. Raises CardError."""
        try:
            data = json.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise CardError(f"{path}: no such card") from None
        except (OSError, ValueError, RecursionError) as error:
            raise CardError(f"{path}: not a readable card ({error})") from error
        return cls.from_json(data, where=str(path))

    def write(self, path: Path) -> None:
        """Writes a ``brain.json``, whole or not at all."""
        try:
            write_text(path, json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n")
        except (OSError, ValueError) as error:  # half a surrogate pair is a ValueError
            raise CardError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from error


def _check_inside(path: str, where: str) -> None:
    parted = PureWindowsPath(path)  # it parts at / and at \\, and knows drives
    if parted.anchor or ".." in parted.parts or "\\" in path:
        raise CardError(f"{where}: {path} lies outside the card's folder")


_CONVERTER = converter_for(Card)
