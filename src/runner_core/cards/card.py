"""Card: what must be known to run a model file, stored as ``brain.json`` beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

import attrs

from runner_core.cards.artifact import Artifact, Trunk
from runner_core.cards.crop_rule import CropRule
from runner_core.cards.guess import Guess
from runner_core.cards.labels import LabelMap
from runner_core.cards.serialize import make_converter, structure_card
from runner_core.errors import CardError
from runner_core.frames.picture_spec import PictureSpec
from runner_core.util.atomic import write_text
from runner_core.util.notebook import format_table, format_title, shorten_list
from runner_core.util.plain_file import read_plain_text

CARD_FILE = "brain.json"


@attrs.frozen
class Card:
    """What is known about a brain's model.

    ``task``       the family that decodes its outputs: ``tf-detection``.
    ``roles``      a codec's name of a tensor -> the model's name of it.
    ``picture``    how a picture becomes the input; None lets the task choose from the input's shape.
    ``threshold``  the score threshold, 0 to 1; ``iou`` the overlap at which a codec's own NMS drops a box, 0 to 1.
    ``first_class``  the number of the first class if labels come as a list without numbers; None: see ``first_number``.
    ``options``    the task's own options.
    ``crops``      how the model wants what a brain before it finds to be cropped; empty: upright, box by box.
    ``training``   how the model was trained, for people.
    ``rehearsal``  pictures that it learnt from, by which it can be trained further without forgetting; they are
                   somebody's own, and published only if that is asked for.
    ``guesses``    what is supposed of the model because nothing says it; a card that people have checked has none.
    ``notes``      how each part of a drafted card was found, a line each. A card from a file has none.
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
    crops: tuple[CropRule, ...] = ()
    licence: str = ""
    origin: str = ""
    training: Mapping[str, Any] = attrs.field(factory=dict)
    rehearsal: Artifact | None = None
    guesses: tuple[Guess, ...] = ()
    notes: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        for name in ("threshold", "iou"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, not from 0 to 1")

    @property
    def parts(self) -> tuple[Artifact | Trunk, ...]:
        """All that it names files of."""
        parts = (part for artifact in self.artifacts for part in artifact.parts)
        return (*parts, self.rehearsal) if self.rehearsal else tuple(parts)

    @property
    def first_number(self) -> int:
        """The number of a list's first name: ``first_class``, else that of the first label but a background, else 0."""
        if self.first_class is not None:
            return self.first_class
        return min(self.labels.model_id_to_file_id.keys() - self.labels.background, default=0)

    def without_guesses(self, *options: str) -> Card:
        """The same card without the guesses that any of these options settles."""
        left = tuple(guess for guess in self.guesses if not set(options) & set(guess.by))
        return self if left == self.guesses else attrs.evolve(self, guesses=left)

    def for_artifact(self, artifact: Artifact) -> Card:
        """The same card for this artifact only, with the fields that the artifact overrides."""
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
        """A card from JSON data. Raises CardError that names each missing, unknown or wrongly typed field."""
        card = structure_card(_CONVERTER, data, cls, where)
        for part in card.parts:
            for path in (part.path, *(file.path for file in part.files)):
                _check_inside(path, where)
        return card

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; fields with their default values are left out."""
        data: dict[str, Any] = _CONVERTER.unstructure(self)
        return data

    def _repr_html_(self) -> str:
        """What a notebook shows: the fields that are not at their defaults."""
        told = self.to_json() | {"labels": shorten_list(self.labels.names)}
        return format_title(f"{self.name} {self.version}") + format_table((), told.items(), len(told))

    @classmethod
    def read(cls, path: Path) -> Card:
        """Reads a ``brain.json``. Raises CardError."""
        try:
            data = json.loads(read_plain_text(path))
        except FileNotFoundError:
            raise CardError(f"{path}: no such card") from None
        except (OSError, ValueError, RecursionError) as error:
            raise CardError(f"{path}: not a readable card ({getattr(error, 'strerror', None) or error})") from error
        return cls.from_json(data, where=str(path))

    def write(self, path: Path) -> None:
        """Writes a ``brain.json``, whole or not at all. Raises CardError."""
        try:
            write_text(path, json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n")
        except (OSError, ValueError) as error:  # ValueError: half of a surrogate pair
            raise CardError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from error


def _check_inside(path: str, where: str) -> None:
    split = PureWindowsPath(path)  # splits at / and \\, and knows drives
    if split.anchor or ".." in split.parts or "\\" in path:
        raise CardError(f"{where}: {path} lies outside the card's folder")


_CONVERTER = make_converter(Card)
